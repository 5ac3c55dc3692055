"""Plans of runs, from the number of endpoints and the known limit."""

from __future__ import annotations

import pytest

from tripwire_async.deliveries.estimates import Conditions, Plan, make_plan
from tripwire_async.middleware import RateLimitState


def state(limit: int | None, remaining: int | None, *, cooldown: float = 0.0, window: float | None) -> RateLimitState:
    return RateLimitState(limit=limit, remaining=remaining, in_flight=0, waiting=0, cooldown=cooldown, window=window)


def conditions(in_flight: int, usual: float, limits: RateLimitState | None, *, settle: bool) -> Conditions:
    return Conditions(in_flight=in_flight, usual=usual, limits=limits, settle=settle)


def test_a_plan_counts_the_windows_that_the_limit_makes() -> None:
    """1,000 tests and ten reads are one window more than the 600 that are free, and then the deliveries settle."""
    plan = make_plan(1000, conditions(200, 5.0, state(600, 600, window=60.0), settle=True))
    assert Plan(endpoints=1000, requests=1010, seconds=65.0, limit=600, window=60.0) == plan


def test_a_plan_includes_a_used_up_limit_and_a_cooldown() -> None:
    """No request is left in the window, and none is sent during the cooldown."""
    plan = make_plan(100, conditions(200, 2.0, state(60, 0, cooldown=7.0, window=2.0), settle=True))
    assert (102, 2 * 2.0 + 7.0 + 2.0) == (plan.requests, plan.seconds)


@pytest.mark.parametrize("limits", [None, state(None, None, window=None)])
def test_without_a_known_limit_the_usual_one_is_assumed(limits: RateLimitState | None) -> None:
    """600 per minute; the plan then has no limit and no window."""
    plan = make_plan(1000, conditions(200, 0.0, limits, settle=True))
    assert Plan(endpoints=1000, requests=1013, seconds=61.0, limit=None, window=None) == plan


@pytest.mark.parametrize(
    ("endpoints", "settle", "requests"), [(0, True, 0), (1, True, 2), (2, True, 4), (50, False, 50)]
)
def test_one_or_two_deliveries_are_read_singly_and_tests_that_are_only_sent_are_not_read(
    endpoints: int, settle: bool, requests: int
) -> None:
    """A page of events replaces single reads from three deliveries on."""
    plan = make_plan(endpoints, conditions(200, 1.0, None, settle=settle))
    assert (requests, float(settle and endpoints > 0)) == (plan.requests, plan.seconds)
    if endpoints == 2:
        assert requests == make_plan(endpoints, conditions(200, 0.0, None, settle=settle)).requests


def test_slow_deliveries_are_awaited_in_rounds() -> None:
    """No more tests are in flight at once than allowed, whatever the rate limit is."""
    assert 100.0 == make_plan(1000, conditions(200, 20.0, state(10_000, 10_000, window=60.0), settle=True)).seconds
