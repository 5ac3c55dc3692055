"""Tests of the rate limit: slow start, cooldown, probe and order."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import attrs
import pytest
from msgspec.structs import replace

from tests.support import requests, virtual_time
from tests.support.limited_server import LimitedServer, persist
from tripwire_async._concurrency.clock import LoopClock
from tripwire_async._http.messages import CallStats, Request, Response
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import RequestTimeoutError, TransportError
from tripwire_async.middleware.rate_limit import RateLimit, RateLimitState

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._concurrency.clock import Timer
    from tripwire_async._http.messages import Priority
    from tripwire_async._http.pipeline import Handler


def call(priority: Priority = "interactive", deadline: float = math.inf, **kwargs: object) -> Request:
    return replace(requests.request("POST", deadline=deadline), priority=priority, stats=CallStats(), **kwargs)


def now() -> float:
    return asyncio.get_running_loop().time()


def limited(limit: int, remaining: int, status: int = 200, **headers: str) -> Response:
    return requests.answer(
        status, {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(remaining), **headers}
    )


@attrs.define
class Wire:
    """A handler whose responses a test provides, in any order."""

    sent: list[asyncio.Future[Response]] = attrs.field(factory=list)
    requests: list[Request] = attrs.field(factory=list)

    async def __call__(self, request: Request) -> Response:
        future = asyncio.get_running_loop().create_future()
        self.sent.append(future)
        self.requests.append(request)
        return await future


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


def start(limit: RateLimit, wire: Handler, *requests: Request) -> list[asyncio.Task[Response]]:
    async def run(request: Request) -> Response:
        return await limit(request, wire)

    return [asyncio.create_task(run(request)) for request in requests]


@pytest.mark.parametrize("form", ["whole", "exact"])
@pytest.mark.parametrize("priority", ["interactive", "send"])
@pytest.mark.parametrize("seed", range(5))
def test_three_hundred_calls_against_sixty_in_two_seconds(form: str, priority: Priority, seed: int) -> None:
    """All calls succeed with one rejection in total, and hardly longer than the limit requires."""
    server = LimitedServer(60, 2.0, form=form, seed=seed)
    limit = RateLimit()

    async def main() -> float:
        answers = await asyncio.gather(*(persist(limit, server, call(priority)) for _ in range(300)))
        assert {200} == {answer.status for answer in answers}
        return now()

    assert virtual_time.run(main()) <= 1.02 * 8.0
    assert len(server.refused) <= 1


@pytest.mark.parametrize(("limit", "window", "calls"), [(600, 60.0, 1000), (120, 60.0, 300), (10, 1.0, 30)])
@pytest.mark.parametrize("latency", [(0.001, 0.001), (0.02, 0.05), (0.001, 0.2)])
def test_other_limits_and_latencies_need_one_refusal_too(
    limit: int, window: float, calls: int, latency: tuple[float, float]
) -> None:
    """Any limit and window cost one rejection."""
    server = LimitedServer(limit, window, latency=latency)
    layer = RateLimit()

    async def main() -> float:
        await asyncio.gather(*(persist(layer, server, call()) for _ in range(calls)))
        return now()

    periods = math.ceil(calls / limit) - 1
    # Behind the limit itself there are at most a few trips for each window, as we cannot see when the service counts.
    assert virtual_time.run(main()) <= periods * (1.01 * window + 3 * latency[1]) + 3 * latency[1]
    assert len(server.refused) <= 1


@pytest.mark.virtual_time
async def test_the_first_request_goes_alone() -> None:
    """Before the first response nothing is known, and a burst could be rejected as a whole."""
    wire, limit = Wire(), RateLimit()
    tasks = start(limit, wire, *(call() for _ in range(20)))
    await settle()
    assert len(wire.sent) == 1
    wire.sent[0].set_result(limited(10, 9))
    await settle()
    assert len(wire.sent) == 10
    for task in tasks:
        task.cancel()


@pytest.mark.virtual_time
async def test_a_service_without_the_headers_is_opened_step_by_step() -> None:
    """Until a response reports a limit, each response allows one more in flight."""
    wire, limit = Wire(), RateLimit()
    tasks = start(limit, wire, *(call() for _ in range(20)))
    counts: list[int] = []
    for _ in range(4):
        await settle()
        counts.append(len(wire.sent))
        for future in wire.sent:
            if not future.done():
                future.set_result(requests.answer())
    assert counts == [1, 3, 7, 15]
    for task in tasks:
        task.cancel()


@pytest.mark.virtual_time
async def test_a_lost_answer_opens_no_less_than_another() -> None:
    """A service without responses must not make calls wait for each other."""
    wire, limit = Wire(), RateLimit()
    tasks = start(limit, wire, *(call() for _ in range(5)))
    await settle()
    wire.sent[0].set_exception(TransportError("lost", maybe_sent=True))
    await settle()
    assert len(wire.sent) == 3
    wire.sent[1].set_exception(TransportError("not sent", maybe_sent=False))
    await settle()
    assert len(wire.sent) == 4
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.virtual_time
async def test_what_is_in_flight_counts() -> None:
    """Remaining describes the time of the response; later requests use it up."""
    wire, limit = Wire(), RateLimit()
    tasks = start(limit, wire, call())
    await settle()
    wire.sent[0].set_result(limited(10, 3))
    await settle()
    tasks += start(limit, wire, *(call() for _ in range(5)))
    await settle()
    assert len(wire.sent) == 1 + 3
    for task in tasks:
        task.cancel()


@pytest.mark.virtual_time
async def test_a_late_answer_does_not_overwrite_a_newer_one() -> None:
    """A late response to an older request describes the past."""
    wire, limit = Wire(), RateLimit()
    start(limit, wire, call())
    await settle()
    wire.sent[0].set_result(limited(100, 99))
    tasks = start(limit, wire, call())
    await settle()
    await asyncio.sleep(1)
    tasks += start(limit, wire, call())
    await settle()
    wire.sent[2].set_result(limited(50, 2))
    await settle()
    wire.sent[1].set_result(limited(100, 98))
    await asyncio.gather(*tasks)
    assert limit.state() == RateLimitState(limit=50, remaining=2, in_flight=0, waiting=0, cooldown=0.0, window=None)


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-RateLimit-Limit": "many", "X-RateLimit-Remaining": "5"},
        {"X-RateLimit-Limit": "0", "X-RateLimit-Remaining": "0"},
        {"X-RateLimit-Limit": "-1", "X-RateLimit-Remaining": "-1"},
        {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "11"},
        {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "nan"},
        {"X-RateLimit-Limit": "10"},
        {"X-RateLimit-Remaining": "0"},
        {"X-RateLimit-Limit": "\N{ARABIC-INDIC DIGIT FIVE}", "X-RateLimit-Remaining": "1"},
        {"X-RateLimit-Limit": "9" * 5000, "X-RateLimit-Remaining": "1"},
    ],
)
async def test_headers_that_are_missing_or_invalid_change_nothing(headers: dict[str, str]) -> None:
    """The values of an earlier response stay, and nothing is raised."""
    limit = RateLimit()
    await limit(call(), requests.Script([limited(100, 60)]))
    await limit(call(), requests.Script([requests.answer(200, headers)]))
    assert limit.state().limit == 100
    assert limit.state().remaining == 60


@pytest.mark.virtual_time
async def test_a_refusal_holds_everybody_then_one_probe_goes_and_its_success_opens() -> None:
    """Requests during a cooldown could lengthen it, and a burst after it would be rejected again."""
    wire, limit = Wire(), RateLimit()
    start(limit, wire, call())
    await settle()
    wire.sent[0].set_result(limited(10, 0, 429, **{"Retry-After": "5"}))
    await settle()
    tasks = start(limit, wire, *(call() for _ in range(4)))
    await asyncio.sleep(4.9)
    assert len(wire.sent) == 1
    assert limit.state().cooldown == pytest.approx(0.1)
    await asyncio.sleep(0.2)
    assert len(wire.sent) == 2
    await asyncio.sleep(60)
    assert len(wire.sent) == 2
    wire.sent[1].set_result(limited(10, 8))
    await settle()
    assert len(wire.sent) == 5
    for future in wire.sent[2:]:
        future.set_result(limited(10, 5))
    await asyncio.gather(*tasks)


@attrs.define
class EarlyClock(LoopClock):
    """A clock whose timers run slightly early, like the timers of event loops."""

    rung: int = 0

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        self.rung += 1
        assert self.rung < 10, "the same timer is set again and again"
        return super().call_at(when - 0.001, callback)


@pytest.mark.virtual_time
async def test_a_timer_that_rings_early_is_not_set_again_and_again() -> None:
    """The change is visible when the timer runs."""
    limit = RateLimit(clock=EarlyClock())
    await limit(call(), requests.Script([limited(10, 0, 429, **{"Retry-After": "5"})]))
    await limit(call(), requests.Script([limited(10, 9)]))
    assert now() == pytest.approx(5.0, abs=0.01)


@pytest.mark.virtual_time
async def test_a_refused_probe_lengthens_the_cooldown() -> None:
    """Only the probe is rejected if the cooldown was too short."""
    wire, limit = Wire(), RateLimit()
    tasks = start(limit, wire, call())
    await settle()
    wire.sent[0].set_result(limited(10, 0, 429, **{"Retry-After": "5"}))
    await settle()
    tasks += start(limit, wire, *(call() for _ in range(4)))
    await asyncio.sleep(5.1)
    wire.sent[1].set_result(limited(10, 0, 429, **{"Retry-After": "7"}))
    await asyncio.sleep(6.9)
    assert len(wire.sent) == 2
    await asyncio.sleep(0.2)
    assert len(wire.sent) == 3
    for task in tasks:
        task.cancel()


@pytest.mark.virtual_time
@pytest.mark.parametrize("end", ["cancelled", "failed"])
async def test_a_probe_that_ends_without_an_answer_hands_on_to_the_next(end: str) -> None:
    """The other calls do not depend on the task of the probe."""
    wire, limit = Wire(), RateLimit()
    start(limit, wire, call())
    await settle()
    wire.sent[0].set_result(limited(10, 0, 429, **{"Retry-After": "5"}))
    await settle()
    tasks = start(limit, wire, *(call() for _ in range(3)))
    await asyncio.sleep(5.1)
    assert len(wire.sent) == 2
    if end == "cancelled":
        tasks[0].cancel()
    else:
        wire.sent[1].set_exception(TransportError("lost", maybe_sent=True))
    await settle()
    assert len(wire.sent) == 3
    wire.sent[2].set_result(limited(10, 5))
    await settle()
    assert len(wire.sent) == 4
    wire.sent[3].set_result(limited(10, 4))
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.virtual_time
async def test_an_answer_to_a_request_from_before_the_refusal_does_not_open() -> None:
    """Only the probe, sent after the cooldown, shows that it is over."""
    wire, limit = Wire(), RateLimit()
    start(limit, wire, call())
    await settle()
    wire.sent[0].set_result(limited(10, 9))
    await settle()
    start(limit, wire, call(), call())
    await settle()
    wire.sent[1].set_result(limited(10, 0, 429, **{"Retry-After": "5"}))
    await settle()
    wire.sent[2].set_result(limited(10, 8))
    await settle()
    tasks = start(limit, wire, call(), call())
    await asyncio.sleep(5.1)
    assert len(wire.sent) == 4
    for task in tasks:
        task.cancel()


@pytest.mark.virtual_time
async def test_cooldowns_of_unknown_length_grow() -> None:
    """A rejection without Retry-After is followed by a cooldown of 1 s, 2 s, 4 s and so on up to 20 s."""
    limit = RateLimit(jitter=lambda: 0.0)
    server = requests.Script([requests.answer(429)])
    waits: list[float] = []
    for _ in range(7):
        before = now()
        await limit(call(), server)
        waits.append(now() - before)
    assert waits == pytest.approx([0, 1, 2, 4, 8, 16, 20])


@pytest.mark.virtual_time
async def test_refusals_that_come_together_grow_the_cooldown_once() -> None:
    """Sixty rejections of one burst have one cause."""
    wire, limit = Wire(), RateLimit(jitter=lambda: 1.0)
    start(limit, wire, call())
    await settle()
    wire.sent[0].set_result(limited(100, 99))
    await settle()
    start(limit, wire, *(call() for _ in range(60)))
    await settle()
    await asyncio.sleep(0.1)
    for future in wire.sent[1:]:
        future.set_result(requests.answer(429))
    await settle()
    assert limit.state().cooldown == pytest.approx(1.25)


@pytest.mark.virtual_time
async def test_waiters_are_served_in_order() -> None:
    """First come, first served."""
    served: list[int] = []
    limit = RateLimit(max_in_flight=1)

    async def handler(request: Request) -> Response:
        await asyncio.sleep(0.1)
        return limited(1000, 500)

    async def one(index: int) -> None:
        await limit(call(), handler)
        served.append(index)

    await asyncio.gather(*(one(index) for index in range(50)))
    assert list(range(50)) == served


@pytest.mark.virtual_time
async def test_no_more_than_max_in_flight_are_on_the_wire() -> None:
    """The slots bound the sockets, whatever the limit."""
    server = LimitedServer(10_000, 60.0, latency=(0.1, 0.5))
    limit = RateLimit(max_in_flight=7)
    await asyncio.gather(*(limit(call(), server) for _ in range(100)))
    assert server.most_in_flight == 7
    assert limit.state().in_flight == 0


def test_at_least_one_must_be_allowed_in_flight() -> None:
    """A limit that lets nothing through would hang every call."""
    with pytest.raises(ValueError, match="max_in_flight"):
        RateLimit(max_in_flight=0)


@pytest.mark.virtual_time
@pytest.mark.parametrize("turns", range(4))
async def test_cancelling_a_waiter_in_any_turn_blocks_no_other_call(turns: int) -> None:
    """If it had received its permit and not run yet, the next call gets its slot."""
    wire, limit = Wire(), RateLimit(max_in_flight=1)
    first, second, third = start(limit, wire, call(), call(), call())
    await settle()
    wire.sent[0].set_result(limited(10, 9))
    for _ in range(turns):
        await asyncio.sleep(0)
    second.cancel()
    await settle()
    wire.sent[-1].set_result(limited(10, 8))
    assert (await third).status == 200
    assert (await first).status == 200
    assert second.cancelled()
    assert limit.state().in_flight == limit.state().waiting == 0


@pytest.mark.virtual_time
async def test_a_wait_that_is_known_to_pass_the_deadline_fails_at_once() -> None:
    """The end is known, so the error is raised at once and reports the wait."""
    limit = RateLimit()
    await limit(call(), requests.Script([limited(10, 0, 429, **{"Retry-After": "60"})]))
    request = call(deadline=30.0)
    request.stats.attempts = 2
    request.stats.client_request_id = "ours"
    with pytest.raises(RequestTimeoutError, match=r"60\.0 s\. Allow a longer deadline") as caught:
        await limit(request, requests.Script([limited(10, 9)]))
    assert now() == 0
    assert caught.value.maybe_sent is False
    assert caught.value.retry_after == 60.0
    assert caught.value.attempts == 2
    assert caught.value.client_request_id == "ours"


@pytest.mark.virtual_time
async def test_a_cooldown_that_begins_during_a_wait_ends_those_that_cannot_outlast_it() -> None:
    """A waiter whose deadline comes first fails as soon as that is known; the others wait on."""
    wire, limit = Wire(), RateLimit()
    start(limit, wire, call())
    await settle()
    impatient, patient = start(limit, wire, call(deadline=30.0), call(deadline=90.0))
    await settle()
    wire.sent[0].set_result(limited(10, 0, 429, **{"Retry-After": "60"}))
    with pytest.raises(RequestTimeoutError) as caught:
        await impatient
    assert now() == 0
    assert caught.value.retry_after == 60.0
    await asyncio.sleep(61)
    wire.sent[1].set_result(limited(10, 9))
    assert (await patient).status == 200


@pytest.mark.virtual_time
async def test_a_cooldown_that_begins_as_a_waiter_is_cancelled_leaves_it_cancelled() -> None:
    """A waiter can have two reasons to go at once; the caller's own counts."""
    wire, limit = Wire(), RateLimit()
    start(limit, wire, call())
    await settle()
    (waiter,) = start(limit, wire, call(deadline=30.0))
    await settle()
    wire.sent[0].set_result(limited(10, 0, 429, **{"Retry-After": "60"}))
    waiter.cancel()
    await settle()
    assert waiter.cancelled()
    assert limit.state().waiting == 0


