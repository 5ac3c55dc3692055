"""Waits for many deliveries against a store of events: loops and threads, bad reads, timeouts and the work for each."""

from __future__ import annotations

import asyncio
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
from yarl import URL

from tests.support.delivery_service import ORGANIZATION, endpoint
from tests.support.event_store import EventStore, heavy_tailed, spread
from tests.support.virtual_time import VirtualTimeLoop, run
from tripwire_async import PollSchedule
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.caller import ApiCaller
from tripwire_async._http.messages import Response
from tripwire_async._http.options import CallOptions
from tripwire_async.errors import (
    AuthenticationError,
    DeliveryTimeoutError,
    PermissionDeniedError,
    ResponseDecodeError,
    ServerError,
)
from tripwire_async.resources.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._http.messages import Request
    from tripwire_async.deliveries import PendingDelivery


def client_of(store: EventStore) -> Webhooks:
    """Return the resource on *store*, without any middleware."""
    return Webhooks(ApiCaller(store, URL("https://api.example"), CallOptions()), LOOP_CLOCK)


async def send(client: Webhooks, count: int, **options: Any) -> list[PendingDelivery]:
    """Send so many tests at once."""
    sends = [client.send_test(ORGANIZATION, endpoint(number), **options) for number in range(count)]
    return list(await asyncio.gather(*sends))


def constant(seconds: float) -> Callable[[random.Random], float]:
    return lambda rng: seconds


# -- no false timeouts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("count", "timeout"), [(600, 60.0), (2000, 300.0)])
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
    """Whatever is cancelled, times out or fails: nobody waits for ever, and nothing is left behind."""

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
        statistics = client._sender.poller(ORGANIZATION).statistics()
        assert {"events": 0, "on_page": 0, "waits": 0, "reads": 0, "timers": 0} == statistics

    run(main())


# -- loops and threads --------------------------------------------------------------------------------------------


def test_a_handle_is_awaited_on_another_loop_than_the_one_that_sent_it() -> None:
    """Its record moves on; each loop has a poller of its own, and that of a closed loop is dropped."""
    store = EventStore(constant(1.0))
    client = client_of(store)
    handles = run(send(client, 5))
    first = None

    async def settle() -> None:
        nonlocal first
        first = first or weakref.ref(client._sender.poller(ORGANIZATION))
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
    """Whoever drives a wait by hand and closes it does not leave the others without their page."""

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


def damaged(body: bytes) -> bytes:
    """Return *body* with the status of the first event's delivery made a number."""
    return body.replace(b'"status": "pending"', b'"status": 5', 1).replace(b'"status": "succeeded"', b'"status": 5', 1)


class _Damaged(EventStore):
    """A store whose first event cannot be decoded, on pages, singly, or both."""

    where: frozenset[str] = frozenset({"listEvents"})

    def serve(self, request: Request, now: float) -> Response:
        response = super().serve(request, now)
        name = request.operation.id
        if name not in self.where or (name == "retrieveEvent" and not request.url.name.endswith("0" * 31 + "0")):
            return response
        body = response.body
        if name == "listEvents":
            head, separator, tail = body.rpartition(b'{"object": "event", "id": "wevt_' + b"0" * 32)
            body = head + separator + damaged(tail)
        else:
            body = damaged(body)
        return Response(response.status, response.headers, body)


@pytest.mark.virtual_time
async def test_one_event_that_cannot_be_decoded_does_not_spoil_the_page() -> None:
    """The others settle by pages; the one is read singly, and settles too."""
    store = _Damaged(constant(2.0))
    handles = await send(client_of(store), 20)
    await asyncio.gather(*(handle.settled(60.0) for handle in handles))
    assert {0} == {number for _, number in store.reads if number is not None}
    assert store.singles <= 4


@pytest.mark.virtual_time
async def test_a_wait_fails_after_three_single_reads_of_its_own_event_that_cannot_be_decoded() -> None:
    """The other waits go on."""
    store = _Damaged(constant(2.0))
    store.where = frozenset({"listEvents", "retrieveEvent"})
    handles = await send(client_of(store), 5)
    ends = await asyncio.gather(*(handle.settled(60.0) for handle in handles), return_exceptions=True)
    assert [ResponseDecodeError] == [type(end) for end in ends if isinstance(end, Exception)]
    assert 3 == store.singles


def answering(operation: str, *responses: Response | None) -> Callable[[Request], Response | None]:
    """Return what answers the requests to *operation* one after the other; the last response again and again."""
    left = list(responses)

    def fail(request: Request) -> Response | None:
        if request.operation.id != operation:
            return None
        return left.pop(0) if len(left) > 1 else left[0]

    return fail


HTML = Response(200, {}, b"<html>maintenance</html>")


@pytest.mark.virtual_time
async def test_a_page_of_html_is_read_again() -> None:
    """It says nothing of the deliveries; it is the cause of a timeout if nothing else comes."""
    store = EventStore(constant(2.0), fail=answering("listEvents", HTML, HTML, None))
    await asyncio.gather(*(handle.settled(60.0) for handle in await send(client_of(store), 10)))
    assert 0 == store.singles
    store = EventStore(constant(2.0), fail=answering("listEvents", HTML))
    ends = await asyncio.gather(
        *(handle.settled(20.0) for handle in await send(client_of(store), 5)), return_exceptions=True
    )
    assert {(DeliveryTimeoutError, ResponseDecodeError)} == {
        (type(end), type(end.__cause__)) for end in ends if isinstance(end, BaseException)
    }


