"""Admission: whether one more request of a key may be sent now, and when that can change."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

from ._cooldown import MAX_COOLDOWN, Cooldown
from ._flight import FlightLimit
from ._trial import USUAL_LENGTHS
from ._window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._http.messages import Priority

    from ._permit import Permit

_SMALL_LIMIT: Final = 100
_SHORT_WINDOW: Final = 5.0


@final
class LimitModel:
    """Estimate of the limit of one key; it outlives the event loop that learned it.

    Attributes:
        window: Estimate from the responses.
        cooldown: Pause after a rejection.
        flight: Bound on the requests in flight, from rejections that the window does not explain.
        slow_start: How many may be in flight until a response reports a limit; one more after each response.
        retry_unknown_at: When to provoke a rejection again if the length of the window is still unknown.
    """

    __slots__ = ("_checked_age", "_checked_oldest", "cooldown", "flight", "retry_unknown_at", "slow_start", "window")

    def __init__(self, jitter: Callable[[], float]) -> None:
        self.window = Window()
        self.cooldown = Cooldown(jitter)
        self.flight = FlightLimit()
        self.slow_start = 1
        self.retry_unknown_at = -math.inf
        self._checked_age = 0.0  # an age that requests have reached while they were counted
        self._checked_oldest = -math.inf  # end of the request that reached it

    def forget_flights(self) -> None:
        """Forget the requests in flight: their loop is closed, and their ends will not be reported."""
        self.window.in_flight = 0
        self.cooldown.probe = None

    def allows(self, now: float, priority: Priority, *, use_reserve: bool = False) -> bool:
        """Return whether one more request may be sent.

        Requests other than interactive ones leave a small part of a long window free, unless *use_reserve*.
        """
        window, cooldown = self.window, self.cooldown
        if cooldown.half_open:
            # Whatever the count says: if it is wrong, only a response can correct it.
            return cooldown.probe is None and now >= cooldown.until
        if window.in_flight + 1 > self.flight.bound:
            return False
        limit = window.limit
        if limit is None:
            return window.in_flight < self.slow_start
        use_reserve = use_reserve or priority == "interactive"
        if window.free(now, 0 if use_reserve else self._reserve(limit)) > 0:
            return True
        if not use_reserve and window.free(now) > 0:
            return window.in_flight == 0 and now >= self._next_check()
        return self.should_probe(now)

    def should_probe(self, now: float) -> bool:
        """Return whether to send one request that will likely be rejected.

        While the length of a full window is unknown, only a rejection shows when the next request fits. A usual length
        is tried the same way, once.
        """
        window = self.window
        if window.limit is None or window.used(now) < window.limit:
            return False
        if not window.is_precise:
            return window.in_flight == 0 and now >= self.retry_unknown_at
        return now >= window.trial_at(now)

    def take(self, now: float, priority: Priority) -> Permit:
        """Note that a request is sent that was allowed."""
        window, cooldown = self.window, self.cooldown
        if priority != "interactive" and now >= self._next_check():
            self._checked_age, self._checked_oldest = now - window.oldest, window.oldest
        is_trial = not cooldown.half_open and window.is_precise and self.should_probe(now)
        permit = window.send(now)
        if cooldown.half_open:
            cooldown.probe = permit
        elif is_trial:
            window.start_trial(permit)
        return permit

    def take_nowait(self, now: float, priority: Priority) -> Permit | None:
        """Note that a request is sent if it is allowed; return None if it is not."""
        if priority == "interactive" and not self.cooldown.half_open and self.flight.bound == math.inf:
            # The usual case: plenty of room, and nothing else to check.
            permit = self.window.send_nowait(now)
            if permit is not None:
                return permit
        return self.take(now, priority) if self.allows(now, priority) else None

    def accept(self, permit: Permit, now: float, limit: int | None, remaining: int | None) -> None:
        """Note an accepted request; *limit* and *remaining* are from the headers of its response."""
        window = self.window
        is_probe = self.cooldown.probe is permit
        if is_probe:
            window.accept_probe(now)
        window.accept(permit, now, limit, remaining)
        if is_probe:
            self.cooldown.accept(permit, now)
        self.slow_start += 1
        flight = self.flight
        if flight.bound == math.inf:
            flight.accepted += 1
        else:
            flight.accept(window.limit)
        if not window.in_flight:
            flight.end()

    def reject(
        self, permit: Permit, now: float, retry_after: float | None, limit: int | None, remaining: int | None
    ) -> bool:
        """Note a rejected request, and start a cooldown; return whether the limit of the headers explains it."""
        window, cooldown = self.window, self.cooldown
        is_explained = self._explains(limit, remaining)
        cooldown.reject(permit, permit.sent_at, now, retry_after)
        if is_explained:
            # A time longer than the longest cooldown is a penalty or an error, and not related to the window.
            is_usable = retry_after is not None and retry_after <= MAX_COOLDOWN
            window.reject(permit, now, retry_after if is_usable else None, limit)
            self.slow_start = 1
            self.retry_unknown_at = 2 * cooldown.until - now
        else:
            self.flight.reject(window.in_flight)
            if limit is None:
                # Probably a proxy in front, so it was not counted. If it was, the next response corrects the count.
                window.unsend(permit)
            else:
                window.lose(permit, now)
        self._check_flight()
        return is_explained

    def lose(self, permit: Permit, now: float, *, counted: bool) -> None:
        """Note a request without a response; *counted* unless it certainly did not reach the service."""
        if counted:
            self.window.lose(permit, now)
            self.slow_start += 1
        else:
            self.window.unsend(permit)
        self.cooldown.probe_lost(permit)
        self._check_flight()

    def abandon(self, permit: Permit) -> None:
        """Note a request whose coroutine was closed; no clock can be read."""
        self.lose(permit, math.nan, counted=False)

    def next_change(self, now: float) -> float | None:
        """Return when `allows` may change without a response; None if only a response can change it."""
        window = self.window
        times = [
            window.next_change(now),
            window.trial_at(now),
            self.cooldown.until,
            self.retry_unknown_at,
            self._next_check(),
        ]
        return min((when for when in times if when is not None and now < when < math.inf), default=None)

    def _explains(self, limit: int | None, remaining: int | None) -> bool:
        """Return whether a rejection with these headers is due to the limit that the headers describe."""
        if limit is None:
            return self.window.limit is None  # the service sends the headers, so something in front rejected this one
        return not remaining

    def _check_flight(self) -> None:
        if not self.window.in_flight:
            self.flight.end()

    def _reserve(self, limit: int) -> int:
        """Return how many requests of a window are reserved for interactive calls; none if the next slot is near."""
        length = self.window.length
        return limit // 50 if limit >= _SMALL_LIMIT and (length is None or length > _SHORT_WINDOW) else 0

    def _next_check(self) -> float:
        """Return when a bulk request may use the reserve, to see whether the window is shorter than assumed."""
        window = self.window
        oldest, length = window.oldest, window.length
        longest = math.inf if length is None else 0.9 * length
        # Before the length is known, a request can be old because no other was sent since.
        checked = self._checked_age if window.is_precise or oldest == self._checked_oldest else 0.0
        age = next((age for age in USUAL_LENGTHS if checked < age < longest), math.inf)
        return oldest + age * 1.001 + 0.01
