"""Rules for the optional pages of events that workers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.journal import JournalPageAsk, SharedPage, SharedPages

if TYPE_CHECKING:
    from .bench import Bench


async def _shared_pages(bench: Bench) -> None:
    """One worker at a time reads a page, and the others get it if the read started after their `after`."""
    name = await bench.run()
    journals = [journal for journal in (bench.journal(name) for _ in range(3)) if isinstance(journal, SharedPages)]
    if not journals:
        return
    one, two, three = journals
    first = await one.exchange_page(JournalPageAsk(worker="one", after=0.0))
    bench.expect(first.is_reader and first.page is None, f"the first worker got {first}")
    second = await two.exchange_page(JournalPageAsk(worker="two", after=0.0))
    bench.expect(not second.is_reader and second.page is None, "two workers read at once")
    bench.expect(second.wait > 0, f"wait is {second.wait}")
    page = SharedPage(first.time, b'{"data":[]}')
    await one.exchange_page(JournalPageAsk(worker="one", after=first.time - 1, publish=page))
    third = await three.exchange_page(JournalPageAsk(worker="three", after=first.time - 1))
    bench.expect(third.page is not None, "a published page was not returned")
    bench.expect(third.page is None or third.page.body == page.body, "the page has another body")
    bench.expect(third.page is None or abs(third.page.started - page.started) < 0.01, "the page has another time")
    late = await two.exchange_page(JournalPageAsk(worker="two", after=first.time + 1))
    bench.expect(late.page is None, "a page that was too old was returned")


RULES: Final = (_shared_pages,)
