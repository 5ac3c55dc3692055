"""Timeouts for blocks of tasks: the essentials of `asyncio.timeout`, with one timer per event loop.

A timer of the event loop costs several microseconds, most of them for cancelling it. A timeout that hardly ever expires
should cost next to nothing: here, setting and clearing one is an insertion into a set and a removal from it.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any, final

import msgspec

if TYPE_CHECKING:
    from types import TracebackType

    from .clock import Clock, Timer


class Timeout(msgspec.Struct, eq=False):
    """A ``with`` block that cancels its task at *when*, on the group's clock, and then raises `TimeoutError`.

    A cancellation from elsewhere passes through unchanged, also when it arrives together with the timeout.
    """

    group: TimeoutGroup
    when: float
    task: asyncio.Task[Any] = None  # type: ignore[assignment] # pyright: ignore[reportAssignmentType] - set on entry
    cancellations: int = 0
    expired: bool = False

    def expire(self) -> None:
        """Cancel the task."""
        self.expired = True
        self.task.cancel()

    def __enter__(self) -> None:
        group = self.group
        task = asyncio.current_task(group.loop)
        if task is None:
            msg = "this coroutine runs in no task of the event loop that its request was made on"
            raise RuntimeError(msg)
        self.task = task
        self.cancellations = task.cancelling()
        group.pending.add(self)
        if self.when < group.expires_at:
            group.start_timer(self.when)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.group.pending.discard(self)
        if self.expired and self.task.uncancel() <= self.cancellations and kind is asyncio.CancelledError:
            raise TimeoutError from error


@final
class TimeoutGroup:
    """The timeouts of one event loop and the timer that they share.

    The timer is set to the earliest timeout that was entered since it was last set. When that timeout is cleared, the
    timer still fires once, without effect, and is then set to the earliest of the rest.

    Attributes:
        loop: The event loop that the timeouts belong to.
        pending: The timeouts that have not expired; removing one clears it.
        expires_at: When the timer fires; infinite when there is no timer.
    """

    __slots__ = ("_clock", "_timer", "expires_at", "loop", "pending")

    def __init__(self, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.pending: set[Timeout] = set()
        self.expires_at = math.inf
        self._clock = clock
        self._timer: Timer | None = None

    def stop(self) -> None:
        """Stop the timer: pending timeouts no longer expire until another one is entered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.expires_at = math.inf

    def start_timer(self, when: float) -> None:
        """Set the timer to *when*; it replaces the one that was set before."""
        self.stop()
        self.expires_at = when
        self._timer = self._clock.call_at(when, self._expire_due)

    def _expire_due(self) -> None:
        # An event loop may run a timer slightly early. Without max(), the timeout would not be due yet.
        now = max(self._clock.now(), self.expires_at)
        self._timer = None
        self.expires_at = math.inf
        for timeout in [timeout for timeout in self.pending if timeout.when <= now]:
            self.pending.discard(timeout)
            timeout.expire()
        if self.pending:
            self.start_timer(min(timeout.when for timeout in self.pending))
