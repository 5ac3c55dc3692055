"""Tests of the retry budget: it stays between zero and its capacity."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.requests import answer
from tripwire_async.errors import RequestTimeoutError, TransportError
from tripwire_async.middleware import RetryQuota


@given(st.integers(0, 50), st.lists(st.tuples(st.booleans(), st.integers(0, 60))))
def test_a_quota_stays_between_zero_and_its_capacity(capacity: int, steps: list[tuple[bool, int]]) -> None:
    """Taking too many tokens takes none; returning too many fills the quota."""
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


def test_the_cost_of_a_retry_depends_on_the_failure() -> None:
    """Timeouts cost more, and a 429 is free because the rate limit handles it."""
    quota = RetryQuota(retry_cost=5, timeout_cost=10)
    assert quota.cost(answer(503)) == 5
    assert quota.cost(answer(429)) == 0
    assert quota.cost(TransportError("lost", maybe_sent=True)) == 5
    assert quota.cost(RequestTimeoutError("late", maybe_sent=True)) == 10


@pytest.mark.parametrize("figures", [(-1, 5, 10), (500, -1, 10), (500, 5, -1)])
def test_negative_arguments_are_rejected(figures: tuple[int, int, int]) -> None:
    """Retries that gain tokens would never end."""
    capacity, retry_cost, timeout_cost = figures
    with pytest.raises(ValueError, match=r"must not be negative: .*=-1"):
        RetryQuota(capacity, retry_cost=retry_cost, timeout_cost=timeout_cost)


def test_a_quota_and_its_costs_may_be_zero() -> None:
    """Without tokens, only free retries are made."""
    quota = RetryQuota(0, retry_cost=5, timeout_cost=0)
    assert not quota.take(quota.cost(answer(503)))
    assert quota.take(quota.cost(RequestTimeoutError("late", maybe_sent=True)))


def test_the_repr_of_a_quota_shows_what_is_left() -> None:
    """It helps in a debugger."""
    assert repr(RetryQuota(7)) == "RetryQuota(7 of 7 left)"