@pytest.mark.virtual_time
async def test_an_unknown_wait_ends_at_the_deadline() -> None:
    """With all slots in use the end is unknown, so the call waits until its deadline."""
    wire, limit = Wire(), RateLimit()
    start(limit, wire, call())
    await settle()
    request = call(deadline=30.0)
    with pytest.raises(RequestTimeoutError, match="deadline") as caught:
        await limit(request, wire)
    assert now() == 30.0
    assert caught.value.retry_after is None
    assert request.stats.rate_limit_wait == 30.0
    assert limit.state().waiting == 0


@pytest.mark.virtual_time
async def test_a_call_after_its_deadline_is_not_sent() -> None:
    """A deadline that has passed leaves no time for an attempt that must wait."""
    wire, limit = Wire(), RateLimit()
    start(limit, wire, call())
    await asyncio.sleep(1)
    with pytest.raises(RequestTimeoutError):
        await limit(call(deadline=0.5), wire)
    assert len(wire.sent) == 1


@pytest.mark.virtual_time
async def test_the_seconds_waited_are_added_to_the_trace() -> None:
    """A call shows where its time went."""
    limit = RateLimit()
    await limit(call(), requests.Script([limited(10, 0, 429, **{"Retry-After": "3"})]))
    request = call()
    request.stats.rate_limit_wait = 1.0
    await limit(request, requests.Script([limited(10, 9)]))
    assert request.stats.rate_limit_wait == pytest.approx(4.0)


