"""Cancellation in any turn of the event loop: nothing is left, and the next run works."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest
from yarl import URL

from tests.support.delivery_service import ORGANIZATION, Service, endpoint, internal_sender
from tests.support.memory_pages import MemoryPages
from tests.support.virtual_time import VirtualTimeLoop
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.caller import ApiCaller
from tripwire_async._http.options import CallOptions
from tripwire_async.middleware import RateLimit, Retry, compose
from tripwire_async.resources.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tripwire_async.deliveries.test_run import TestRun

    _Way = Callable[[TestRun], Coroutine[Any, Any, None]]

IDS = tuple(endpoint(number) for number in range(8))


class _CountedLoop(VirtualTimeLoop):
    """Loop on virtual time whose turns are counted, with a callback in one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = 0
        self.at = -1
        self.then: Callable[[], object] = lambda: None

    def _run_once(self) -> None:
        self.turns += 1
        if self.turns == self.at:
            self.then()
        super()._run_once()  # type: ignore[misc] - asyncio's own loops all have it


async def _await(run: TestRun) -> None:
    await run


async def _walk_in_block(run: TestRun) -> None:
    async with run:
        async for _ in run:
            pass


async def _walk_by_hand(run: TestRun) -> None:
    async with run:
        walk = aiter(run)
        while await anext(walk, None) is not None:
            pass


async def _await_in_block(run: TestRun) -> None:
    async with run:
        await run


async def _in_task_group(run: TestRun) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_await(run))


async def _in_timeout(run: TestRun) -> None:
    async with asyncio.timeout(1000):
        await run


async def _leave_early(run: TestRun) -> None:
    count = 0
    async with run:
        async for _ in run:
            count += 1
            if count == 3:
                break


async def _fail_in_the_body(run: TestRun) -> None:
    async with run:
        async for _ in run:
            raise ZeroDivisionError


async def _iterate_in_another_task(run: TestRun) -> None:
    async with run:
        await asyncio.create_task(_walk(run))


async def _walk(run: TestRun) -> None:
    async for _ in run:
        pass


# A task that is cancelled before its first step never uses its run.
pytestmark = pytest.mark.filterwarnings("ignore:<TestRun .* was never awaited:RuntimeWarning")

WAYS = [
    _await,
    _walk_in_block,
    _await_in_block,
    _walk_by_hand,
    _in_task_group,
    _in_timeout,
    _leave_early,
    _fail_in_the_body,
    _iterate_in_another_task,
]


def _cancelled_at(turn: int, way: _Way, reports: list[object], pages: MemoryPages | None = None) -> bool:
    """Cancel the *way* through a run in that *turn*; check that nothing is left; return False if it ended before."""
    service = Service(limit=12, window=4.0, takes=lambda number: 1.0 + number % 3, latency=(0.02, 0.06))
    service.add_endpoints(*range(8))
    loop = _CountedLoop()
    loop.set_exception_handler(lambda _, report: reports.append(report))
    reached = False

    async def main() -> None:
        nonlocal reached
        limit = RateLimit()
        caller = ApiCaller(compose((Retry(), limit), service), URL("https://api.example"), CallOptions(deadline=100.0))
        webhooks = _webhooks(caller, pages)
        run = webhooks.send_tests(ORGANIZATION, None if turn % 2 else IDS, in_flight=5)
        task = asyncio.create_task(way(run))

        def cancel() -> None:
            nonlocal reached
            reached = task.cancel()

        loop.at, loop.then = loop.turns + turn, cancel
        await asyncio.wait([task])
        if not task.cancelled() and not isinstance(task.exception(), (ZeroDivisionError, type(None))):
            raise task.exception()  # type: ignore[misc] - None was excluded above
        loop.at = -1
        for _ in range(4):
            await asyncio.sleep(0)
        assert {asyncio.current_task()} == asyncio.all_tasks()
        state = limit.state()
        assert (0, 0) == (state.in_flight, state.waiting)
        statistics = internal_sender(webhooks).poller(ORGANIZATION).statistics()
        assert {"events": 0, "on_page": 0, "waits": 0, "reads": 0, "timers": 0} == statistics
        assert run.statistics() in {None, (0, 0, 0)}
        again = await webhooks.send_tests(ORGANIZATION, IDS[:3], timeout=60.0)
        assert ["succeeded"] * 3 == [outcome.state for outcome in again]

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main())
    return reached


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.strip("_"))
def test_a_cancellation_in_any_turn_of_the_loop_leaves_nothing(way: _Way) -> None:
    """No task, waiter, permit or place in the window, and no report of the loop; and the next run succeeds."""
    _cancel_in_each_turn(way, with_store=False)


