"""Progress of a run, and its estimated remaining time."""

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


def test_tests_are_counted_by_phase() -> None:
    """Ended tests are counted by state, the others by whether they were accepted."""
    counts = TestCounts(sending=1, pending=2, states=Counter(failed=2, refused=1))
    progress = snapshot(9, counts, 2.0)
    assert ({"failed": 2, "refused": 1}, 3) == (progress.states, progress.done)
    assert (2, 1, 1.5, 0.0) == (progress.pending, progress.sending, progress.rate, progress.cooldown)


def test_without_information_there_is_no_estimate() -> None:
    """The number of endpoints and, after the first response, the limit are needed."""
    unknown = snapshot(None, TestCounts(), 0.0)
    assert (None, 0, 0.0) == (unknown.seconds_left, unknown.done, unknown.rate)
    assert left(0, 0.0, limits(None)) is None


def test_the_time_left_follows_from_the_windows_of_the_limit() -> None:
    """The rate so far would mislead: 600 are sent at once, and then none for a minute."""
    assert 65.0 == left(0, 0.0, limits())
    assert 55.0 == left(600, 10.0, limits())


def test_a_run_that_takes_longer_than_planned_is_estimated_by_its_rate() -> None:
    """For example because other processes use the limit."""
    assert 100.0 == left(500, 100.0, limits())
    assert left(0, 100.0, limits()) is None
    assert left(0, 100.0) is None


def test_the_time_left_is_at_least_the_cooldown() -> None:
    """No test ends before one is sent."""
    assert 90.0 == left(0, 10.0, limits(cooldown=90.0))
    assert 90.0 == left(0, 100.0, limits(cooldown=90.0))
    assert 90.0 == snapshot(1000, TestCounts(), 100.0, limits(cooldown=90.0)).cooldown


def test_at_the_end_no_time_is_left() -> None:
    """Independently of the plan."""
    assert 0.0 == left(1000, 20.0, limits())


def test_a_progress_can_be_made_without_a_number_of_workers() -> None:
    """As in the tests of a program that shows it: a run without a journal has one."""
    progress = Progress(endpoints=1, states={}, sending=0, pending=0, seconds=0.0, seconds_left=None, limits=None)
    assert (1, 0) == (progress.workers, progress.done)


async def test_a_run_has_a_progress_at_any_time() -> None:
    """Before its start, while it runs, and after its end, when its duration no longer changes."""
    await asyncio.sleep(1000)
    service = Service(takes=lambda number: 2.0 + 10 * number)
    run = webhooks(service).send_tests(ORGANIZATION, [endpoint(0), endpoint(1)])
    assert (2, 0, 0, 0.0) == ((before := run.progress()).endpoints, before.done, before.pending, before.seconds)
    async with run:
        outcomes = aiter(run)
        await anext(outcomes)
        assert (1, 1, 0, 1) == ((midst := run.progress()).done, midst.pending, midst.sending, midst.workers)
        assert 2.0 < midst.seconds < 6.0
        assert [1] == [1 async for _ in outcomes]
    assert (2, 0, 0.0) == ((after := run.progress()).done, after.pending, after.seconds_left)
    await asyncio.sleep(100)
    assert after.seconds == run.progress().seconds


async def test_the_number_of_endpoints_is_known_when_they_are_listed() -> None:
    """It is not known before the start if no ids were given."""
    service = Service(takes=1.0)
    service.add_endpoints(1, 2, 3)
    run = webhooks(service).send_tests(ORGANIZATION)
    assert run.progress().endpoints is None
    await run
    assert 3 == run.progress().endpoints