@pytest.mark.virtual_time
async def test_a_token_of_a_calls_own_has_a_limit_of_its_own() -> None:
    """A rejected Gate poll delays calls with the same token only."""
    limit = RateLimit()
    good = requests.Script([limited(10, 9)])
    polls = [
        replace(
            requests.request(authority="poll_token", bearer=Secret(f"gtpoll_{name}"), deadline=30.0), stats=CallStats()
        )
        for name in ("a", "a", "b")
    ]
    await limit(polls[0], requests.Script([limited(10, 0, 429, **{"Retry-After": "60"})]))
    await limit(call(), good)
    await limit(polls[2], good)
    with pytest.raises(RequestTimeoutError):
        await limit(polls[1], good)
    assert now() == 0


@pytest.mark.virtual_time
async def test_tokens_that_come_and_go_do_not_pile_up() -> None:
    """The state of idle tokens is dropped; the limit of the client's key and cooldowns are kept."""
    limit = RateLimit()

    def poll(index: int) -> Request:
        return requests.request(authority="poll_token", bearer=Secret(f"gtpoll_{index}"), deadline=30.0)

    await limit(call(), requests.Script([limited(77, 76)]))
    await limit(poll(0), requests.Script([limited(10, 0, 429, **{"Retry-After": "60"})]))
    for index in range(1, 1000):
        await limit(poll(index), requests.Script([limited(10, 9)]))
    assert limit.statistics().keys <= 256
    assert limit.state().limit == 77
    with pytest.raises(RequestTimeoutError):
        await limit(poll(0), requests.Script([limited(10, 9)]))


