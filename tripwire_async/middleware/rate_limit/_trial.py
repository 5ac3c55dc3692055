"""Trial of a usual window length, after a rejection that leaves the length uncertain by up to a second.

Retry-After in whole seconds is rounded up. If a usual length is within that second, one request just after it shows
whether the window is that short: a third of the requests must have left. If so, the length is known. If not, it costs
one rejection, once.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections import deque

    from ._permit import Permit

USUAL_LENGTHS: Final = (1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
"""Common window lengths in seconds."""
_MIN_COUNTED: Final = 9
"""A third of fewer requests is within the jitter of single ones."""
_WORTHWHILE: Final = 0.95
"""A trial is made if the length is less than this part of the assumed length."""
_LATE: Final = 1.05
"""Requests that ended longer ago than this multiple of the length may have left a longer window too."""
_MIN_DECISIVE: Final = 3
"""So many requests must have left by the length alone: a service may count one more or one less."""
_MARGIN: Final = 1.001
_ROUNDING: Final = 1e-6


@final
class LengthTrial:
    """Trial of one usual length.

    Attributes:
        length: The length to try in seconds; None without one.
        permit: The request that tries it; None as long as none does.
    """

    __slots__ = ("_max_count", "length", "permit")

    def __init__(self) -> None:
        self.length: float | None = None
        self.permit: Permit | None = None
        self._max_count = 0

    def propose(self, shortest: float, longest: float) -> None:
        """Plan to try the greatest usual length between *shortest* and *longest*, unless it hardly matters."""
        longest += _ROUNDING
        length = max((length for length in USUAL_LENGTHS if shortest < length <= longest), default=longest)
        self.length = length if length < _WORTHWHILE * longest else None

    def starts_at(self, counted: deque[Permit], assumed: float, now: float) -> float:
        """Return when a request would arrive just after a third of the requests have left, if the length is right.

        *counted* is what counts by the *assumed* length, ordered by end. It is infinite if there is nothing to try. The
        jitter of single requests does not matter for a third of them.
        """
        if self.permit is not None or self.length is None or self.length >= _WORTHWHILE * assumed:
            return math.inf
        if len(counted) < _MIN_COUNTED:
            return math.inf
        last = self._last_to_leave(counted, self.length, now)
        return counted[last].ended_at + self.length * _MARGIN if last < len(counted) else math.inf

    def start(self, permit: Permit, counted: deque[Permit], in_flight: int) -> None:
        """Note that *permit* tries the length: what it implies of *counted* has left, or it is not right.

        *in_flight* is the number of requests in flight, this one included.
        """
        length, now = self.length or 0.0, permit.sent_at
        left = bisect_right(counted, now - length * _MARGIN, key=lambda other: other.ended_at)
        self.permit = permit
        self._max_count = in_flight + len(counted) - max(self._last_to_leave(counted, length, now) + 1, left)

    def _last_to_leave(self, counted: deque[Permit], length: float, now: float) -> int:
        """Return the index of the request that must have left: after a third, and after some that are not too old.

        A pause can delay the trial until requests have left any window; that they have left shows nothing.
        """
        too_old = bisect_right(counted, now - length * _LATE, key=lambda permit: permit.ended_at)
        return max(len(counted) // 3, too_old + _MIN_DECISIVE - 1)

    def accept(self, permit: Permit, count: int) -> float | None:
        """Return the length of the window if *permit* has confirmed it; *count* is what the service counted."""
        if self.permit is not permit:
            return None
        length, self.length, self.permit = self.length, None, None
        return length if count <= self._max_count else None

    def reject(self, permit: Permit) -> None:
        """Give up the length if *permit* has refuted it."""
        if self.permit is permit:
            self.length = self.permit = None

    def lose(self, permit: Permit) -> None:
        """Try the length again if *permit* was the trial: it ended without a result."""
        if self.permit is permit:
            self.permit = None
