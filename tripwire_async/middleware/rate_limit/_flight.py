"""Bound on the requests in flight, learned from rejections by rules that the headers do not describe.

Random rejections are single; rejections by a second limit come in a row. So the bound falls with each rejection that
directly follows another one, and rises slowly with accepted requests. Ten percent of random rejections then cost little
speed, and a hidden limit settles at about one rejection per five accepted requests.
"""

from __future__ import annotations

import math
from typing import Final, final

_GROWTH: Final = 1 / 12
_NOTICEABLE: Final = 4
_DROPPED_AT: Final = 200


@final
class FlightLimit:
    """The most requests in flight; infinite until a request is rejected by another rule.

    A flight is the requests between two times at which none is in flight.

    Attributes:
        bound: The most requests in flight.
        accepted: Number of accepted requests in the current flight.
    """

    __slots__ = ("_follows_rejection", "_rejected", "accepted", "bound")

    def __init__(self) -> None:
        self.bound = math.inf
        self._follows_rejection = False
        self.accepted = 0
        self._rejected = 0

    def accept(self, limit: int | None) -> None:
        """Note an accepted request; without a bound, counting it in `accepted` does the same."""
        self._follows_rejection = False
        self.accepted += 1
        self.bound += _GROWTH
        if self.bound >= max(_DROPPED_AT, limit or 0):
            self.bound = math.inf

    def reject(self, in_flight: int) -> None:
        """Note a rejection by another rule, with *in_flight* requests in flight, this one included."""
        self._rejected += 1
        if self.bound == math.inf:
            self.bound = max(1, in_flight)
        elif self._follows_rejection:
            self.bound = max(1, self.bound - 1)
        self._follows_rejection = True

    def end(self) -> None:
        """Note that nothing is in flight any more."""
        if self._rejected > max(self.accepted, _NOTICEABLE):
            self.bound = max(1, self.accepted)
        self.accepted = self._rejected = 0
