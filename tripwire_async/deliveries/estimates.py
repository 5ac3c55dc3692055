"""Estimates of a run of tests: a plan before it starts, its progress while it runs."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tripwire_async.middleware import RateLimitState

    from .outcomes import TestState

_USUAL_LIMIT: Final = 600
_USUAL_WINDOW: Final = 60.0


@attrs.frozen(kw_only=True)
class Conditions:
    """Conditions that determine the number of requests and the duration of a run.

    Attributes:
        in_flight: Number of tests in flight at once, at most.
        usual: Usual duration of a delivery in seconds; 0 if it is not known.
        limits: State of the rate limit; None without one.
        settle: Whether the run waits for the deliveries.
    """

    in_flight: int
    usual: float
    limits: RateLimitState | None
    settle: bool


@attrs.frozen(kw_only=True)
class Plan:
    """Estimated requests and duration of a run in which nothing fails.

    Attributes:
        endpoints: Number of tests to send.
        requests: Number of requests, reads included.
        seconds: Duration of the run in seconds.
        limit: Requests per window of the service; None if not known yet, in which case 600 was assumed.
        window: Length of that window in seconds; None if not known yet, in which case 60 was assumed.
    """

    endpoints: int
    requests: int
    seconds: float
    limit: int | None
    window: float | None


def make_plan(endpoints: int, conditions: Conditions) -> Plan:
    """Return the plan of a run over a number of *endpoints*."""
    usual, limits, settle = conditions.usual, conditions.limits, conditions.settle
    rounds = math.ceil(endpoints / conditions.in_flight)
    reads = 0
    if settle:
        # The first round takes a few more reads while the usual duration of a delivery is not known.
        reads = endpoints if endpoints <= 2 else 2 * rounds + (0 if usual else 3)
    requests = endpoints + reads
    limit = None if limits is None else limits.limit
    window = None if limits is None else limits.window
    per_window = limit or _USUAL_LIMIT
    free = per_window if limits is None or limits.remaining is None else limits.remaining
    windows = math.ceil(max(0, requests - free) / per_window)
    settling = (usual or 1.0) if settle else 0.0
    held = windows * (window or _USUAL_WINDOW) + (0.0 if limits is None else limits.cooldown)
    seconds = max(held + settling, rounds * settling) if endpoints else 0.0
    return Plan(endpoints=endpoints, requests=requests, seconds=seconds, limit=limit, window=window)


@attrs.define
class TestCounts:
    """Number of tests of a run in each phase; kept up to date, so that reading it costs the same for any run.

    Attributes:
        sending: Tests that were started and are not accepted yet.
        pending: Tests that were accepted and whose delivery has not ended.
        states: Number of tests that ended in each state.
    """

    __test__ = False  # not a test class for pytest

    sending: int = 0
    pending: int = 0
    states: Counter[TestState] = attrs.field(factory=Counter)


@attrs.frozen(kw_only=True)
class Progress:
    """Snapshot of a run.

    Attributes:
        endpoints: Number of tests to send; None until it is known.
        states: Number of tests that ended in each state. States without a test are left out.
        sending: Tests that were started and are not accepted yet. Most of them wait for the rate limit.
        pending: Tests that were accepted and whose delivery has not ended.
        seconds: Seconds since the start of the run, or its duration once it has ended.
        seconds_left: Estimated seconds until the end; 0 if the run has ended, None if there is no estimate yet.
        limits: State of the rate limit; None without one.
        workers: Number of workers alive, this one included: 1 without a journal.
    """

    endpoints: int | None
    states: Mapping[TestState, int]
    sending: int
    pending: int
    seconds: float
    seconds_left: float | None
    limits: RateLimitState | None
    workers: int = 1

    @property
    def done(self) -> int:
        """Number of tests that have ended, in any state."""
        return sum(self.states.values())

    @property
    def rate(self) -> float:
        """Tests ended per second so far."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def cooldown(self) -> float:
        """Seconds until the end of the cooldown after a rejection (429); 0 without a cooldown."""
        return 0.0 if self.limits is None else self.limits.cooldown


def make_progress(
    endpoints: int | None,
    counts: TestCounts,
    seconds: float,
    conditions: Conditions,
    *,
    is_over: bool,
    workers: int = 1,
    done_before: int = 0,
) -> Progress:
    """Return the progress of a run over a number of *endpoints* that started *seconds* ago.

    *done_before* is how many of them had been tested before that, by other *workers* or at another time.
    """
    if is_over:
        left: float | None = 0.0
    elif endpoints is None:
        left = None
    else:
        done = counts.states.total() - done_before
        left = _seconds_left(endpoints - done_before, done, seconds, conditions)
    return Progress(
        endpoints=endpoints,
        states=dict(counts.states),
        sending=counts.sending,
        pending=counts.pending,
        seconds=seconds,
        seconds_left=left,
        limits=conditions.limits,
        workers=workers,
    )


def _seconds_left(endpoints: int, done: int, seconds: float, conditions: Conditions) -> float | None:
    """Return what remains of the planned duration; once that has passed, extrapolate the rate so far."""
    limits = conditions.limits
    if done >= endpoints:
        return 0.0
    if limits is not None and limits.limit is None and not done:
        return None
    # The limit admits tests in bursts. The rate says little before a window is over, and the plan considers windows.
    whole = None if limits is None else attrs.evolve(limits, remaining=limits.limit, cooldown=0.0)
    planned = make_plan(endpoints, attrs.evolve(conditions, limits=whole)).seconds - seconds
    if planned > 0:
        expected: float | None = planned
    else:
        expected = seconds * (endpoints - done) / done if done else None
    held = 0.0 if limits is None else limits.cooldown
    return held or None if expected is None else max(expected, held)
