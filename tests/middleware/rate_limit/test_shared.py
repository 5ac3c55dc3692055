"""The scheduler in front of a store: who asks, what is told, and what happens without an answer. On virtual time."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from msgspec.structs import replace

from tests.support import requests, virtual_time
from tests.support.limited_server import LimitedServer
from tripwire_async._http.messages import CallStats, Request, Response
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import RequestTimeoutError, TransportError
from tripwire_async.middleware.rate_limit import RateLimit
from tripwire_async.middleware.rate_limit.store import SlotGrant, SlotRequest

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tripwire_async._http.messages import Priority
    from tripwire_async._http.pipeline import Handler

NOTHING = SlotGrant(granted=0, wait=1.0, limit=10, window=60.0, cooldown=0.0, unsettled=False, others=0)


@attrs.define
class Shelf:
    """A store that grants what it is asked for, or what a test says, and keeps the questions.

    Attributes:
        delay: Seconds that it takes to answer; it hangs when they are infinite.
        trouble: What it raises instead of an answer.
        replies: What it answers, one after the other; then it grants everything.
    """

    delay: float = 0.0
    trouble: Exception | None = None
    replies: list[SlotGrant] = attrs.field(factory=list)
    asked: list[SlotRequest] = attrs.field(factory=list)
    others: int = 0

    async def exchange(self, ask: SlotRequest, /) -> SlotGrant:
        self.asked.append(ask)
        await asyncio.sleep(self.delay)
        if self.trouble is not None:
            raise self.trouble
        if self.replies:
            return self.replies.pop(0)
        return attrs.evolve(NOTHING, granted=ask.interactive + ask.bulk, others=self.others)

    def __repr__(self) -> str:
        return "<Shelf>"


def call(priority: Priority = "interactive", deadline: float = math.inf, bearer: Secret | None = None) -> Request:
    return replace(requests.request("POST", deadline=deadline, bearer=bearer), priority=priority, stats=CallStats())


def now() -> float:
    return asyncio.get_running_loop().time()


async def good(request: Request) -> Response:
    return told(10, 5)


def told(limit: int, remaining: int, status: int = 200, **headers: str) -> Response:
    return requests.answer(
        status, {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(remaining), **headers}
    )


def start(limit: RateLimit, handler: Handler, *requests: Request) -> list[asyncio.Task[Response]]:
    async def run(request: Request) -> Response:
        return await limit(request, handler)

    return [asyncio.create_task(run(request)) for request in requests]


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.virtual_time
async def test_those_who_wait_ask_once_for_all() -> None:
    """One question brings the slots of fifty calls; what is told before is told with it."""
    store = Shelf(replies=[NOTHING])
    limit = RateLimit(store=store)
    tasks = start(limit, good, *(call("send") for _ in range(50)))
    await settle()
    assert [(1, 0)] != [(ask.number, ask.bulk) for ask in store.asked]
    await asyncio.gather(*tasks)
    assert len(store.asked) == 2
    assert (0, 50) == (store.asked[1].interactive, store.asked[1].bulk)
    assert now() == pytest.approx(1.0)


@pytest.mark.virtual_time
async def test_the_lanes_are_kept_apart() -> None:
    """Single calls are counted by themselves, as a part of a long window is theirs."""
    store = Shelf(replies=[NOTHING])
    tasks = start(
        RateLimit(store=store), good, *(call(priority) for priority in ("poll", "send", "interactive", "interactive"))
    )
    await asyncio.gather(*tasks)
    assert (2, 2) == (store.asked[1].interactive, store.asked[1].bulk)


@pytest.mark.virtual_time
async def test_no_more_slots_are_asked_for_than_may_be_in_flight() -> None:
    """The rest is asked for when one of them has ended."""
    store = Shelf(replies=[NOTHING])
    limit = RateLimit(store=store, max_in_flight=3)
    await asyncio.gather(*start(limit, LimitedServer(10, 60.0), *(call() for _ in range(5))))
    assert max(ask.interactive for ask in store.asked) == 3


@pytest.mark.virtual_time
async def test_the_one_who_asks_may_be_cancelled() -> None:
    """Another one asks the same question, and no slot is lost."""
    store = Shelf(delay=0.05)
    tasks = start(RateLimit(store=store), good, call(), call("send"), call("send"))
    await settle()
    assert len(store.asked) == 1
    # Any of them may be the one that asks: cancelled one by one, each hands it on.
    tasks[0].cancel()
    tasks[2].cancel()
    await settle()
    assert (await tasks[1]).status == 200
    assert {1} == {ask.number for ask in store.asked}
    assert len(store.asked) >= 2


@pytest.mark.virtual_time
async def test_one_who_was_called_to_ask_may_be_cancelled_before_he_does() -> None:
    """Between being woken and running there is time for that."""
    store = Shelf(replies=[NOTHING])
    tasks = start(RateLimit(store=store), good, call("send"), call("send"))
    await settle()
    asyncio.get_running_loop().call_at(1.0 + 1e-10, tasks[1].cancel)  # in the turn in which it is woken
    assert (await tasks[0]).status == 200
    assert tasks[1].cancelled()


@pytest.mark.virtual_time
async def test_slots_that_nobody_wants_any_more_are_given_back() -> None:
    """All but one were cancelled while the question was on its way."""
    store = Shelf(delay=0.05, replies=[attrs.evolve(NOTHING, granted=3)])
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
async def test_how_requests_ended_is_told_with_the_next_question() -> None:
    """The limit and the count that an answer brought, and how long ago it was."""
    store = Shelf(replies=[attrs.evolve(NOTHING, granted=1)])
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
async def test_a_refusal_is_told_at_once() -> None:
    """By the call that was refused, before its caller hears of it."""
    store = Shelf(replies=[attrs.evolve(NOTHING, granted=1)])

    async def refuse(request: Request) -> Response:
        return told(10, 0, 429, **{"retry-after": "7"})

    await RateLimit(store=store)(call(), refuse)
    (ended,) = store.asked[1].finished
    assert ("rejected", 7.0, 7.0, 10) == (ended.outcome, ended.retry_after, ended.hold, ended.limit)


@pytest.mark.virtual_time
async def test_a_cooldown_elsewhere_holds_here() -> None:
    """Whoever cannot wait for its end is told so at once, whoever stands in the queue or comes."""
    store = Shelf(replies=[NOTHING, attrs.evolve(NOTHING, cooldown=30.0, wait=1.0)])
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
    """The call says so, nothing is sent, and nobody else is disturbed."""
    store = Shelf(replies=[NOTHING] * 5)
    hasty, patient = start(RateLimit(store=store), good, call(deadline=2.5), call())
    with pytest.raises(RequestTimeoutError):
        await hasty
    assert now() == pytest.approx(2.5)
    assert (await patient).status == 200


@pytest.mark.virtual_time
async def test_others_who_wait_are_told_when_the_last_request_ends() -> None:
    """Nobody here asks again soon, and as long as they do not know they leave room for it."""
    store = Shelf(replies=[NOTHING], others=1)
    await asyncio.gather(*start(RateLimit(store=store), good, call(), call()))
    assert [[], [], ["2.1", "2.2"]] == [sorted(ended.slot for ended in ask.finished) for ask in store.asked]


@pytest.mark.virtual_time
async def test_an_end_that_others_wait_for_is_told_at_once() -> None:
    """As that of a probe."""
    store = Shelf(replies=[attrs.evolve(NOTHING, granted=1, unsettled=True, wait=0.02)])
    await RateLimit(store=store)(call(), good)
    assert [[], ["1.1"]] == [[ended.slot for ended in ask.finished] for ask in store.asked]


@pytest.mark.virtual_time
async def test_while_a_question_is_on_its_way_the_next_waits_for_its_answer() -> None:
    """What became urgent meanwhile is told right after it, by one of those who wait."""
    unsettled = attrs.evolve(NOTHING, granted=1, unsettled=True)
    store = Shelf(replies=[unsettled, attrs.evolve(unsettled, granted=0)], delay=0.01)
    server = LimitedServer(10, 60.0, latency=(0.015, 0.015))
    tasks = start(RateLimit(store=store), server, call(), call("send"), call("send"))
    await asyncio.gather(*tasks)
    assert [[], [], ["1.1"]] == [[ended.slot for ended in ask.finished] for ask in store.asked[:3]]


@pytest.mark.virtual_time
async def test_a_caller_who_is_cancelled_while_telling_leaves_it_to_the_next() -> None:
    """The question that was on its way is asked again by one of those who wait."""
    store = Shelf(replies=[attrs.evolve(NOTHING, granted=1, unsettled=True)], delay=0.01)
    limit = RateLimit(store=store)
    (first,) = start(limit, good, call())
    await asyncio.sleep(0.015)
    (second,) = start(limit, good, call())
    await settle()
    first.cancel()
    assert (await second).status == 200
    assert [2, 2] == [ask.number for ask in store.asked if [ended.slot for ended in ask.finished] == ["1.1"]]


@pytest.mark.virtual_time
async def test_when_all_are_cancelled_at_once_nobody_is_called() -> None:
    """And who comes afterwards finds a scheduler that works."""
    store = Shelf(delay=0.01)
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
    """It has a limit of its own, and only this process knows it."""
    store = Shelf()
    await RateLimit(store=store)(call(bearer=Secret("gtpoll_1")), good)
    assert [] == store.asked


@pytest.mark.virtual_time
async def test_a_store_that_hangs_is_waited_for_a_tenth_of_a_second(caplog: pytest.LogCaptureFixture) -> None:
    """Then the limit is the process's own; it is said once, and once that the store is back."""
    store = Shelf(delay=math.inf)
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
    assert "<Shelf> does not respond (TimeoutError)" in lost.message
    assert "<Shelf> is back" in back.message


