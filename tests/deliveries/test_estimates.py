"""How far a run has come, and how long it will still take."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.support.delivery_service import ORGANIZATION, Service, endpoint, webhooks
from tripwire_async.deliveries.estimates import Conditions, Progress, TestCounts, make_progress
from tripwire_async.middleware import RateLimitState

pytestmark = pytest.mark.virtual_time


def limits(limit: int | None = 600, *, cooldown: float = 0.0) -> RateLimitState:
    return RateLimitState(limit=limit, remaining=limit, in_flight=0, waiting=0, cooldown=cooldown, window=60.0)


def left(done: int, seconds: float, state: RateLimitState | None = None, *, endpoints: int = 1000) -> float | None:
    return snapshot(endpoints, TestCounts(states=Counter(succeeded=done)), seconds, state).seconds_left


def snapshot(
    endpoints: int | None, counts: TestCounts, seconds: float, state: RateLimitState | None = None, usual: float = 5.0
) -> Progress:
    conditions = Conditions(in_flight=1000, usual=usual, limits=state, settle=True)
    return make_progress(endpoints, counts, seconds, conditions, is_over=False)


def test_tests_are_counted_by_how_far_they_have_come() -> None:
    """Those that ended by state; those that are accepted apart from those that are not."""
    counts = TestCounts(sending=1, pending=2, states=Counter(failed=2, refused=1))
    progress = snapshot(9, counts, 2.0)
    assert ({"failed": 2, "refused": 1}, 3) == (progress.states, progress.done)
    assert (2, 1, 1.5, 0.0) == (progress.pending, progress.sending, progress.rate, progress.cooldown)


def test_before_anything_is_known_nothing_is_foretold() -> None:
    """Neither without the endpoints nor, before the first answer, without the limit."""
    unknown = snapshot(None, TestCounts(), 0.0)
    assert (None, 0, 0.0) == (unknown.seconds_left, unknown.done, unknown.rate)
    assert left(0, 0.0, limits(None)) is None


def test_the_time_left_is_what_the_limit_s_windows_take() -> None:
    """Not what the pace says: 600 are sent at once, and then nothing for a minute."""
    assert 65.0 == left(0, 0.0, limits())
    assert 55.0 == left(600, 10.0, limits())


def test_a_run_that_takes_longer_than_planned_goes_on_at_its_pace() -> None:
    """As when other processes use the limit up."""
    assert 100.0 == left(500, 100.0, limits())
    assert left(0, 100.0, limits()) is None


def test_a_cooldown_is_waited_for_at_least() -> None:
    """Nothing ends before anything is sent."""
    assert 90.0 == left(0, 10.0, limits(cooldown=90.0))
    assert 90.0 == left(0, 100.0, limits(cooldown=90.0))
    assert 90.0 == snapshot(1000, TestCounts(), 100.0, limits(cooldown=90.0)).cooldown


def test_at_the_end_nothing_is_left() -> None:
    """Whatever the plan was."""
    assert 0.0 == left(1000, 20.0, limits())


async def test_a_run_tells_its_progress_at_any_time() -> None:
    """Before it begins, on its way, and when it is over, from when on its time stands still."""
    service = Service(takes=lambda number: 2.0 + 10 * number)
    run = webhooks(service).send_tests(ORGANIZATION, [endpoint(0), endpoint(1)])
    assert (2, 0, 0, 0.0) == ((before := run.progress()).endpoints, before.done, before.pending, before.seconds)
    async with run:
        outcomes = aiter(run)
        await anext(outcomes)
        assert (1, 1) == ((midst := run.progress()).done, midst.pending)
        assert midst.seconds > 0
        assert [1] == [1 async for _ in outcomes]
    assert (2, 0, 0.0) == ((after := run.progress()).done, after.pending, after.seconds_left)
    await asyncio.sleep(100)
    assert after.seconds == run.progress().seconds


async def test_how_many_there_are_is_known_when_they_are_listed() -> None:
    """Not before the run has begun, if none were named."""
    service = Service(takes=1.0)
    service.add_endpoints(1, 2, 3)
    run = webhooks(service).send_tests(ORGANIZATION)
    assert run.progress().endpoints is None
    await run
    assert 3 == run.progress().endpoints
