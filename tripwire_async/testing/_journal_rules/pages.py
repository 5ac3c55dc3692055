"""Rules for the optional pages of events that workers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, SharedPage, SharedPages

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


RULES: Final = (_shared_pages,)