@pytest.mark.virtual_time
async def test_calls_of_all_keys_share_the_slots_by_turns() -> None:
    """A burst for one key does not block another key."""
    wire, limit = Wire(), RateLimit(max_in_flight=1)
    mine = [call() for _ in range(3)]
    other = requests.request(authority="poll_token", bearer=Secret("gtpoll_a"))
    tasks = start(limit, wire, *mine, other)
    for index in range(4):
        await settle()
        wire.sent[index].set_result(limited(10, 5))
    await asyncio.gather(*tasks)
    assert other in wire.requests[1:3]


@pytest.mark.virtual_time
async def test_sends_and_polls_take_turns() -> None:
    """Neither priority starves the other, however many wait in it."""
    wire, limit = Wire(), RateLimit(max_in_flight=1)
    tasks = start(limit, wire, *(call("send") for _ in range(10)), *(call("poll") for _ in range(4)))
    for index in range(len(tasks)):
        await settle()
        wire.sent[index].set_result(limited(1000, 500))
    await asyncio.gather(*tasks)
    priorities = [request.priority for request in wire.requests]
    assert (
        priorities == ["send", *["send", "poll"] * 4, *["send"] * 5]
        or priorities == ["send", "poll"] * 4 + ["send"] * 6
    )


@pytest.mark.virtual_time
async def test_interactive_calls_go_first_and_do_not_starve_others() -> None:
    """Three of four calls are interactive while all priorities wait."""
    wire, limit = Wire(), RateLimit(max_in_flight=1)
    tasks = start(limit, wire, *(call("send") for _ in range(4)), *(call() for _ in range(6)))
    for index in range(len(tasks)):
        await settle()
        wire.sent[index].set_result(limited(1000, 500))
    await asyncio.gather(*tasks)
    initials = "".join(request.priority[0] for request in wire.requests)
    assert initials == "siiisiiiss"


