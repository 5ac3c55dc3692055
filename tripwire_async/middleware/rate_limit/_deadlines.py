"""Deadlines of the calls that wait for one key, with one timer for all of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, final

from tripwire_async._concurrency.due_queue import DueQueue, while_present

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._concurrency.clock import Clock, Timer

    from ._queue import Waiter


@final
class Deadlines:
    """Deadlines of waiting calls.

    A timer for each call would be six objects and several microseconds; thousands of calls may wait. The timer is set
    to the earliest deadline. If that call goes before it, the timer fires once without effect, and is then set to the
    earliest of the rest.

    Args:
        clock: The clock of the deadlines.
        time_out: Called with each waiter whose deadline has passed.
    """

    __slots__ = ("_added", "_clock", "_queue", "_time_out", "_timer", "_timer_at", "_waiters")

    def __init__(self, clock: Clock, time_out: Callable[[Waiter], None]) -> None:
        self._clock = clock
        self._time_out = time_out
        self._added = 0
        self._waiters: dict[int, Waiter] = {}
        self._queue: DueQueue[int, Waiter] = DueQueue(self._waiters, while_present, self._waiters.__len__)
        self._timer: Timer | None = None
        self._timer_at = math.inf

    def add(self, waiter: Waiter) -> None:
        """Time out *waiter* at its deadline, unless it is discarded before."""
        if waiter.deadline == math.inf:
            return
        self._added += 1
        waiter.number = self._added
        self._waiters[waiter.number] = waiter
        self._queue.push(waiter.deadline, waiter.number)
        if waiter.deadline < self._timer_at:
            self._stop()
            self._start(waiter.deadline)

    def discard(self, waiter: Waiter) -> None:
        """Forget *waiter*, if it was added."""
        if self._waiters.pop(waiter.number, None) is not None and not self._waiters:
            self._stop()

    def _start(self, when: float) -> None:
        self._timer_at = when
        self._timer = self._clock.call_at(when, self._on_timer)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._timer_at = None, math.inf

    def _on_timer(self) -> None:
        # Event loops run timers slightly early. Without max(), the deadline would not have passed yet.
        now = max(self._clock.now(), self._timer_at)
        self._timer, self._timer_at = None, math.inf
        while (first := self._queue.first()) is not None:
            when, waiter = first
            if when > now:
                self._start(when)
                return
            self.discard(waiter)
            self._time_out(waiter)
