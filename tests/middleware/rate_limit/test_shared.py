"""Tests of the admission by a store, on virtual time: requests, reports and failures."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from tests.support import virtual_time
from tests.support.fake_store import NOTHING, FakeStore
from tests.support.limited_server import LimitedServer
from tests.support.rate_limits import call, limited, now, settle, start
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import RequestTimeoutError, TransportError
from tripwire_async.middleware.rate_limit import RateLimit

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tripwire_async._http.messages import Request, Response


async def good(request: Request) -> Response:
    return limited(10, 5)


@pytest.mark.virtual_time
async def test_waiting_calls_send_one_request_for_all() -> None:
    """One request gets the slots of fifty calls, and has the reports in it."""
    store = FakeStore(replies=[NOTHING])
    limit = RateLimit(store=store)
    tasks = start(limit, good, *(call("send") for _ in range(50)))
    await settle()
    assert [(1, 0)] != [(ask.number, ask.bulk) for ask in store.asked]
    await asyncio.gather(*tasks)
    assert len(store.asked) == 2
    assert (0, 50) == (store.asked[1].interactive, store.asked[1].bulk)
    assert now() == pytest.approx(1.0)


@pytest.mark.virtual_time
async def test_priorities_are_counted_separately() -> None:
    """Single calls are counted by themselves, as a part of a long window is theirs."""
    store = FakeStore(replies=[NOTHING])
    tasks = start(
        RateLimit(store=store), good, *(call(priority) for priority in ("poll", "send", "interactive", "interactive"))
    )
    await asyncio.gather(*tasks)
    assert (2, 2) == (store.asked[1].interactive, store.asked[1].bulk)


@pytest.mark.virtual_time
async def test_no_more_slots_are_asked_for_than_may_be_in_flight() -> None:
    """The rest is requested when one of them has ended."""
    store = FakeStore(replies=[NOTHING])
    limit = RateLimit(store=store, max_in_flight=3)
    await asyncio.gather(*start(limit, LimitedServer(10, 60.0), *(call() for _ in range(5))))
    assert max(ask.interactive for ask in store.asked) == 3


@pytest.mark.virtual_time
async def test_the_requesting_call_may_be_cancelled() -> None:
    """Another call sends the same request, and no slot is lost."""
    store = FakeStore(delay=0.05)
    tasks = start(RateLimit(store=store), good, call(), call("send"), call("send"))
    await settle()
    assert len(store.asked) == 1
    # Any of them may send the request. Cancelled one by one, each passes it on.
    tasks[0].cancel()
    tasks[2].cancel()
    await settle()
    assert (await tasks[1]).status == 200
    assert {1} == {ask.number for ask in store.asked}
    assert len(store.asked) >= 2


@pytest.mark.virtual_time
async def test_a_call_that_was_woken_to_request_may_be_cancelled_before() -> None:
    """Between being woken and running there is time for that."""
    store = FakeStore(replies=[NOTHING])
    tasks = start(RateLimit(store=store), good, call("send"), call("send"))
    await settle()
    asyncio.get_running_loop().call_at(1.0 + 1e-10, tasks[1].cancel)  # in the turn in which it is woken
    assert (await tasks[0]).status == 200
    assert tasks[1].cancelled()


@pytest.mark.virtual_time
async def test_unused_slots_are_given_back() -> None:
    """All but one were cancelled while the question was on its way."""
    store = FakeStore(delay=0.05, replies=[attrs.evolve(NOTHING, granted=3)])
    limit = RateLimit(store=store)
    first, *others = start(limit, good, call("send"), call("send"), call("send"))
    await settle()
    for task in others:
        task.cancel()
    await first
    await limit(call(), good)
    given_back = [ended.slot for ask in store.asked for ended in ask.finished if ended.outcome == "unsent"]
    assert ["1.2", "1.3"] == given_back


@pytest.mark.virtual_time
async def test_results_are_reported_with_the_next_request() -> None:
    """The report has the limit and the count of a response, and its age."""
    store = FakeStore(replies=[attrs.evolve(NOTHING, granted=1)])
    limit = RateLimit(store=store)

    async def lost(request: Request) -> Response:
        raise TransportError("lost", maybe_sent=True)

    async def unsent(request: Request) -> Response:
        raise TransportError("not sent", maybe_sent=False)

    await limit(call(), good)
    for handler in (lost, unsent):
        with pytest.raises(TransportError):
            await limit(call(), handler)
    await limit(call(), good)
    ended = [ended for ask in store.asked for ended in ask.finished]
    assert [("accepted", 10, 5), ("lost", None, None), ("unsent", None, None)] == [
        (each.outcome, each.limit, each.count) for each in ended
    ]
    assert ["1.1", "2.1", "3.1"] == [each.slot for each in ended]


@pytest.mark.virtual_time
async def test_a_rejection_is_reported_at_once() -> None:
    """The rejected call reports it before its caller receives the response."""
    store = FakeStore(replies=[attrs.evolve(NOTHING, granted=1)])

    async def refuse(request: Request) -> Response:
        return limited(10, 0, 429, **{"retry-after": "7"})

    await RateLimit(store=store)(call(), refuse)
    (ended,) = store.asked[1].finished
    assert ("rejected", 7.0, 7.0, 10) == (ended.outcome, ended.retry_after, ended.hold, ended.limit)


@pytest.mark.virtual_time
async def test_a_cooldown_elsewhere_holds_here() -> None:
    """A call with an earlier deadline fails at once, whether it waits or arrives."""
    store = FakeStore(replies=[NOTHING, attrs.evolve(NOTHING, cooldown=30.0, wait=1.0)])
    limit = RateLimit(store=store)
    hasty, patient = start(limit, good, call(deadline=20.0), call())
    with pytest.raises(RequestTimeoutError) as caught:
        await hasty
    assert (1.0, 30.0) == (pytest.approx(now()), pytest.approx(caught.value.retry_after))
    assert limit.state().cooldown == pytest.approx(30.0)
    await patient
    with pytest.raises(RequestTimeoutError):
        await limit(call(deadline=now() + 1), good)


@pytest.mark.virtual_time
async def test_a_deadline_passes_while_waiting_for_a_slot() -> None:
    """The call fails, nothing is sent, and the others are not affected."""
    store = FakeStore(replies=[NOTHING] * 5)
    hasty, patient = start(RateLimit(store=store), good, call(deadline=2.5), call())
    with pytest.raises(RequestTimeoutError):
        await hasty
    assert now() == pytest.approx(2.5)
    assert (await patient).status == 200


@pytest.mark.virtual_time
async def test_the_end_of_the_last_request_is_reported_to_waiting_processes() -> None:
    """No request follows soon here, and without a report the others leave room for it."""
    store = FakeStore(replies=[NOTHING], others=1)
    await asyncio.gather(*start(RateLimit(store=store), good, call(), call()))
    assert [[], [], ["2.1", "2.2"]] == [sorted(ended.slot for ended in ask.finished) for ask in store.asked]


@pytest.mark.virtual_time
async def test_an_end_that_others_wait_for_is_reported_at_once() -> None:
    """As that of a probe."""
    store = FakeStore(replies=[attrs.evolve(NOTHING, granted=1, unsettled=True, wait=0.02)])
    await RateLimit(store=store)(call(), good)
    assert [[], ["1.1"]] == [[ended.slot for ended in ask.finished] for ask in store.asked]


@pytest.mark.virtual_time
async def test_while_a_question_is_on_its_way_the_next_waits_for_its_answer() -> None:
    """One of the waiting calls reports it right after the current request."""
    unsettled = attrs.evolve(NOTHING, granted=1, unsettled=True)
    store = FakeStore(replies=[unsettled, attrs.evolve(unsettled, granted=0)], delay=0.01)
    server = LimitedServer(10, 60.0, latency=(0.015, 0.015))
    tasks = start(RateLimit(store=store), server, call(), call("send"), call("send"))
    await asyncio.gather(*tasks)
    assert [[], [], ["1.1"]] == [[ended.slot for ended in ask.finished] for ask in store.asked[:3]]


@pytest.mark.virtual_time
async def test_a_caller_who_is_cancelled_while_telling_leaves_it_to_the_next() -> None:
    """One of the waiting calls sends the interrupted request again."""
    store = FakeStore(replies=[attrs.evolve(NOTHING, granted=1, unsettled=True)], delay=0.01)
    limit = RateLimit(store=store)
    (first,) = start(limit, good, call())
    await asyncio.sleep(0.015)
    (second,) = start(limit, good, call())
    await settle()
    first.cancel()
    assert (await second).status == 200
    assert [2, 2] == [ask.number for ask in store.asked if [ended.slot for ended in ask.finished] == ["1.1"]]


@pytest.mark.virtual_time
async def test_when_all_are_cancelled_at_once_no_call_is_woken() -> None:
    """And who comes afterwards finds a scheduler that works."""
    store = FakeStore(delay=0.01)
    limit = RateLimit(store=store)
    tasks = start(limit, good, *(call("send") for _ in range(3)))
    await settle()
    for task in reversed(tasks):
        task.cancel()
    await asyncio.wait(tasks)
    assert (await limit(call(), good)).status == 200
    assert [1, 1] == [ask.number for ask in store.asked]


@pytest.mark.virtual_time
async def test_a_poll_token_is_no_concern_of_other_processes() -> None:
    """It has its own limit, which only this process knows."""
    store = FakeStore()
    await RateLimit(store=store)(call(bearer=Secret("gtpoll_1")), good)
    assert [] == store.asked


@pytest.mark.virtual_time
async def test_a_store_that_hangs_is_waited_for_a_tenth_of_a_second(caplog: pytest.LogCaptureFixture) -> None:
    """Then the process uses its own limit; loss and return are logged once."""
    store = FakeStore(delay=math.inf)
    limit = RateLimit(store=store)
    await asyncio.gather(*start(limit, good, *(call() for _ in range(5))))
    assert now() <= 0.1
    before = now()
    for _ in range(50):
        await limit(call(), good)
        await asyncio.sleep(0.05)
    assert now() - before == pytest.approx(2.5)  # no call was held up by any attempt to come back
    assert len(caplog.records) == 1
    tried = len(store.asked)
    assert 4 <= tried <= 7
    store.delay = 0.0
    await asyncio.sleep(2.0)
    await limit(call(), good)
    await settle()
    await limit(call(), good)
    lost, back = caplog.records
    assert (logging.WARNING, logging.WARNING) == (lost.levelno, back.levelno)
    assert "<FakeStore> does not respond (TimeoutError)" in lost.message
    assert "<FakeStore> is back" in back.message


@pytest.mark.virtual_time
async def test_a_store_that_raises_what_it_must_not_leaves_no_call_waiting() -> None:
    """The call that sent the request raises the error, and the next calls continue."""
    shelf = FakeStore(error=ValueError("a bug"))
    limit = RateLimit(store=shelf)
    for end in await asyncio.gather(*start(limit, good, call(), call(), call()), return_exceptions=True):
        assert isinstance(end, ValueError)
    shelf.error = None
    assert 200 == (await limit(call(), good)).status
    assert (0, 0) == (limit.state().in_flight, limit.state().waiting)


@pytest.mark.virtual_time
async def test_requests_without_the_store_are_reported_later() -> None:
    """So that what others may send is right again; what is too old to matter is left out."""
    store = FakeStore(error=ConnectionError("rejected"))
    limit = RateLimit(store=store)
    for _ in range(3_000):
        await limit(call(), good)
    store.error = None
    await asyncio.sleep(3.0)
    await limit(call(), good)
    await settle()
    slots = [ended.slot for ended in store.asked[-1].finished]
    assert 1_000 <= len(slots) <= 2_000
    assert len(slots) == len(set(slots))
    assert f"alone.{3_000}" in slots


@pytest.mark.virtual_time
async def test_without_the_store_a_process_keeps_to_its_part() -> None:
    """The part depends on the number of other processes at the last response."""
    store = FakeStore(others=2)
    limit, server = RateLimit(store=store), LimitedServer(9, 60.0)
    await limit(call(), server)
    store.error = ConnectionError("gone")
    tasks = start(limit, server, *(call() for _ in range(9)))
    await asyncio.sleep(1.0)
    assert len(server.accepted) == 3
    await asyncio.gather(*tasks)
    assert [] == server.refused


@pytest.mark.virtual_time
async def test_those_who_wait_without_the_store_go_on_when_it_is_back() -> None:
    """The queue looks again by itself."""
    store = FakeStore(error=ConnectionError("gone"))
    limit, server = RateLimit(store=store), LimitedServer(2, 60.0)
    tasks = start(limit, server, *(call("send") for _ in range(4)))
    await asyncio.sleep(1.0)
    assert not all(task.done() for task in tasks)
    store.error = None
    await asyncio.sleep(2.0)
    await settle()
    assert all(task.done() for task in tasks)


@pytest.mark.virtual_time
async def test_a_loop_that_is_held_up_does_not_blame_the_store(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The response came in time; this process was late to read it."""
    store = FakeStore(delay=0.005)
    limit = RateLimit(store=store)
    (task,) = start(limit, good, call())
    await settle()
    virtual_time.virtual_loop().advance(1.0)
    assert (await task).status == 200
    assert [] == caplog.records


