"""Window of sends that several processes share through a store, on virtual time."""

from __future__ import annotations

import asyncio
import gc
import random
from typing import TYPE_CHECKING

import pytest

from tests.support.delivery_service import ORGANIZATION, endpoint
from tests.support.event_store import EventStore, constant
from tests.support.memory_pages import MemoryPages
from tests.support.processes_on_pages import process, run_all, run_tests
from tests.support.runs import outcomes_of, states
from tests.support.virtual_time import VirtualTimeLoop, now, run
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async.deliveries._send_window import SendWindow
from tripwire_async.deliveries._window_share import WindowShare
from tripwire_async.middleware.rate_limit.shared_pages import WindowAsk, WindowReply

if TYPE_CHECKING:
    from tripwire_async.middleware.rate_limit.shared_pages import PageAsk


def most_in_flight(service: EventStore) -> int:
    """Return the largest number of events from an open one on, at the time of any send."""
    most, oldest = 0, 0
    for event in service.events:
        while service.events[oldest].ends <= event.accepted:
            oldest += 1
        most = max(most, event.number - oldest + 1)
    return most


@pytest.mark.virtual_time
@pytest.mark.parametrize("delay", [0.0, 0.02])
async def test_all_processes_together_keep_their_events_on_one_page(delay: float) -> None:
    """Four processes with 300 tests each and 200 in flight each have 200 in flight together."""
    service, pages = EventStore(lambda rng: rng.uniform(2.0, 4.0)), MemoryPages(delay=delay)
    outcomes = await run_all([process(service, pages) for _ in range(4)], 300)
    assert {"succeeded": 1200} == states(outcomes)
    assert most_in_flight(service) <= 200
    assert service.singles <= 0.05 * 1200


@pytest.mark.virtual_time
async def test_a_process_that_has_ended_leaves_its_part_at_once() -> None:
    """The next run has the whole window. A test that has ended is not reported as an open one."""
    await asyncio.sleep(1000.0)
    service, pages = EventStore(constant(1.0)), MemoryPages()
    first, second = process(service, pages), process(service, pages)
    await run_tests(first, 0, 100)
    last = [ask for ask in pages.asks if isinstance(ask, WindowAsk)][-1]
    assert (0, 0, 0.0) == (last.used, last.wanted, last.oldest)
    started = now()
    await run_tests(second, 100, 200)
    assert now() - started < 2.5
    assert 200 == sum(event.accepted < started + 0.1 for event in service.events) - 100
    assert 1.0 < max(ask.oldest for ask in pages.asks if isinstance(ask, WindowAsk)) < 1.5


@pytest.mark.virtual_time
async def test_a_process_that_is_alone_is_as_fast_as_without_a_store() -> None:
    """Between two exchanges it sends as many tests as come to an end."""
    seconds: list[float] = []
    for pages in (None, MemoryPages()):
        started = now()
        await run_tests(process(EventStore(constant(0.02)), pages), 0, 800)
        seconds.append(now() - started)
    assert seconds[1] == pytest.approx(seconds[0], rel=0.01)


@pytest.mark.virtual_time
@pytest.mark.parametrize("seconds", [0.02, 0.3, 3.0])
@pytest.mark.parametrize("seed", range(3))
async def test_a_process_that_joins_another_gets_its_part_soon(seed: int, seconds: float) -> None:
    """At a random time, when the tests of the first that are in the window have ended. One page contains all events."""
    service, pages = EventStore(constant(seconds)), MemoryPages(delay=0.002)
    first = asyncio.create_task(run_tests(process(service, pages), 0, 600))
    await asyncio.sleep(random.Random(seed).uniform(0.0, 0.5))  # noqa: S311 - reproducible times
    started = now()
    second = asyncio.create_task(run_tests(process(service, pages), 600, 100))
    await asyncio.gather(first, second)
    ids = {endpoint(number) for number in range(600, 700)}
    joined = min(event.accepted for event in service.events if event.endpoint_id in ids)
    assert joined < started + seconds + 0.9
    assert most_in_flight(service) <= 200


