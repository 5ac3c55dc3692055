"""Limits in time for what tasks do: `asyncio.timeout` in its essentials, with one timer for all of a loop.

A limit that is nearly never reached should cost nearly nothing. A timer of the event loop costs several microseconds,
most of them for being cancelled; here setting a limit and lifting it are an insertion and a removal.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any, final

import msgspec

if TYPE_CHECKING:
    from types import TracebackType

    from .clock import Clock, Timer


class Alarm(msgspec.Struct, eq=False):
    """A block of one task that must have ended *when* the clock says so, else it is cancelled.

    On leaving the ``with`` block, that cancellation becomes a TimeoutError. Somebody else's passes through as it is,
    also when both come together: it is the one that counts.
    """

    alarms: Alarms
    when: float
    task: asyncio.Task[Any] = None  # type: ignore[assignment] # pyright: ignore[reportAssignmentType] - on entering
    before: int = 0
    rang: bool = False

    def ring(self) -> None:
        """Cancel the task."""
        self.rang = True
        self.task.cancel()

    def __enter__(self) -> None:
        self.task = task = asyncio.current_task(self.alarms.loop)  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue] - in a coroutine there is one
        self.before = task.cancelling()  # type: ignore[union-attr] # pyright: ignore[reportOptionalMemberAccess] - as above
        self.alarms.pending.add(self)
        if self.when < self.alarms.rings_at:
            self.alarms.start_timer(self.when)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.alarms.pending.discard(self)
        if self.rang and self.task.uncancel() <= self.before and kind is asyncio.CancelledError:
            raise TimeoutError from error


@final
class Alarms:
    """The alarms of one event loop, and the one timer that they share.

    The timer stands at the earliest of the alarms that were set when it was, or before; those that were removed since
    let it ring in vain, once.

    Attributes:
        loop: The event loop that they are of.
        pending: Those that have not rung; to remove one is to forget it.
        rings_at: When the timer rings; infinite when there is none.
    """

    __slots__ = ("_clock", "_timer", "loop", "pending", "rings_at")

    def __init__(self, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.pending: set[Alarm] = set()
        self._clock = clock
        self._timer: Timer | None = None
        self.rings_at = math.inf

    def stop(self) -> None:
        """Stop the timer; what is still set rings no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.rings_at = math.inf

    def start_timer(self, when: float) -> None:
        """Have the timer ring at *when*, and at no other time."""
        self.stop()
        self.rings_at = when
        self._timer = self._clock.call_at(when, self._ring)

    def _ring(self) -> None:
        # Loops run timers a touch early: seen from just before it, nothing would be due.
        now = max(self._clock.now(), self.rings_at)
        self._timer = None
        self.rings_at = math.inf
        for alarm in [alarm for alarm in self.pending if alarm.when <= now]:
            self.pending.discard(alarm)
            alarm.ring()
        if self.pending:
            self.start_timer(min(alarm.when for alarm in self.pending))