def test_what_was_learned_survives_the_loop() -> None:
    """In a second `asyncio.run` the cooldown holds; who waited in the first is forgotten, with the slots it had."""
    limit = RateLimit(max_in_flight=2)

    async def first() -> None:
        wire = Wire()
        await limit(call(), requests.Script([limited(10, 0, 429, **{"Retry-After": "5"})]))
        await asyncio.sleep(5.1)
        start(limit, wire, call(), call(), call())
        await settle()
        assert len(wire.sent) == 1
        wire.sent[0].set_result(limited(10, 0, 429, **{"Retry-After": "5"}))
        await settle()

    async def second() -> None:
        assert limit.state().limit == 10
        assert limit.state().in_flight == limit.state().waiting == 0
        await limit(call(), requests.Script([limited(10, 9)]))
        assert now() == pytest.approx(10.1)
        answers = await asyncio.gather(*(limit(call(), requests.Script([limited(10, 5)])) for _ in range(4)))
        assert len(answers) == 4

    virtual_time.run(first())
    virtual_time.run(second())


def test_two_loops_at_once_do_not_disturb_each_other() -> None:
    """Each of two open loops has its own queue, so that no future of another loop is completed."""
    limit = RateLimit(max_in_flight=1)
    loops = [virtual_time.VirtualTimeLoop() for _ in range(2)]
    try:
        for _ in range(3):
            for loop in loops:
                answer = loop.run_until_complete(_one(limit))
                assert answer.status == 200
    finally:
        for loop in loops:
            loop.close()


