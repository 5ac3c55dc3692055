"""Tests of the backoff: the bounds of each wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripwire_async.middleware.retry._backoff import Backoff

seconds = st.floats(min_value=0.001, max_value=1e6)
random_numbers = st.floats(min_value=0.0, max_value=1.0, exclude_max=True)
retries = st.integers(min_value=0, max_value=10_000)


def backoff(random: float = 0.999, cap: float = 20.0) -> Backoff:
    return Backoff(transient_base=0.05, throttled_base=1.0, cap=cap, random=lambda: random)


@given(retries, random_numbers, seconds, st.booleans())
def test_a_wait_is_between_zero_and_its_bound(count: int, random: float, cap: float, throttled: bool) -> None:
    """Full jitter: from 0 up to base · 2ⁿ, limited by the cap, for any number of retries."""
    wait = backoff(random, cap).seconds(count, throttled=throttled, retry_after=None)
    assert 0.0 <= wait <= min(cap, (1.0 if throttled else 0.05) * 2 ** min(count, 40))


@given(retries, random_numbers, st.floats(min_value=0, max_value=1e9), st.booleans())
def test_a_wait_is_never_shorter_than_retry_after(count: int, random: float, asked: float, throttled: bool) -> None:
    """Jitter is only added, and never more than the cap."""
    assert asked <= backoff(random).seconds(count, throttled=throttled, retry_after=asked) <= asked + 20.0


@pytest.mark.parametrize(
    ("count", "throttled", "asked", "expected"),
    [
        (0, False, None, 0.025),
        (3, False, None, 0.2),
        (0, True, None, 0.5),
        (2, True, None, 2.0),
        (9, True, None, 10.0),
        (0, True, 0.0, 0.025),
        (2, True, 0.0, 0.1),
        (0, True, 2.0, 2.1),
        (0, True, 60.0, 63.0),
        (0, False, 6_000.0, 6_010.0),
    ],
)
def test_both_bases_double_and_retry_after_gets_a_tenth_of_jitter(
    count: int, throttled: bool, asked: float | None, expected: float
) -> None:
    """With a random number of 0.5 each wait is in the middle of its range."""
    assert backoff(0.5).seconds(count, throttled=throttled, retry_after=asked) == pytest.approx(expected)