@pytest.mark.parametrize("way", [_await, _leave_early], ids=lambda way: way.__name__.strip("_"))
def test_a_cancellation_of_a_run_that_shares_pages_leaves_nothing(way: _Way) -> None:
    """The same with a store, through which it shares pages and the window."""
    _cancel_in_each_turn(way, with_store=True)


def _cancel_in_each_turn(way: _Way, *, with_store: bool) -> None:
    reports: list[object] = []
    turn = 1
    while _cancelled_at(turn, way, reports, MemoryPages(delay=0.001) if with_store else None):
        # Each of the first turns, in which the parts start. Later turns are alike.
        turn += 1 if turn < 30 else 11
    assert turn > 30
    gc.collect()
    assert [] == reports


def _webhooks(caller: ApiCaller, pages: MemoryPages | None) -> Webhooks:
    return Webhooks(caller, LOOP_CLOCK, store=pages)  # type: ignore[arg-type] - a store without `exchange`


def _wait_cancelled_at(
    turn: int, count: int, others: int, errors: list[object], pages: MemoryPages | None = None
) -> bool:
    """Cancel one of the waits for *count* deliveries in that *turn*; return whether it was still waiting.

    Each delivery but the first is awaited by one task, the first by one more than *others*. With *pages*, another
    process shares them, and awaits three deliveries.
    """
    service = Service(takes=lambda number: 0.7 + number % 3, latency=(0.02, 0.06))
    loop = _CountedLoop()
    loop.set_exception_handler(lambda _, context: errors.append(context))
    reached = False

    async def main() -> None:
        nonlocal reached
        limit = RateLimit()
        caller = ApiCaller(compose((Retry(), limit), service), URL("https://api.example"), CallOptions(deadline=100.0))
        webhooks = _webhooks(caller, pages)
        handles = await asyncio.gather(*(webhooks.send_test(ORGANIZATION, endpoint(number)) for number in range(count)))
        wait = asyncio.create_task(handles[0].settled(60.0))
        left = [asyncio.create_task(handle.settled(50.0)) for handle in [*handles[:1] * others, *handles[1:]]]
        if pages is not None:
            other = _webhooks(caller, pages)
            sends = [other.send_test(ORGANIZATION, endpoint(number)) for number in range(100, 103)]
            left += [asyncio.create_task(handle.settled(50.0)) for handle in await asyncio.gather(*sends)]

        def cancel() -> None:
            nonlocal reached
            reached = wait.cancel()

        loop.at, loop.then = loop.turns + turn, cancel
        await asyncio.wait([wait])
        assert {"succeeded"} == {delivery.status for delivery in await asyncio.gather(*left)} or not left
        assert asyncio.get_running_loop().time() < 8.0
        loop.at = -1
        assert {asyncio.current_task()} == asyncio.all_tasks()
        assert (0, 0) == (limit.state().in_flight, limit.state().waiting)
        statistics = internal_sender(webhooks).poller(ORGANIZATION).statistics()
        assert {"events": 0, "on_page": 0, "waits": 0, "reads": 0, "timers": 0} == statistics
        assert "succeeded" == (await handles[0].settled(60.0)).status

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main())
    return reached


@pytest.mark.parametrize("others", [0, 2])
@pytest.mark.parametrize("count", [1, 6])
def test_a_wait_that_is_cancelled_in_any_turn_of_the_loop_leaves_nothing(count: int, others: int) -> None:
    """A task that read for others passes the read on; no read, wait or timer is left, and the next wait works."""
    _cancel_a_wait_in_each_turn(count, others, with_store=False)


@pytest.mark.parametrize("count", [1, 6])
def test_a_cancelled_wait_that_shares_pages_leaves_nothing(count: int) -> None:
    """Also in the middle of an exchange with the store; no wait of another process is late."""
    _cancel_a_wait_in_each_turn(count, 0, with_store=True)


def _cancel_a_wait_in_each_turn(count: int, others: int, *, with_store: bool) -> None:
    errors: list[object] = []
    turn = 1
    while _wait_cancelled_at(turn, count, others, errors, MemoryPages(delay=0.001) if with_store else None):
        # With a store there are many turns. The later ones are exchanges like the first.
        turn += 1 if turn < 60 else 5
    assert turn > 10
    gc.collect()
    assert [] == errors
