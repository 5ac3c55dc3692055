"""One stream of reads for any number of waiters.

Whoever waits first leads: it sleeps until the next read is due, reads, and tells the others. The others wait for it.
When the leader leaves, by cancellation, by its own timeout or because it has what it wanted, the next waiter leads.
So there is no background task, nothing to start and nothing to stop, and a wait that ends leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import functools
import math
import random
from typing import TYPE_CHECKING, Final, Generic, TypeAlias, TypeVar, final

import attrs

from .clock import LOOP_CLOCK

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .clock import Clock

T = TypeVar("T")

Read: TypeAlias = "Callable[[float | None], Awaitable[T | None]]"
"""Reads once, within the seconds that it is given, or with no limit of its own when that is None.

It returns None for *nothing yet*; an error that it raises ends every wait with that error. It is handed over anew for
each wait instead of being kept: whoever owns the poll is what reads, and a cycle of the two would wait for the garbage
collector.
"""


@attrs.frozen(kw_only=True)
class PollSchedule:
    """When to read: first after *first* seconds, then *factor* times longer each time, up to *longest*.

    Attributes:
        first: Seconds before the first read.
        factor: What each pause is multiplied by.
        longest: Seconds that a pause never exceeds, jitter aside.
        jitter: The part of a pause, from 0 to 1, by which it is lengthened at random, so that many waits that began
            together do not read together.
    """

    first: float = attrs.field(default=0.5, validator=attrs.validators.gt(0))
    factor: float = attrs.field(default=1.5, validator=attrs.validators.ge(1))
    longest: float = attrs.field(default=10.0, validator=attrs.validators.gt(0))
    jitter: float = attrs.field(
        default=0.1, validator=attrs.validators.and_(attrs.validators.ge(0), attrs.validators.le(1))
    )

    def pause(self, reads: int) -> float:
        """Return the seconds to wait when *reads* reads have been made, without the jitter."""
        # A long wait makes the exponent large enough to overflow; the longest pause was reached long before.
        return min(self.longest, self.first * self.factor ** min(reads, 64))

    def pause_at(self, age: float) -> float:
        """Return the seconds to wait after a read at *age* seconds from the start, without the jitter.

        Reads at these ages follow the schedule, also where one of them was made early or late.
        """
        return min(self.longest, self.first + (self.factor - 1) * age)


class PollTimeout(Exception):  # noqa: N818 - a signal inside the package, which its catcher makes an error
    """The time of one wait ran out."""


_MARGIN: Final = 1e-3
"""Seconds before a wait's end in which a read is not begun: its answer could not come in time."""


@final
class SharedPoller(Generic[T]):
    """Reads something again and again, once for all who wait for it.

    Args:
        latest: What is known already; None for nothing.
        schedule: When to read. Where nothing is known, the first read comes at once.
        clock: What the pauses and timeouts are measured on.
        rng: Returns a number from 0 to 1, for the jitter.
    """

    __slots__ = (
        "_clock",
        "_due",
        "_has_leader",
        "_latest_sequence",
        "_reads",
        "_rng",
        "_schedule",
        "_sequence",
        "_waiting",
        "latest",
    )

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
        self._sequence = 0
        self._latest_sequence = 0
        self._due: float | None = None
        self._has_leader = False
        self._waiting: dict[asyncio.Future[bool], None] = {}

    async def until(self, read: Read[T], done: Callable[[T], bool], *, timeout: float | None) -> T:
        """Return the first thing read, from the *latest* on, that is *done*.

        Any number of tasks may wait at once, each for something else; they share the reads.

        Raises:
            PollTimeout: *timeout* seconds passed first; another wait can go on where this one ended.
        """
        end = math.inf if timeout is None else self._clock.now() + timeout
        while self.latest is None or not done(self.latest):
            if self._clock.now() >= end - _MARGIN:
                raise PollTimeout
            if self._has_leader:
                await self._wait_for_news(before=end)
            else:
                await self._lead(read, end)
        return self.latest

    async def refresh(self, read: Read[T]) -> T | None:
        """Read once, now, and tell all who wait; return the latest, None for *nothing yet*."""
        try:
            await self._read_once(read, None)
        finally:
            self._notify(None)
        return self.latest

    def next_sequence(self) -> int:
        """Return the number of a read that somebody else begins now, for `publish`."""
        self._sequence += 1
        return self._sequence

    def publish(self, told: T | None, number: int) -> None:
        """Take what somebody else's read of that *number* told, as if this poll had made it."""
        self._take(told, number)
        self._plan_next()
        self._notify(None)

    async def _lead(self, read: Read[T], end: float) -> None:
        """Read once when the next read is due, unless *end* or a `refresh` comes before."""
        self._has_leader = True
        trouble: Exception | None = None
        try:
            due = self._next_due()
            told = due > self._clock.now() and await self._wait_for_news(before=min(due, end))
            if not told and due < end - _MARGIN:
                await self._read_once(read, None if end == math.inf else end - self._clock.now())
        except Exception as error:
            trouble = error
            raise
        finally:
            self._has_leader = False
            self._notify(trouble)

    async def _wait_for_news(self, *, before: float) -> bool:
        """Wait until a read was made, or the time *before* which it should be has come; return whether one was."""
        word: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        timer = None
        if before != math.inf:
            timer = self._clock.call_at(before, functools.partial(_settle, word, told=False))
        self._waiting[word] = None
        try:
            return await word
        finally:
            self._waiting.pop(word, None)
            if timer is not None:
                timer.cancel()

    def _notify(self, trouble: Exception | None) -> None:
        for word in self._waiting:
            if trouble is None:
                _settle(word, told=True)
            elif not word.done():
                word.set_exception(trouble)

    def _next_due(self) -> float:
        if self._due is None:
            pause = 0.0 if self.latest is None and self._reads == 0 else self._schedule.pause(self._reads)
            self._due = self._clock.now() + pause * (1 + self._schedule.jitter * self._rng())
        return self._due

    async def _read_once(self, read: Read[T], limit: float | None) -> None:
        number = self.next_sequence()
        try:
            told = await read(limit)
        except asyncio.CancelledError:
            if not self._waiting:
                self._plan_next()
            # Otherwise the read stays due: the next of those who wait makes it, at once.
            raise
        except Exception:
            self._plan_next()
            raise
        self._plan_next()
        self._take(told, number)

    def _take(self, told: T | None, number: int) -> None:
        # A slow answer to an earlier read must not undo what a later one told.
        if told is not None and number > self._latest_sequence:
            self._latest_sequence = number
            self.latest = told

    def _plan_next(self) -> None:
        self._reads += 1
        self._due = None


def _settle(word: asyncio.Future[bool], *, told: bool) -> None:
    if not word.done():
        word.set_result(told)
