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
    """

    __slots__ = ("_weight", "mean", "shortest")

    def __init__(self) -> None:
        self.shortest = math.inf
        self.mean = 0.0
        self._weight = 0.0  # rises to 1 with the number of measured round trips

    @property
    def jitter(self) -> float:
        """Seconds by which a usual round trip is longer than the shortest one."""
        return max(0.0, self.mean - self.shortest) if self.mean else 0.0

    @property
    def repeated(self) -> float:
        """Seconds to subtract from a time a second time, because the next request has its way to the service too.

        It is nearly the shortest round trip if round trips hardly vary, and nothing if they vary as much as they last.
        """
        return _SHARE * max(0.0, 2 * self.shortest - self.mean) if self.mean else 0.0

    @property
    def excess(self) -> float:
        """Seconds that a bound of the window and the end of a request together have too much.

        The bound has one round trip too much, and so has the end. The second one is subtracted as far as many round
        trips have been measured: a few do not show yet how much they vary, and a request that is faster than the
        shortest one so far would arrive before its turn.
        """
        return self.shortest + self._weight * self.repeated

    def measure(self, seconds: float) -> None:
        """Take account of one more round trip."""
        # The first round trip is the mean so far; later ones move it by an eighth, as TCP smooths its estimate.
        mean = self.mean
        self.mean = mean + (seconds - mean) * _SMOOTHING if mean else seconds
        self._weight += (1.0 - self._weight) * (_SMOOTHING / 2)
        if seconds < self.shortest:  # noqa: PLR1730 - a call of min() for each response takes longer than all of the rest
            self.shortest = seconds