@pytest.mark.virtual_time
@pytest.mark.parametrize("times", [1, 3])
async def test_a_run_that_is_cancelled_leaves_its_part_at_once(times: int) -> None:
    """The next run does not wait until the first counts as silent; also if it is cancelled again meanwhile."""
    service, pages = EventStore(constant(30.0)), MemoryPages(delay=0.02)
    first = asyncio.create_task(run_tests(process(service, pages), 0, 200))
    await asyncio.sleep(1.0)
    for _ in range(times):
        first.cancel()
        await asyncio.sleep(0)
    await asyncio.wait([first])
    assert first.cancelled()
    assert now() < 1.1
    service.durations = constant(1.0)
    await run_tests(process(service, pages), 200, 20)
    assert now() < 1.1 + 2.5


@pytest.mark.virtual_time
async def test_the_part_of_a_process_that_is_killed_is_free_after_some_seconds() -> None:
    """Its deliveries do not end for the others, who wait no longer than five seconds."""
    dead = False

    def fail(ask: PageAsk | WindowAsk) -> None:
        if dead and ask.worker in old:
            raise ConnectionError

    service, pages = EventStore(constant(30.0)), MemoryPages(fail=fail)
    doomed = asyncio.create_task(run_tests(process(service, pages), 0, 200))
    await asyncio.sleep(1.0)
    old, dead = {ask.worker for ask in pages.asks}, True
    doomed.cancel()
    await asyncio.wait([doomed])
    service.durations = constant(1.0)
    await run_tests(process(service, pages), 200, 20)
    assert now() < 1.0 + 5.0 + 3.0


@pytest.mark.virtual_time
async def test_without_the_store_each_process_keeps_an_equal_part() -> None:
    """By the number of processes that it has seen last."""

    def fail(ask: PageAsk | WindowAsk) -> None:
        if now() > 1.0:
            raise ConnectionError

    service, pages = EventStore(constant(2.0)), MemoryPages(fail=fail)
    outcomes = await run_all([process(service, pages) for _ in range(4)], 100)
    assert {"succeeded": 400} == states(outcomes)
    assert max(sum(t <= event.accepted < t + 1.0 for event in service.events) for t in (2.0, 3.0, 4.0)) <= 200


class _Crowded:
    """Store of more processes than the window has places, that can be reached once."""

    is_reachable = True

    async def exchange_window(self, ask: WindowAsk, /) -> WindowReply:
        if not self.is_reachable:
            raise ConnectionError
        return WindowReply(part=0, oldest=0.0, others=300)


@pytest.mark.virtual_time
async def test_without_the_store_each_process_has_at_least_one_place() -> None:
    """However many there are; with the store, it may have to wait for one."""
    store, window = _Crowded(), SendWindow(200, lambda accepted_at: accepted_at, LOOP_CLOCK)
    share = WindowShare(store, "scope", window, lambda: 10, LOOP_CLOCK)
    assert (True, 0) == (await share.update(), window.width)
    store.is_reachable = False
    assert (False, 1) == (await share.update(), window.width)


@pytest.mark.virtual_time
async def test_a_run_that_does_not_wait_for_deliveries_needs_no_part() -> None:
    """With ``until="sent"`` nothing is read."""
    service, pages = EventStore(constant(2.0)), MemoryPages()
    assert {"sent": 30} == states(await run_tests(process(service, pages), 0, 30, until="sent"))
    assert [] == pages.asks


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
def test_a_loop_that_is_closed_in_the_middle_of_a_shared_run_leaves_nothing() -> None:
    """The next run, on another loop, has the whole window once the first has been silent."""
    service, pages = EventStore(constant(3.0)), MemoryPages()
    client = process(service, pages)
    errors: list[object] = []
    loop = VirtualTimeLoop()
    loop.set_exception_handler(lambda _, context: errors.append(context))
    tests = client.send_tests(ORGANIZATION, [endpoint(number) for number in range(50)])
    waiting = loop.create_task(outcomes_of(tests))
    loop.call_later(1.0, loop.stop)
    loop.run_forever()
    loop.close()
    del waiting
    gc.collect()
    assert [] == [error for error in errors if "Task was destroyed but it is pending" not in str(error)]
    assert {"succeeded": 20} == states(run(run_tests(client, 50, 20)))
