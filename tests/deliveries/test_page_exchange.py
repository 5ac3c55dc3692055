"""Exchange of pages with a store that fails, and what a process does with the pages of others."""

from __future__ import annotations

import asyncio
import math
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.support.event_store import EventStore, constant, send
from tests.support.memory_pages import MemoryPages
from tests.support.processes_on_pages import process
from tests.support.virtual_time import now
from tests.support.waits import settle
from tripwire_async import PollSchedule
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async.deliveries._page_exchange import PageExchange
from tripwire_async.deliveries._page_queue import PageDemand

if TYPE_CHECKING:
    from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, WindowAsk

pytestmark = pytest.mark.virtual_time


def refuse(ask: PageAsk | WindowAsk) -> None:
    """Fail as a store that cannot be reached."""
    raise ConnectionError


async def test_a_store_that_fails_is_asked_after_pauses_that_double_up_to_two_seconds() -> None:
    """No page is due meanwhile, so that each request is a look for the page of another process."""
    asked: list[float] = []

    def fail(ask: PageAsk | WindowAsk) -> None:
        asked.append(now())
        refuse(ask)

    client = process(EventStore(constant(2.0)), MemoryPages(fail=fail))
    await settle(await send(client, 3, poll=PollSchedule(first=9.0)))
    pauses = [later - sooner for sooner, later in pairwise(asked)]
    assert [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0] == pytest.approx(pauses[:7])


async def test_a_store_that_has_failed_is_available_from_the_time_of_the_next_look_on() -> None:
    """So a read that is due at this very time is not made without it."""
    exchange = PageExchange(MemoryPages(fail=refuse), "scope", LOOP_CLOCK)
    assert await exchange.exchange(PageDemand(3, 0.0), is_due=True, limit=math.inf)
    assert not exchange.is_available
    await asyncio.sleep(0.1)
    assert (0.1, True) == (exchange.next_look, exchange.is_available)


async def test_processes_with_different_releases_of_this_library_share_pages() -> None:
    """The scope of an organization's pages is the same in all of them, until the format of the pages changes."""
    pages = MemoryPages()
    await settle(await send(process(EventStore(constant(1.0)), pages), 3))
    assert {"4c455982cf7625906531085322f09e49"} == {ask.scope for ask in pages.asks}


async def test_the_first_read_of_a_process_is_at_the_usual_duration_that_the_pages_of_others_show() -> None:
    """It has not seen the end of a delivery itself."""
    service, pages = EventStore(constant(6.0)), MemoryPages()
    await settle(await send(process(service, pages), 50))
    reads = len(service.reads)
    await settle(await send(process(service, pages), 3))
    assert reads + 1 == len(service.reads)