async def _one(limit: RateLimit) -> Response:
    return await limit(call(), requests.Script([limited(10, 9)]))


def test_a_request_that_ends_after_its_loop_was_closed_changes_nothing() -> None:
    """A coroutine of a dead loop is thrown away later; its slot is not given back twice."""
    limit = RateLimit(max_in_flight=1)

    async def never(request: Request) -> Response:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    async def open_state() -> RateLimitState:
        return limit.state()

    loop = virtual_time.VirtualTimeLoop()
    left_over = limit(call(), never)

    async def begin() -> None:
        left_over.send(None)

    loop.run_until_complete(begin())
    loop.close()
    assert virtual_time.run(open_state()).in_flight == 0
    left_over.close()
    assert virtual_time.run(open_state()).in_flight == 0


def test_a_coroutine_that_is_thrown_away_gives_its_slot_back() -> None:
    """This works without a running loop, for example when the interpreter collects an interrupted run."""
    limit = RateLimit(max_in_flight=1)

    async def never(request: Request) -> Response:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    loop = virtual_time.VirtualTimeLoop()
    left_over = limit(call(), never)

    async def begin() -> None:
        left_over.send(None)

    loop.run_until_complete(begin())
    left_over.close()
    assert loop.run_until_complete(_one(limit)).status == 200
    loop.close()


