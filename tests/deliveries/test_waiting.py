"""Waits for many deliveries against a store of events: loops and threads, bad reads, timeouts and the work for each."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import sys
import threading
import weakref
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.delivery_service import ORGANIZATION, endpoint, internal_sender
from tests.support.event_store import EventStore, client_of, constant, heavy_tailed, send, spread
from tests.support.virtual_time import VirtualTimeLoop, run
from tripwire_async import PollSchedule
from tripwire_async._http.messages import Response
from tripwire_async.errors import (
    DeliveryTimeoutError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tripwire_async._http.messages import Request
    from tripwire_async.deliveries import PendingDelivery


# -- no false timeouts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("count", "timeout"), [(600, 60.0), (1000, 300.0)])
@pytest.mark.parametrize("durations", [spread, heavy_tailed])
def test_no_wait_times_out_after_its_delivery_has_ended(
    durations: Callable[[random.Random], float], count: int, timeout: float, seed: int
) -> None:
    """Of many more deliveries than a page holds, all awaited at once."""

    async def main() -> None:
        store = EventStore(durations, seed=seed)
        handles = await send(client_of(store), count)
        late = []

        async def wait(handle: PendingDelivery) -> None:
            event = store.events[int(handle.event_id[5:], 16)]
            try:
                await handle.settled(timeout)
            except DeliveryTimeoutError:
                assert event.ends > asyncio.get_running_loop().time() - 1.0
            else:
                late.append(asyncio.get_running_loop().time() - event.ends)

        await asyncio.gather(*(wait(handle) for handle in handles))
        late.sort()
        assert late[len(late) // 2] < 5.0
        assert late[len(late) * 99 // 100] < 15.0
        assert len(store.reads) < 3.0 * count

    run(main())


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    count=st.integers(1, 300),
    fails=st.sampled_from([0.0, 0.3]),
    lasts=st.floats(0.05, 40.0),
)
def test_every_wait_ends_with_what_the_store_says(seed: int, count: int, fails: float, lasts: float) -> None:
    """With cancels, timeouts and failures, no task waits for ever, and nothing is left behind."""

    async def main() -> None:
        rng = random.Random(seed)  # noqa: S311 - a simulation, no secret

        def fail(request: Request) -> Response | None:
            is_read = request.operation.id in {"listEvents", "retrieveEvent"}
            return Response(503, {}, b"{}") if is_read and rng.random() < fails else None

        store = EventStore(lambda _: rng.uniform(0.0, 2 * lasts), fail=fail)
        client = client_of(store)
        handles = await send(client, count)
        waits = [
            asyncio.create_task(rng.choice(handles).settled(rng.choice([0.5, 20.0, 500.0]))) for _ in range(2 * count)
        ]
        for _ in range(10):
            await asyncio.sleep(rng.uniform(0, lasts))
            for wait in rng.sample(waits, len(waits) // 10):
                wait.cancel()
        ends = await asyncio.gather(*waits, return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                assert isinstance(end, (DeliveryTimeoutError, asyncio.CancelledError))
            else:
                assert "succeeded" == end.status
        assert 1 == len(asyncio.all_tasks())
        statistics = internal_sender(client).poller(ORGANIZATION).statistics()
        assert {"events": 0, "on_page": 0, "waits": 0, "reads": 0, "timers": 0} == statistics

    run(main())


# -- loops and threads --------------------------------------------------------------------------------------------


def test_a_handle_is_awaited_on_another_loop_than_the_one_that_sent_it() -> None:
    """Its record can be used on another loop; each loop has its own poller, and that of a closed loop is dropped."""
    store = EventStore(constant(1.0))
    client = client_of(store)
    handles = run(send(client, 5))
    first = None

    async def settle() -> None:
        nonlocal first
        first = first or weakref.ref(internal_sender(client).poller(ORGANIZATION))
        await asyncio.gather(*(handle.settled(60.0) for handle in handles))

    async def again() -> None:
        assert all(handle.is_settled for handle in handles)
        for handle in await send(client, 5):
            assert "succeeded" == (await handle.settled(60.0)).status

    run(settle())
    run(again())
    gc.collect()
    assert first is not None
    assert first() is None


def test_several_threads_wait_for_the_same_handles() -> None:
    """Each on its own event loop, all at once."""
    store = EventStore(constant(0.2), latency=(0.001, 0.002))
    client = client_of(store)
    handles = asyncio.run(send(client, 20))
    settled: list[int] = []

    async def settle() -> None:
        await asyncio.gather(
            *(handle.settled(10.0) for handle in handles), *(h.settled(10.0) for h in await send(client, 5))
        )
        settled.append(threading.get_ident())

    threads = [threading.Thread(target=asyncio.run, args=(settle(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20.0)
    assert 4 == len(set(settled))


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
def test_a_loop_that_is_closed_with_waits_pending_leaves_nothing_behind() -> None:
    """As a worker that runs each job on a new loop: the coroutines end without a loop, and the next job works."""
    store = EventStore(constant(3.0))
    client = client_of(store)
    errors: list[object] = []
    handles: list[PendingDelivery] = []

    async def start() -> None:
        handles.extend(await send(client, 10))
        waits = [asyncio.ensure_future(handle.settled(60.0)) for handle in handles]
        await asyncio.sleep(0.55)
        assert not any(wait.done() for wait in waits)

    loop = VirtualTimeLoop()
    loop.set_exception_handler(lambda _, context: errors.append(context))
    unraisable, sys.unraisablehook = sys.unraisablehook, errors.append
    try:
        loop.run_until_complete(start())
        loop.close()
        del loop

        async def go_on() -> None:
            await asyncio.gather(*(handle.settled(60.0) for handle in handles))

        run(go_on())
        handles.clear()
        gc.collect()
    finally:
        sys.unraisablehook = unraisable
    assert [] == [error for error in errors if "Task was destroyed but it is pending" not in str(error)]


def test_a_coroutine_that_is_dropped_on_a_running_loop_hands_its_read_on() -> None:
    """A wait that is driven manually and closed does not deprive the others of their page."""

    async def main() -> None:
        store = EventStore(constant(1.0))
        handles = await send(client_of(store), 4)
        by_hand = handles[0].settled(200.0)
        step = by_hand.send(None)
        assert step is not None
        waits = [asyncio.create_task(handle.settled(100.0)) for handle in handles[1:]]
        await asyncio.sleep(0.4)
        by_hand.close()
        await asyncio.gather(*waits)
        assert asyncio.get_running_loop().time() < 3.0

    run(main())


# -- what a timeout and a bad read say ----------------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_a_timeout_says_how_old_its_information_is() -> None:
    """As an attribute and in its message; None where nothing was read."""
    store = EventStore(constant(1000.0))
    (handle,) = await send(client_of(store), 1)
    with pytest.raises(DeliveryTimeoutError, match=r"last read 1\.0 seconds before the timeout") as caught:
        await handle.settled(10.0)
    assert caught.value.read_at is not None
    assert 0.9 < (datetime.now(UTC) - caught.value.read_at).total_seconds() < 3.0
    (unread,) = await send(client_of(store), 1)
    with pytest.raises(DeliveryTimeoutError, match="not read since the test was sent") as caught:
        await unread.settled(0.01)
    assert caught.value.read_at is None


@pytest.mark.virtual_time
async def test_a_wait_is_read_before_it_ends_however_long_deliveries_usually_take() -> None:
    """A timeout that a refresh contradicts would be a lie."""
    store = EventStore(constant(50.0))
    client = client_of(store)
    await asyncio.gather(*(handle.settled() for handle in await send(client, 10)))
    store.durations = constant(8.0)
    assert "succeeded" == (await (await send(client, 1))[0].settled(10.0)).status


@pytest.mark.virtual_time
async def test_a_schedule_is_followed_whatever_other_deliveries_do() -> None:
    """A wait with an interval of a tenth of a second is read that often, among many others."""
    store = EventStore(constant(20.0))
    client = client_of(store)
    await asyncio.gather(*(handle.settled() for handle in await send(client, 50)))
    started, pages = asyncio.get_running_loop().time(), store.pages
    waits = [asyncio.create_task(handle.settled()) for handle in await send(client, 20)]
    quick = PollSchedule(first=0.1, factor=1.0, jitter=0.0)
    waits += [asyncio.create_task(handle.settled()) for handle in await send(client, 1, poll=quick)]
    await asyncio.sleep(10.0)
    assert 60 < store.pages - pages <= 100
    await asyncio.gather(*waits)
    assert asyncio.get_running_loop().time() - started < 20.6


# -- the work for each event --------------------------------------------------------------------------------------


@contextlib.contextmanager
def counting(counts: Counter[str]) -> Iterator[None]:
    """Count the calls of functions that find out about deliveries."""

    def profile(frame: Any, event: str, _: object) -> None:
        if event == "call" and "tripwire_async/deliveries" in frame.f_code.co_filename:
            counts["calls"] += 1

    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(None)


def test_the_work_for_an_event_does_not_grow_with_their_number() -> None:
    """Counted in calls of functions of this package, for 300 and for 1,200 deliveries that are awaited at once."""

    def calls_for(count: int) -> float:
        counts: Counter[str] = Counter()

        async def main() -> None:
            store = EventStore(spread, seed=1)
            handles = await send(client_of(store), count)
            with counting(counts):
                await asyncio.gather(*(handle.settled() for handle in handles))

        run(main())
        return counts["calls"] / count

    few, many = calls_for(300), calls_for(1200)
    assert many <= 1.2 * few


def test_the_work_to_cancel_a_wait_does_not_grow_with_their_number() -> None:
    """The task that reads for the others may be cancelled with them."""

    def calls_for(count: int) -> float:
        counts: Counter[str] = Counter()

        async def main() -> None:
            handles = await send(client_of(EventStore(constant(1e6))), count)
            waits = [asyncio.create_task(handle.settled()) for handle in handles]
            await asyncio.sleep(20.0)
            for wait in waits:
                wait.cancel()
            with counting(counts):
                await asyncio.wait(waits)

        run(main())
        return counts["calls"] / count

    assert calls_for(1200) <= 1.2 * calls_for(300)


def test_the_work_for_a_test_does_not_grow_with_the_size_of_the_run() -> None:
    """Counted like the work for an event, for 300 and for 1,200 tests with deliveries of very different durations."""

    def calls_for(count: int) -> float:
        counts: Counter[str] = Counter()

        async def main() -> None:
            client = client_of(EventStore(heavy_tailed, seed=1))
            ids = [endpoint(number) for number in range(count)]
            with counting(counts):
                await client.send_tests(ORGANIZATION, ids)

        run(main())
        return counts["calls"] / count

    assert calls_for(1200) <= 1.2 * calls_for(300)
