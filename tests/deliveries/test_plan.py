"""Plans, made of what is known beforehand."""

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


def test_what_is_used_up_and_a_cooldown_are_waited_for() -> None:
    """Nothing is free, and nothing goes before the cooldown has passed."""
    plan = make_plan(100, conditions(200, 2.0, state(60, 0, cooldown=7.0, window=2.0), settle=True))
    assert (102, 2 * 2.0 + 7.0 + 2.0) == (plan.requests, plan.seconds)


@pytest.mark.parametrize("limits", [None, state(None, None, window=None)])
def test_where_nothing_is_known_the_service_s_usual_limit_is_taken(limits: RateLimitState | None) -> None:
    """600 a minute, and the plan says by None that it did."""
    plan = make_plan(1000, conditions(200, 0.0, limits, settle=True))
    assert Plan(endpoints=1000, requests=1013, seconds=61.0, limit=None, window=None) == plan


@pytest.mark.parametrize(
    ("endpoints", "settle", "requests"), [(0, True, 0), (1, True, 2), (2, True, 4), (50, False, 50)]
)
def test_one_or_two_are_read_alone_and_what_is_only_sent_is_not_read(
    endpoints: int, settle: bool, requests: int
) -> None:
    """A page is worth its request for three and more."""
    plan = make_plan(endpoints, conditions(200, 1.0, None, settle=settle))
    assert (requests, float(settle and endpoints > 0)) == (plan.requests, plan.seconds)


def test_deliveries_that_take_long_are_followed_in_rounds() -> None:
    """No more are under way at once than are allowed, whatever the rate limit says."""
    assert 100.0 == make_plan(1000, conditions(200, 20.0, state(10_000, 10_000, window=60.0), settle=True)).seconds
