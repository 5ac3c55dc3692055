"""Estimate of the round trips to the service, of which each bound of the window contains one too many."""

from __future__ import annotations

import math
from typing import Final, final

_SMOOTHING: Final = 1 / 8
_SHARE: Final = 0.9


@final
class RoundTrips:
    """Shortest and mean round trip, in seconds.

    Attributes:
        shortest: The shortest one; infinite before the first.
        mean: The smoothed mean; 0 before the first.
        repeated: The round trip to subtract a second time: nearly the shortest one if round trips hardly vary, nothing
            if they vary as much as they last.
        excess: Seconds that a bound of the window and the end of a request together have too much: the shortest round
            trip, and the repeated one as far as many have been measured.
    """

    __slots__ = ("_weight", "excess", "mean", "repeated", "shortest")

    def __init__(self) -> None:
        self.shortest = math.inf
        self.mean = 0.0
        self.repeated = 0.0
        self.excess = math.inf
        self._weight = 0.0  # rises to 1 with the number of measured round trips

    @property
    def jitter(self) -> float:
        """Seconds by which a usual round trip is longer than the shortest one."""
        return max(0.0, self.mean - self.shortest) if self.mean else 0.0

    def measure(self, seconds: float) -> None:
        """Take account of one more round trip."""
        # The first round trip is the mean so far; later ones move it by an eighth, as TCP smooths its estimate.
        mean = self.mean
        mean += (seconds - mean) * (_SMOOTHING if mean else 1.0)
        # A few round trips do not show yet how much they vary: a request that is faster than the shortest one so far
        # would arrive before its turn.
        self._weight += (1.0 - self._weight) * (_SMOOTHING / 2)
        self.shortest = min(self.shortest, seconds)
        self.mean = mean
        varying = 2 * self.shortest - mean
        self.repeated = _SHARE * varying if varying > 0.0 else 0.0
        self.excess = self.shortest + self._weight * self.repeated