@pytest.mark.parametrize("granted", [False, True])
def test_a_waiter_that_is_closed_blocks_no_other_call(granted: bool) -> None:
    """A coroutine can be closed while it waits, or between its permit and its next step."""
    limit, wire = RateLimit(max_in_flight=1), Wire()
    loop = virtual_time.VirtualTimeLoop()
    left_over = limit(call(), wire)

    async def begin() -> list[asyncio.Task[Response]]:
        tasks = start(limit, wire, call())
        await settle()
        left_over.send(None)
        if granted:
            wire.sent[0].set_result(limited(10, 9))
            await settle()
        return tasks

    async def finish(tasks: list[asyncio.Task[Response]]) -> None:
        if not granted:
            wire.sent[0].set_result(limited(10, 9))
        await asyncio.gather(*tasks)
        assert (await _one(limit)).status == 200
        assert limit.state().in_flight == limit.state().waiting == 0

    tasks = loop.run_until_complete(begin())
    left_over.close()
    loop.run_until_complete(finish(tasks))
    loop.close()


@pytest.mark.virtual_time
async def test_a_thousand_bulk_sends_leave_room_for_a_single_call() -> None:
    """Cold, with the window unknown, and later: one call among a thousand sends does not wait for the window."""
    server = LimitedServer(600, 60.0)
    limit = RateLimit()
    tasks = [asyncio.create_task(persist(limit, server, call("send"))) for _ in range(1000)]
    for pause in (1.5, 20.0, 45.0):
        await asyncio.sleep(pause)
        before = now()
        await limit(call(), server)
        assert now() - before < 0.1
    await asyncio.gather(*tasks)
    assert len(server.refused) <= 1


@pytest.mark.virtual_time
@pytest.mark.parametrize("window", [60.0, 30.0, 10.0])
async def test_bulk_sends_find_a_long_window_without_a_refusal(window: float) -> None:
    """The reserve's requests show when the first ones have left; a thousand sends take hardly longer than they must."""
    server = LimitedServer(600, window, latency=(0.02, 0.05))
    limit = RateLimit()
    await asyncio.gather(*(persist(limit, server, call("send")) for _ in range(1000)))
    assert now() <= 1.03 * window
    assert [] == server.refused


