"""Estimates of a run of tests: a plan before it starts, its progress while it runs."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tripwire_async.middleware import RateLimitState

    from .outcomes import TestState


@attrs.frozen(kw_only=True)
class Plan:
    """About what a run will take, if nothing goes wrong.

    Attributes:
        endpoints: How many tests it sends.
        requests: How many requests it makes, the reads included.
        seconds: How long it lasts.
        limit: The requests that fit into the service's window; None when that is not known yet, and 600 was taken.
        window: The length of that window in seconds; None when that is not known yet, and a minute was taken.
    """

    endpoints: int
    requests: int
    seconds: float
    limit: int | None
    window: float | None


_USUAL_LIMIT: Final = 600
_USUAL_WINDOW: Final = 60.0


def make_plan(endpoints: int, in_flight: int, usual: float, limits: RateLimitState | None, *, settle: bool) -> Plan:
    """Return the plan for so many *endpoints*, whose deliveries take *usual* seconds; 0 for not known."""
    rounds = math.ceil(endpoints / in_flight)
    reads = 0
    if settle:
        # Without knowing when to read, the first round takes a few reads more.
        reads = endpoints if endpoints <= 2 else 2 * rounds + (0 if usual else 3)
    requests = endpoints + reads
    limit = None if limits is None else limits.limit
    window = None if limits is None else limits.window
    fitting = limit or _USUAL_LIMIT
    free = fitting if limits is None or limits.remaining is None else limits.remaining
    windows = math.ceil(max(0, requests - free) / fitting)
    settling = (usual or 1.0) if settle else 0.0
    held = windows * (window or _USUAL_WINDOW) + (0.0 if limits is None else limits.cooldown)
    seconds = max(held + settling, rounds * settling) if endpoints else 0.0
    return Plan(endpoints=endpoints, requests=requests, seconds=seconds, limit=limit, window=window)


@attrs.frozen(kw_only=True)
class Progress:
    """Where a run stands at one moment.

    Attributes:
        endpoints: How many tests it sends; None before that is known.
        states: How many tests have ended in each state; a state that none ended in is left out.
        sending: Tests that are begun and not accepted yet, most of them waiting for the rate limit.
        pending: Tests that were accepted and whose delivery has not ended.
        seconds: For how long it has run.
        seconds_left: About how long it will go on; None when nothing can be said yet.
        limits: Where the rate limit stands; None without one.
    """

    endpoints: int | None
    states: Mapping[TestState, int]
    sending: int
    pending: int
    seconds: float
    seconds_left: float | None
    limits: RateLimitState | None

    @property
    def done(self) -> int:
        """How many tests have ended, in whatever way."""
        return sum(self.states.values())

    @property
    def rate(self) -> float:
        """How many tests have ended per second, so far."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def cooldown(self) -> float:
        """Seconds until anything is sent again after the service has refused for its limit; 0 when nothing is held."""
        return 0.0 if self.limits is None else self.limits.cooldown


def make_progress(
    endpoints: int | None,
    ended: Iterable[TestState],
    under_way: Iterable[bool],
    seconds: float,
    *,
    in_flight: int,
    usual: float,
    limits: RateLimitState | None,
    settle: bool,
) -> Progress:
    """Return the progress of a run that has lasted so many *seconds*.

    *ended* has the state of each test that has ended, *under_way* for each other that was begun whether it was
    accepted; *usual* is how many seconds deliveries take, 0 for not known.
    """
    states = Counter(ended)
    accepted = Counter(under_way)
    done = states.total()
    return Progress(
        endpoints=endpoints,
        states=states,
        sending=accepted[False],
        pending=accepted[True],
        seconds=seconds,
        seconds_left=None
        if endpoints is None
        else _left(endpoints, done, seconds, in_flight=in_flight, usual=usual, limits=limits, settle=settle),
        limits=limits,
    )


def _left(
    endpoints: int,
    done: int,
    seconds: float,
    *,
    in_flight: int,
    usual: float,
    limits: RateLimitState | None,
    settle: bool,
) -> float | None:
    """Return what is left of the time that the whole run takes by plan; later, what the pace so far lets expect."""
    if done >= endpoints:
        return 0.0
    if limits is not None and limits.limit is None and not done:
        return None
    # The limit lets tests go in bursts, so that the pace says little before a window is over; a plan knows of windows.
    whole = None if limits is None else attrs.evolve(limits, remaining=limits.limit, cooldown=0.0)
    planned = make_plan(endpoints, in_flight, usual, whole, settle=settle).seconds - seconds
    if planned > 0:
        expected: float | None = planned
    else:
        expected = seconds * (endpoints - done) / done if done else None
    held = 0.0 if limits is None else limits.cooldown
    return held or None if expected is None else max(expected, held)
