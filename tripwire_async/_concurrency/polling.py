"""Polling with a schedule, shared by all tasks that wait for the same state."""

from __future__ import annotations

import asyncio
import functools
import math
import random
from typing import TYPE_CHECKING, Final, Generic, TypeAlias, TypeVar, final

import attrs

from .clock import LOOP_CLOCK
from .contexts import InEmptyContext
from .per_loop import PerLoop
from .single_flight import SingleFlight

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .clock import Clock

T = TypeVar("T")

Read: TypeAlias = "Callable[[float | None], Awaitable[T | None]]"
"""Reads once, within the given seconds; None for no limit.

It returns None while there is nothing to read. An error that it raises ends every wait. Each wait passes it as an
argument: the function belongs to the owner of the poller, and storing it would create a reference cycle.
"""


@attrs.frozen(kw_only=True)
class PollSchedule:
    """Poll intervals: *first* seconds, then *factor* times longer each time, up to *longest*.

    Attributes:
        first: Seconds before the first read.
        factor: Factor between an interval and the next one.
        longest: Longest interval in seconds, without jitter.
        jitter: Largest random extension of an interval, as a fraction from 0 to 1, so that waits that started together
            do not poll together.
    """

    first: float = attrs.field(default=0.5, validator=attrs.validators.gt(0))
    factor: float = attrs.field(default=1.5, validator=attrs.validators.ge(1))
    longest: float = attrs.field(default=10.0, validator=attrs.validators.gt(0))
    jitter: float = attrs.field(
        default=0.1, validator=attrs.validators.and_(attrs.validators.ge(0), attrs.validators.le(1))
    )

    def pause(self, reads: int) -> float:
        """Return the seconds to wait after a number of *reads*, without the jitter."""
        # A long wait makes the exponent large enough to overflow; the longest pause was reached long before.
        return min(self.longest, self.first * self.factor ** min(reads, 64))

    def pause_at(self, age: float) -> float:
        """Return the seconds to wait after a read at *age* seconds from the start, without the jitter.

        Reads at these ages follow the schedule, also where one of them was made early or late.
        """
        return min(self.longest, self.first + (self.factor - 1) * age)


class PollTimeout(Exception):  # noqa: N818 - a signal inside the package, which its caller turns into an error
    """The timeout of one wait has passed."""


_MARGIN: Final = 1e-3
"""Seconds before the end of a wait from which on no read is started: its response would come too late."""


@final
class SharedPoller(Generic[T]):
    """Poll one thing for any number of waits; those on one event loop share their reads.

    Args:
        latest: State that is known already, or None.
        schedule: Poll intervals. Without a known state, the first read is made at once.
        clock: The clock of pauses and timeouts.
        rng: Returns a number from 0 to 1, for the jitter.

    Attributes:
        latest: State of the last read, or None.
    """

    __slots__ = ("_clock", "_due", "_flights", "_reads", "_rng", "_schedule", "latest")

    def __init__(
        self,
        *,
        latest: T | None,
        schedule: PollSchedule,
        clock: Clock = LOOP_CLOCK,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self.latest = latest
        self._schedule = schedule
        self._clock = clock
        self._rng = rng
        self._reads = 0
        self._due: float | None = None
        self._flights: PerLoop[SingleFlight[bool]] = PerLoop(lambda: SingleFlight[bool](clock))

    def statistics(self) -> dict[str, int]:
        """Return how many waits lead and follow on the running event loop."""
        return self._flights.get().statistics()

    async def until(self, read: Read[T], done: Callable[[T], bool], *, timeout: float | None) -> T:
        """Return the first value that is *done*, from the *latest* on.

        Any number of tasks may wait at the same time, each for another value; they share the reads.

        Raises:
            PollTimeout: *timeout* seconds have passed; another wait continues where this one ended.
        """
        end = math.inf if timeout is None else self._clock.now() + timeout
        flight = self._flights.get()
        while self.latest is None or not done(self.latest):
            if self._clock.now() >= end - _MARGIN:
                raise PollTimeout
            await flight.run(functools.partial(self._read_when_due, flight, read, end), until=end)
        return self.latest

    async def _read_when_due(self, flight: SingleFlight[bool], read: Read[T], end: float) -> bool | None:
        """Read once when that is due; None if the *end* of this wait comes before."""
        due = self._next_due()
        await self._clock.sleep(max(0.0, min(due, end) - self._clock.now()))
        if due >= end - _MARGIN:
            return None
        try:
            # The others who wait receive its result too.
            value = await InEmptyContext(read(None if end == math.inf else end - self._clock.now()))
        except asyncio.CancelledError:
            # With other waits the read stays due: the next of them makes it, at once. Without, it counts, so that waits
            # that are started and cancelled again and again do not become a stream of requests.
            if not flight.followers:
                self._plan_next()
            raise
        except Exception:
            self._plan_next()
            raise
        self._plan_next()
        if value is not None:
            self.latest = value
        return True

    def _next_due(self) -> float:
        if self._due is None:
            pause = 0.0 if self.latest is None and self._reads == 0 else self._schedule.pause(self._reads)
            self._due = self._clock.now() + pause * (1 + self._schedule.jitter * self._rng())
        return self._due

    def _plan_next(self) -> None:
        self._reads += 1
        self._due = None