@pytest.mark.virtual_time
async def test_a_store_that_raises_what_it_must_not_leaves_nobody_waiting() -> None:
    """The call that asked has the error, and no place in the queue: the next ones go on."""
    shelf = Shelf(trouble=ValueError("a bug"))
    limit = RateLimit(store=shelf)
    for end in await asyncio.gather(*start(limit, good, call(), call(), call()), return_exceptions=True):
        assert isinstance(end, ValueError)
    shelf.trouble = None
    assert 200 == (await limit(call(), good)).status
    assert (0, 0) == (limit.state().in_flight, limit.state().waiting)


async def test_the_store_is_told_what_was_sent_without_it() -> None:
    """So that what others may send is right again; what is too old to matter is left out."""
    store = Shelf(trouble=ConnectionError("rejected"))
    limit = RateLimit(store=store)
    for _ in range(3_000):
        await limit(call(), good)
    store.trouble = None
    await asyncio.sleep(3.0)
    await limit(call(), good)
    await settle()
    slots = [ended.slot for ended in store.asked[-1].finished]
    assert 1_000 <= len(slots) <= 2_000
    assert len(slots) == len(set(slots))
    assert f"alone.{3_000}" in slots


@pytest.mark.virtual_time
async def test_without_the_store_a_process_keeps_to_its_part() -> None:
    """As many others waited as the store had last told."""
    store = Shelf(others=2)
    limit, server = RateLimit(store=store), LimitedServer(9, 60.0)
    await limit(call(), server)
    store.trouble = ConnectionError("gone")
    tasks = start(limit, server, *(call() for _ in range(9)))
    await asyncio.sleep(1.0)
    assert len(server.accepted) == 3
    await asyncio.gather(*tasks)
    assert [] == server.refused