@pytest.mark.virtual_time
async def test_a_send_and_no_poll_pays_for_learning_the_window() -> None:
    """A rejected read would delay all calls that share it."""
    server = LimitedServer(60, 2.0)
    limit = RateLimit()
    refused: list[str] = []

    async def handler(request: Request) -> Response:
        response = await server(request)
        if response.status == 429:
            refused.append(request.priority)
        return response

    priorities: list[Priority] = ["send", "poll"]
    await asyncio.gather(*(persist(limit, handler, call(priorities[index % 2])) for index in range(200)))
    assert ["send"] == refused


@pytest.mark.virtual_time
async def test_a_limit_that_shrinks_is_obeyed_as_soon_as_an_answer_tells() -> None:
    """The newest limit applies: only requests in flight at the change are rejected."""
    server = LimitedServer(60, 2.0)
    limit = RateLimit()
    tasks = [asyncio.create_task(persist(limit, server, call())) for _ in range(300)]
    await asyncio.sleep(3)
    server.limit = 20
    await asyncio.gather(*tasks)
    assert limit.state().limit == 20
    assert len({round(at, 1) for at in server.refused}) <= 2


@pytest.mark.virtual_time
async def test_a_limit_that_grows_is_used() -> None:
    """More calls go per window as soon as a response reports the new limit."""
    server = LimitedServer(20, 2.0)
    limit = RateLimit()
    tasks = [asyncio.create_task(persist(limit, server, call())) for _ in range(300)]
    await asyncio.sleep(3)
    server.limit = 200
    await asyncio.gather(*tasks)
    assert now() <= 3 * 2.1
    assert len(server.refused) <= 1


@pytest.mark.virtual_time
async def test_a_window_that_grows_is_learned_again() -> None:
    """Rejections contradict the assumed window, and the longer one replaces it."""
    server = LimitedServer(20, 2.0)
    limit = RateLimit()
    tasks = [asyncio.create_task(persist(limit, server, call())) for _ in range(200)]
    await asyncio.sleep(3)
    server.window = 5.0
    await asyncio.gather(*tasks)
    assert limit.state().window == pytest.approx(5.0, rel=0.1)
    assert len(server.refused) <= 25


@pytest.mark.virtual_time
@pytest.mark.parametrize("processes", [2, 4])
async def test_processes_that_share_a_key_without_knowing_of_each_other_get_along(processes: int) -> None:
    """Requests of other clients show in Remaining and in rejections; after a collision the bursts are smaller."""
    server = LimitedServer(60, 2.0)
    limits = [RateLimit() for _ in range(processes)]
    calls = 600 // processes
    await asyncio.gather(*(persist(limit, server, call()) for limit in limits for _ in range(calls)))
    assert len(server.accepted) == 600
    slow_start = 60 * (processes - 1)
    assert len(server.refused) <= slow_start + 120


@pytest.mark.virtual_time
async def test_nothing_is_held_while_a_call_backs_off() -> None:
    """The slot is free when the response is complete, before the caller handles it."""
    limit = RateLimit(max_in_flight=1)
    await limit(call(), requests.Script([limited(10, 9, 503)]))
    assert limit.state().in_flight == 0
    await limit(call(), requests.Script([limited(10, 8)]))
    assert now() == 0


@pytest.mark.virtual_time
async def test_a_thousand_waiters_with_some_cancelled_leave_nothing() -> None:
    """No waiter, slot, timer or task is left behind."""
    server = LimitedServer(600, 10.0, latency=(0.01, 0.1))
    limit = RateLimit(max_in_flight=50)
    tasks = [asyncio.create_task(persist(limit, server, call("send"))) for _ in range(1000)]
    for index in range(0, 1000, 3):
        await asyncio.sleep(0.01)
        tasks[index].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert {200} == {answer.status for answer in answers if isinstance(answer, Response)}
    assert len(answers) - sum(isinstance(answer, Response) for answer in answers) <= 334
    state = limit.state()
    assert state.in_flight == state.waiting == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}
    await asyncio.sleep(0)
    assert [] == virtual_time.virtual_loop().scheduled()
