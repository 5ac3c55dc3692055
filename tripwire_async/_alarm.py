"""Limits in time for what tasks do: `asyncio.timeout` in its essentials, with one timer for all of a loop.

A limit that is nearly never reached should cost nearly nothing. A timer of the event loop costs several microseconds,
most of them for being cancelled; here setting a limit and lifting it are an insertion and a removal.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from types import TracebackType

    from ._clock import Clock, Timer


@final
class Alarm:
    """A block of one task that must have ended *when* the clock says so, else it is cancelled.

    On leaving the ``with`` block, that cancellation becomes a TimeoutError. Somebody else's passes through as it is,
    also when both come together: it is the one that counts.
    """

    __slots__ = ("_alarms", "_before", "_rang", "_task", "when")

    def __init__(self, alarms: Alarms, when: float) -> None:
        self.when = when
        self._alarms = alarms
        self._task: asyncio.Task[Any] = asyncio.current_task()  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue] - in a coroutine there is one
        self._before = self._task.cancelling()
        self._rang = False

    def ring(self) -> None:
        """Cancel the task."""
        self._rang = True
        self._task.cancel()

    def __enter__(self) -> None:
        self._alarms.add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._alarms.remove(self)
        if self._rang and self._task.uncancel() <= self._before and kind is asyncio.CancelledError:
            raise TimeoutError from error


@final
class Alarms:
    """The alarms of one event loop, and the one timer that they share.

    The timer stands at the earliest of the alarms that were set when it was, or before; those that were removed since
    let it ring in vain, once.
    """

    __slots__ = ("_clock", "_set", "_timer", "_timer_at")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._set: set[Alarm] = set()
        self._timer: Timer | None = None
        self._timer_at = 0.0

    def add(self, alarm: Alarm) -> None:
        """Let *alarm* ring at its time."""
        self._set.add(alarm)
        if self._timer is None or alarm.when < self._timer_at:
            self._start_timer(alarm.when)

    def remove(self, alarm: Alarm) -> None:
        """Let *alarm* ring no more; fine if it has rung."""
        self._set.discard(alarm)

    def stop(self) -> None:
        """Stop the timer; what is still set rings no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start_timer(self, when: float) -> None:
        self.stop()
        self._timer_at = when
        self._timer = self._clock.call_at(when, self._ring)

    def _ring(self) -> None:
        self._timer = None
        # Loops run timers a touch early: seen from just before it, nothing would be due.
        now = max(self._clock.now(), self._timer_at)
        for alarm in [alarm for alarm in self._set if alarm.when <= now]:
            self._set.discard(alarm)
            alarm.ring()
        if self._set:
            self._start_timer(min(alarm.when for alarm in self._set))
