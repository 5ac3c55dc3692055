"""Tests of the rate limit: slow start, cooldown and probe."""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import TYPE_CHECKING

import attrs
import pytest

from tests.support import requests
from tests.support.rate_limits import Wire, call, limited, now, settle, start
from tripwire_async._concurrency.clock import LoopClock
from tripwire_async.errors import TransportError
from tripwire_async.middleware.rate_limit import RateLimit, RateLimitState

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._concurrency.clock import Timer
    from tripwire_async.middleware import Request, Response


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
        {"X-RateLimit-Limit": "9" * 16, "X-RateLimit-Remaining": "1"},
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
async def test_a_limit_of_fifteen_digits_is_a_number() -> None:
    """A service without a limit may report the largest number that it has."""
    limit = RateLimit()
    await limit(call(), requests.Script([limited(10**15 - 1, 10**15 - 2)]))
    assert (limit.state().limit, limit.state().remaining) == (10**15 - 1, 10**15 - 2)


@pytest.mark.virtual_time
async def test_a_state_is_created_by_keyword() -> None:
    """So a new field can be added anywhere."""
    values = attrs.astuple(RateLimit().state())
    with pytest.raises(TypeError, match="positional"):
        RateLimitState(*values)


@pytest.mark.virtual_time
async def test_spaces_around_the_numbers_of_headers_are_ignored() -> None:
    """A transport other than aiohttp may leave them."""
    limit = RateLimit()
    headers = {"X-RateLimit-Limit": " 10", "X-RateLimit-Remaining": "4\t"}
    await limit(call(), requests.Script([requests.answer(200, headers)]))
    assert (limit.state().limit, limit.state().remaining) == (10, 4)


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


class CountingClock(LoopClock):
    """Clock that counts the timers that run."""

    ran: int = 0

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        def run() -> None:
            self.ran += 1
            callback()

        return super().call_at(when, run)


@pytest.mark.virtual_time
async def test_a_cancelled_wait_leaves_no_timer() -> None:
    """It would keep the objects of the call alive until the cooldown ends."""
    clock = CountingClock()
    limit = RateLimit(clock=clock)
    await limit(call(), requests.Script([limited(10, 0, 429, **{"Retry-After": "60"})]))
    tasks = start(limit, Wire(), call())
    await settle()
    tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(100.0)
    assert clock.ran == 0


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
@pytest.mark.parametrize("second", [limited(2, 0), TransportError("lost", maybe_sent=True)], ids=["accepted", "lost"])
async def test_a_request_is_timed_from_when_its_connection_is_at_hand(second: Response | TransportError) -> None:
    """Connecting takes several round trips, which would make the window look longer."""

    async def handler(request: Request) -> Response:
        request.stats.connected_at = math.inf
        connecting, response = steps.pop(0)
        await asyncio.sleep(connecting)
        request.stats.connected_at = now()
        await asyncio.sleep(0.1)
        if isinstance(response, TransportError):
            raise response
        return response

    rejected = limited(2, 0, 429, **{"retry-after": "1.9"})
    steps = [(0.0, limited(2, 1)), (0.5, second), (0.0, rejected)]
    limit = RateLimit()
    for _ in range(3):
        with contextlib.suppress(TransportError):
            await limit(call(), handler)
    # The second request was written at 0.6, and the third was rejected at 0.8. The bound holds a round trip of 0.1.
    assert limit.state().window == pytest.approx(0.8 + 1.9 - 0.6 - 0.1)


@pytest.mark.parametrize(("connected_at", "remaining"), [(math.inf, 9), (0.0, 8), (0.1, 8)])
@pytest.mark.virtual_time
async def test_a_call_that_is_cancelled_while_connecting_is_not_counted(connected_at: float, remaining: int) -> None:
    """Without a connection nothing was sent; otherwise the service may have counted the request."""

    async def handler(request: Request) -> Response:
        await asyncio.sleep(0.1)
        request.stats.connected_at = connected_at
        return await asyncio.Event().wait()  # type: ignore[return-value] - it is cancelled

    async def respond(_: Request) -> Response:
        return responses.pop(0)

    rejected = limited(10, 0, 429, **{"retry-after": "2"})
    responses = [*(limited(10, 9 - index) for index in range(10)), rejected, limited(10, 9)]
    limit = RateLimit()
    for _ in range(11):
        await limit(call(), respond)
    await asyncio.sleep(5)
    await limit(call(), respond)
    task = asyncio.create_task(limit(call(), handler))
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert limit.state().remaining == remaining
