"""What is known of one key's limit, and what follows from it: whether another request may go, and when."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

from ._cooldown import Cooldown
from ._window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._http.messages import Priority

    from ._window import Permit

_SMALL_LIMIT: Final = 100
_SHORT_WINDOW: Final = 5.0
_USUAL_LENGTHS: Final = (1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
"""Seconds that windows are made of by people; just after each it pays to look whether the requests have left."""


@final
class LimitModel:
    """What is known of one key's limit; it outlives the loop that learned it.

    Attributes:
        window: What the answers told.
        cooldown: What the refusals asked.
        slow_start: How many may be in flight as long as no answer has told a limit: one more for each answer.
        retry_unknown_at: When to provoke a refusal again if the length of the window is still unknown.
    """

    __slots__ = ("_looked", "cooldown", "retry_unknown_at", "slow_start", "window")

    def __init__(self, jitter: Callable[[], float]) -> None:
        self.window = Window()
        self.cooldown = Cooldown(jitter)
        self.slow_start = 1
        self.retry_unknown_at = -math.inf
        self._looked = 0.0  # an age that requests were seen to reach while they counted

    def forget_flights(self) -> None:
        """Forget what was in flight: its loop is gone, and nobody will tell how it ended."""
        self.window.in_flight = 0
        self.cooldown.probe = None

    def allows(self, now: float, priority: Priority) -> bool:
        """Return whether one more request may go; those of a bulk leave the reserve alone."""
        window, cooldown = self.window, self.cooldown
        if cooldown.half_open and (cooldown.probe is not None or now < cooldown.until):
            return False
        limit = window.limit
        if limit is None:
            return cooldown.half_open or window.in_flight < self.slow_start
        if window.free(now, 0 if priority == "interactive" else self._reserve(limit)) > 0:
            return True
        if priority != "interactive" and window.free(now) > 0:
            return window.in_flight == 0 and now >= self._next_look()
        return self.should_probe(now)

    def should_probe(self, now: float) -> bool:
        """Return whether one request is sent though it will likely be refused.

        It is as long as nothing else can tell when the next one fits: the refusal will.
        """
        window, cooldown = self.window, self.cooldown
        if window.limit is None or window.length is not None or window.used(now) < window.limit:
            return False
        return cooldown.half_open or (window.in_flight == 0 and now >= self.retry_unknown_at)

    def take(self, now: float, priority: Priority) -> Permit:
        """Note that a request goes that was permitted."""
        window, cooldown = self.window, self.cooldown
        if priority != "interactive" and (oldest := window.oldest) is not None and now >= self._next_look():
            self._looked = now - oldest
        sent = window.send(now)
        if cooldown.half_open:
            cooldown.probe = sent
        return sent

    def take_nowait(self, now: float, priority: Priority) -> Permit | None:
        """Note that a request goes if it is permitted; None if it is not."""
        if priority == "interactive" and not self.cooldown.half_open:
            # Nearly all go while there is plenty of room and nothing else to mind.
            sent = self.window.try_send(now)
            if sent is not None:
                return sent
        return self.take(now, priority) if self.allows(now, priority) else None

    def next_change(self, now: float) -> float | None:
        """Return when `allows` may change by itself; None when only the end of a request can change it."""
        times = [self.window.next_change(now), self.cooldown.until, self.retry_unknown_at, self._next_look()]
        return min((when for when in times if when is not None and now < when < math.inf), default=None)

    def _reserve(self, limit: int) -> int:
        """Return how many requests of a window are kept for single calls: none if the next slot is near anyway."""
        length = self.window.length
        return limit // 50 if limit >= _SMALL_LIMIT and (length is None or length > _SHORT_WINDOW) else 0

    def _next_look(self) -> float:
        """Return when one of the bulk may use the reserve, to see whether the window is shorter than known."""
        oldest, length = self.window.oldest, self.window.length
        if oldest is None:
            return math.inf
        longest = math.inf if length is None else 0.9 * length
        age = next((age for age in _USUAL_LENGTHS if self._looked < age < longest), math.inf)
        return oldest + age * 1.001 + 0.01