@pytest.mark.virtual_time
async def test_those_who_wait_without_the_store_go_on_when_it_is_back() -> None:
    """Nobody has to call for that: the queue looks again by itself."""
    store = Shelf(trouble=ConnectionError("gone"))
    limit, server = RateLimit(store=store), LimitedServer(2, 60.0)
    tasks = start(limit, server, *(call("send") for _ in range(4)))
    await asyncio.sleep(1.0)
    assert not all(task.done() for task in tasks)
    store.trouble = None
    await asyncio.sleep(2.0)
    await settle()
    assert all(task.done() for task in tasks)


@pytest.mark.virtual_time
async def test_a_loop_that_is_held_up_does_not_blame_the_store(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer was there in time; it is this process that was late to look."""
    store = Shelf(delay=0.005)
    limit = RateLimit(store=store)
    (task,) = start(limit, good, call())
    await settle()
    selector = asyncio.get_running_loop()._selector
    selector.now += 1.0
    assert (await task).status == 200
    assert [] == caplog.records


@pytest.mark.virtual_time
async def test_a_coroutine_that_is_thrown_away_gives_its_slot_back() -> None:
    """Before its turn, and on the wire, with no loop that could wake anybody."""
    store = Shelf()
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
    """Whoever waited there is gone as well, and nobody is called."""
    limit = RateLimit(store=Shelf())

    async def begin() -> Coroutine[Any, Any, Response]:
        coroutine = limit(call(), good)
        coroutine.send(None)
        return coroutine

    virtual_time.run(begin()).close()

    async def again() -> int:
        return (await limit(call(), good)).status

    assert virtual_time.run(again()) == 200