@pytest.mark.virtual_time
@pytest.mark.parametrize("body", [b'{"data": 5}', b'{"data": "x", "meta": {}}', b'{"events": []}'])
async def test_where_pages_have_another_shape_the_awaited_events_are_read_singly(body: bytes) -> None:
    """For half a minute; then a page is tried again."""
    store = EventStore(constant(2.0), fail=answering("listEvents", Response(200, {}, body)))
    await asyncio.gather(*(handle.settled(60.0) for handle in await send(client_of(store), 10)))
    assert 10 <= store.singles <= 50


@pytest.mark.virtual_time
async def test_an_event_without_an_id_is_passed_over() -> None:
    """Nobody can wait for it."""
    event = EventStore().accept(endpoint(0), 0.0)
    page = b'{"data": [{"object": "event"}, 5, ' + event.body(9.0).encode() + b"]}"
    store = EventStore(constant(2.0), fail=answering("listEvents", Response(200, {}, page)))
    handles = await send(client_of(store), 4)
    ends = await asyncio.gather(*(handle.settled(60.0) for handle in handles))
    assert {"succeeded"} == {end.status for end in ends}
    assert {1, 2, 3} == {number for _, number in store.reads if number is not None}


def rejection(status: int, code: str | None = "x") -> Response:
    if code is None:
        return Response(status, {}, b"<html>blocked</html>")
    return Response(status, {}, b'{"error": {"code": "x", "message": "no", "status": %d, "retryable": false}}' % status)


@pytest.mark.virtual_time
@pytest.mark.parametrize(("operation", "count"), [("listEvents", 5), ("retrieveEvent", 2)])
@pytest.mark.parametrize(("status", "error"), [(401, AuthenticationError), (403, PermissionDeniedError)])
async def test_a_key_that_is_rejected_ends_all_waits(
    operation: str, count: int, status: int, error: type[Exception]
) -> None:
    """Waiting does not make it valid."""
    store = EventStore(fail=answering(operation, rejection(status)))
    handles = await send(client_of(store), count)
    ends = await asyncio.gather(*(handle.settled(60.0) for handle in handles), return_exceptions=True)
    assert [error] * count == [type(end) for end in ends]


@pytest.mark.virtual_time
@pytest.mark.parametrize(("operation", "count"), [("listEvents", 5), ("retrieveEvent", 2)])
async def test_a_firewall_that_rejects_a_read_ends_no_wait(operation: str, count: int) -> None:
    """Its response is not the service's own, so it says nothing about the key."""
    store = EventStore(constant(2.0), fail=answering(operation, rejection(403, None), None))
    handles = await send(client_of(store), count)
    assert {"succeeded"} == {end.status for end in await asyncio.gather(*(handle.settled(60.0) for handle in handles))}


@pytest.mark.virtual_time
async def test_another_rejection_of_a_single_read_ends_the_waits_for_that_event_alone() -> None:
    """Such as a 410 for one of two."""
    store = EventStore(constant(2.0), fail=answering("retrieveEvent", rejection(410), None))
    ends = await asyncio.gather(
        *(handle.settled(60.0) for handle in await send(client_of(store), 2)), return_exceptions=True
    )
    assert 1 == sum(isinstance(end, Exception) for end in ends)


@pytest.mark.virtual_time
async def test_a_failed_refresh_is_the_cause_of_a_later_timeout() -> None:
    """The last that was heard of the delivery."""
    store = EventStore(constant(1000.0), fail=answering("retrieveEvent", rejection(503)))
    (handle,) = await send(client_of(store), 1)
    with pytest.raises(ServerError):
        await handle.refresh()
    with pytest.raises(DeliveryTimeoutError) as caught:
        await handle.settled(0.1)
    assert isinstance(caught.value.__cause__, ServerError)


@pytest.mark.virtual_time
async def test_a_schedule_is_followed_whatever_other_deliveries_do() -> None:
    """Whoever asks for a read each tenth of a second gets it, among many who do not."""
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


@pytest.mark.virtual_time
async def test_a_page_that_is_due_when_all_waits_end_is_not_read() -> None:
    """Nobody is left who needs it."""
    store = EventStore(constant(9.0), latency=(0.0, 0.0), fail=answering("listEvents", rejection(503)))
    ends = await asyncio.gather(
        *(handle.settled(1.0004) for handle in await send(client_of(store), 3)), return_exceptions=True
    )
    assert [DeliveryTimeoutError] * 3 == [type(end) for end in ends]
    await asyncio.sleep(5.0)
    assert asyncio.get_running_loop().time() == pytest.approx(6.0, abs=0.01)


# -- the work for each event --------------------------------------------------------------------------------------


def test_the_work_for_an_event_does_not_grow_with_their_number() -> None:
    """Counted in calls of functions of this package, for 300 and for 2,400 deliveries that are awaited at once."""

    def calls_for(count: int) -> float:
        counts: Counter[str] = Counter()

        def profile(frame: Any, event: str, _: object) -> None:
            if event == "call" and "tripwire_async/deliveries" in frame.f_code.co_filename:
                counts["calls"] += 1

        async def main() -> None:
            store = EventStore(spread, seed=1)
            handles = await send(client_of(store), count)
            sys.setprofile(profile)
            try:
                await asyncio.gather(*(handle.settled() for handle in handles))
            finally:
                sys.setprofile(None)

        run(main())
        return counts["calls"] / count

    few, many = calls_for(300), calls_for(2400)
    assert many <= 1.2 * few
