"""Rules for the optional pages of events, and the optional window of sends, that workers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.middleware.rate_limit.shared_pages import (
    PageAsk,
    SharedPage,
    SharedPages,
    SharedWindow,
    WindowAsk,
)

if TYPE_CHECKING:
    from .bench import Bench


async def _shared_pages(bench: Bench) -> None:
    """One worker at a time reads a page, and the others get it if the read started after their `after`."""
    name = await bench.run()
    journals = [journal for journal in (bench.journal(name) for _ in range(3)) if isinstance(journal, SharedPages)]
    if not journals:
        return
    one, two, three = journals
    first = await one.exchange_page(PageAsk(worker="one", after=0.0, scope="s"))
    bench.expect(first.is_reader and first.page is None, f"the first worker got {first}")
    second = await two.exchange_page(PageAsk(worker="two", after=0.0, scope="s"))
    bench.expect(not second.is_reader and second.page is None, "two workers read at once")
    bench.expect(second.others == 1, f"another worker is present, and others is {second.others}")
    other = await two.exchange_page(PageAsk(worker="two", after=0.0, scope="t"))
    bench.expect(other.is_reader, "the lease of another scope was not granted")
    page = SharedPage(first.time, b'{"data":[]}')
    await one.exchange_page(PageAsk(worker="one", after=page.started, scope="s", is_due=False, publish=page))
    third = await three.exchange_page(PageAsk(worker="three", after=first.time - 1, scope="s"))
    bench.expect(third.page is not None, "a published page was not returned")
    bench.expect(third.page is None or third.page.body == page.body, "the page has another body")
    bench.expect(third.page is None or abs(third.page.started - page.started) < 0.01, "the page has another time")
    late = await two.exchange_page(PageAsk(worker="two", after=page.started, scope="s"))
    bench.expect(late.page is None, "a page that was too old was returned")
    bench.expect(late.is_reader, "the lease was not free after its page was published")
    await two.exchange_page(PageAsk(worker="two", after=page.started, scope="s", is_due=False))
    again = await one.exchange_page(PageAsk(worker="one", after=page.started, scope="s"))
    bench.expect(again.is_reader, "the lease was not given back by a worker that does not read")


async def _shared_window(bench: Bench) -> None:
    """The parts of the workers fit into the window, and a worker that has ended leaves its part to the others."""
    name = await bench.run()
    journals = [journal for journal in (bench.journal(name) for _ in range(2)) if isinstance(journal, SharedWindow)]
    if not journals:
        return
    one, two = journals
    first = await one.exchange_window(WindowAsk(worker="one", width=200, used=0, wanted=150, scope="s"))
    bench.expect(first.part == 150, f"the part of the first worker is {first.part} and not 150")
    ask = WindowAsk(worker="two", width=200, used=0, wanted=150, oldest=2.0, scope="s")
    second = await two.exchange_window(ask)
    bench.expect(second.part == 50, f"150 of 200 are held, and the part of another worker is {second.part}")
    bench.expect(second.others == 1, f"another worker has a part, and others is {second.others}")
    bench.expect(2.0 <= second.oldest < 3.0, f"the oldest test was sent 2 s ago, and oldest is {second.oldest}")
    other = await two.exchange_window(WindowAsk(worker="two", width=200, used=0, wanted=150, scope="t"))
    bench.expect(other.part == 150, "the window of another scope was not separate")
    await one.exchange_window(WindowAsk(worker="one", width=200, used=0, wanted=0, scope="s"))
    third = await two.exchange_window(ask)
    bench.expect(third.part == 150, "a worker that has ended keeps its part")


RULES: Final = (_shared_pages, _shared_window)