@pytest.mark.virtual_time
async def test_a_coroutine_that_is_thrown_away_gives_its_slot_back() -> None:
    """Before its turn and in flight, without a loop that could wake a task."""
    store = FakeStore()
    limit = RateLimit(store=store)
    never: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

    async def hang(request: Request) -> Response:
        return await never

    for steps, in_flight in ((1, 0), (2, 1)):
        coroutine = limit(call(), hang)
        for _ in range(steps):
            coroutine.send(None)
        assert in_flight == limit.state().in_flight
        coroutine.close()
        assert (0, 0) == (limit.state().in_flight, limit.state().waiting)
    await limit(call(), good)
    assert limit.state().in_flight == 0


def test_a_coroutine_may_be_thrown_away_after_its_loop() -> None:
    """Waiting calls of that loop are gone as well."""
    limit = RateLimit(store=FakeStore())

    async def begin() -> Coroutine[Any, Any, Response]:
        coroutine = limit(call(), good)
        coroutine.send(None)
        return coroutine

    virtual_time.run(begin()).close()

    async def again() -> int:
        return (await limit(call(), good)).status

    assert virtual_time.run(again()) == 200


def test_a_request_in_flight_may_be_closed_after_its_loop() -> None:
    """Its slot was given up with the loop, and is not reported by another one."""
    limit = RateLimit(store=FakeStore())

    async def hang(request: Request) -> Response:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    async def begin() -> Coroutine[Any, Any, Response]:
        coroutine = limit(call(), hang)
        coroutine.send(None)
        with contextlib.suppress(StopIteration):
            coroutine.send(None)
        return coroutine

    async def in_flight() -> int:
        await limit(call(), good)
        return limit.state().in_flight

    left_over = virtual_time.run(begin())
    assert virtual_time.run(in_flight()) == 0
    left_over.close()
    assert virtual_time.run(in_flight()) == 0
