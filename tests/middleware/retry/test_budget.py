"""The budget of retries: never below nothing, never above its capacity, whatever is taken and given back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.requests import answer
from tripwire_async.errors import RequestTimeoutError, TransportError
from tripwire_async.middleware import RetryQuota


@given(st.integers(0, 50), st.lists(st.tuples(st.booleans(), st.integers(0, 60))))
def test_a_quota_stays_between_nothing_and_its_capacity(capacity: int, steps: list[tuple[bool, int]]) -> None:
    """Taking more than there is takes nothing; giving back more than was taken fills it and no more."""
    quota = RetryQuota(capacity)
    for taking, tokens in steps:
        before = quota.available
        if taking:
            taken = quota.take(tokens)
            assert taken == (tokens <= before)
            assert quota.available == (before - tokens if taken else before)
        else:
            quota.give_back(tokens)
            assert quota.available == min(capacity, before + tokens)
        assert 0 <= quota.available <= capacity


def test_a_retry_costs_what_its_failure_says() -> None:
    """Timeouts are dearer than the rest, and a 429 is free: the limiter sees to it."""
    quota = RetryQuota(retry_cost=5, timeout_cost=10)
    assert quota.cost(answer(503)) == 5
    assert quota.cost(answer(429)) == 0
    assert quota.cost(TransportError("lost", maybe_sent=True)) == 5
    assert quota.cost(RequestTimeoutError("late", maybe_sent=True)) == 10


@pytest.mark.parametrize("figures", [(-1, 5, 10), (500, -1, 10), (500, 5, -1)])
def test_negative_figures_are_refused(figures: tuple[int, int, int]) -> None:
    """A retry that brings tokens would never end."""
    capacity, retry_cost, timeout_cost = figures
    with pytest.raises(ValueError, match=r"not negative: .*=-1"):
        RetryQuota(capacity, retry_cost=retry_cost, timeout_cost=timeout_cost)


def test_a_quota_tells_what_is_left() -> None:
    """For a person in a debugger."""
    assert repr(RetryQuota(7)) == "RetryQuota(7 of 7 left)"
