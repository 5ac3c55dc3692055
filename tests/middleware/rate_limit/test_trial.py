"""Tests of the trial of a usual window length, after a Retry-After in whole seconds (rule 9)."""

from __future__ import annotations

import math
from collections import deque

import pytest

from tripwire_async.middleware.rate_limit._admission import LimitModel
from tripwire_async.middleware.rate_limit._permit import Permit
from tripwire_async.middleware.rate_limit._trial import LengthTrial


def trial(shortest: float, longest: float) -> LengthTrial:
    planned = LengthTrial()
    planned.propose(shortest, longest)
    return planned


@pytest.mark.parametrize(
    ("shortest", "longest", "length"),
    [(1.5, 2.5, 2.0), (1.0, 2.05, None), (2.1, 2.9, None), (55.0, 64.0, 60.0), (0.9, 2.5, 2.0)],
)
def test_a_trial_is_planned_for_a_usual_length_that_matters(
    shortest: float, longest: float, length: float | None
) -> None:
    """The greatest possible one, unless it is close to the assumed length."""
    assert trial(shortest, longest).length == length


@pytest.mark.parametrize("length", [1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 120, 300, 900, 3600])
def test_a_trial_finds_each_usual_length(length: float) -> None:
    """Windows of one to a few seconds, parts and multiples of a minute, and an hour."""
    assert trial(0.99 * length, 1.1 * length).length == length


def test_a_trial_goes_once_and_is_timed_by_a_third_of_the_requests() -> None:
    """So the jitter of the first ones does not spoil it; a second one would cost a second rejection."""
    known = LimitModel(lambda: 0.0)
    for tenths in range(10):
        known.accept(known.take(tenths / 20, "interactive"), tenths / 20 + 0.4, 10, 0)
    known.reject(known.take(0.6, "interactive"), 1.0, 2.0, 10, 0)
    known.cooldown.half_open, known.cooldown.until = False, 0.0
    assert not known.allows(2.19, "interactive")
    assert known.next_change(2.19) == pytest.approx(0.55 + 2.0 * 1.001 - 0.36)
    assert known.allows(2.2, "interactive")
    permit = known.take(2.2, "interactive")
    assert not known.allows(2.21, "interactive")
    known.accept(permit, 2.6, 10, 3)
    assert known.window.length == pytest.approx(2.0)


def test_a_refuted_length_is_not_tried_again() -> None:
    """A lost request has no result, so the length is tried once more."""
    planned, permit = trial(1.5, 2.5), Permit(0.0, 0)
    counted = deque(Permit(0.0, 0, 0.5) for _ in range(9))
    assert planned.starts_at(deque(list(counted)[:8]), 2.5, 2.0) == math.inf
    planned.start(permit, counted, 1)
    assert planned.starts_at(counted, 2.5, 2.0) == math.inf
    planned.lose(Permit(0.0, 0))
    planned.lose(permit)
    assert planned.starts_at(counted, 2.5, 2.0) == pytest.approx(2.502)
    planned.start(permit, counted, 1)
    planned.reject(Permit(0.0, 0))
    assert planned.length == 2.0
    planned.reject(permit)
    assert planned.length is None


@pytest.mark.parametrize(("sent_at", "count", "length"), [(2.5, 41, 2.0), (2.5, 42, None), (2.9, 2, None)])
def test_a_trial_must_show_that_a_third_has_left(sent_at: float, count: int, length: float | None) -> None:
    """It can be accepted for another reason, and then confirms nothing."""
    planned, permit = trial(1.5, 2.5), Permit(sent_at, 0)
    planned.start(permit, deque(Permit(0.0, 0, 0.6) for _ in range(60)), 2)
    assert planned.accept(Permit(sent_at, 0), count) is None
    assert planned.accept(permit, count) == length
    assert planned.length is None


def test_a_length_is_not_tried_when_all_have_left_any_window() -> None:
    """After a pause. Requests that are not too old can still show it."""
    planned = trial(1.5, 2.5)
    assert planned.starts_at(deque(Permit(0.0, 0, 0.5) for _ in range(9)), 2.5, 2.7) == math.inf
    later = deque(Permit(0.0, 0, 0.5 if number < 20 else 0.7) for number in range(30))
    assert planned.starts_at(later, 2.5, 2.7) == pytest.approx(2.702)


def test_a_length_that_is_the_retry_after_is_not_taken_for_a_shorter_one() -> None:
    """The bound is a difference of times, which are rounded."""
    assert trial(0.05 + 2.0 - 0.05 - 1.0, 0.05 + 2.0 - 0.05).length is None


def test_a_probe_is_not_a_trial() -> None:
    """It goes when Retry-After has passed, which is not related to the usual length."""
    known = LimitModel(lambda: 0.0)
    for tenths in range(10):
        known.accept(known.take(tenths / 20, "interactive"), tenths / 20 + 0.4, 10, 0)
    known.reject(known.take(0.6, "interactive"), 1.0, 2.0, 10, 0)
    known.accept(known.take(3.1, "interactive"), 3.5, 10, 9)
    assert known.window.trial.length == 2.0
