"""Backoff: seconds to wait before the next attempt, computed without a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable


@attrs.frozen
class Backoff:
    """Exponential backoff with full jitter and two bases, as in botocore.

    Attributes:
        transient_base: Upper bound of the first wait after a transient failure, in seconds.
        throttled_base: The same after a 429 without Retry-After.
        cap: Upper bound of every wait, in seconds, unless Retry-After is longer.
        random: Returns a number from 0 up to 1.
    """

    transient_base: float
    throttled_base: float
    cap: float
    random: Callable[[], float]

    def seconds(self, retries: int, *, throttled: bool, retry_after: float | None) -> float:
        """Return the seconds to wait after *retries* earlier waits.

        The wait is never shorter than *retry_after*. Jitter of up to a tenth is added to it, so that calls rejected
        together do not come back together. A tenth is enough because `RateLimit` orders the calls as well.
        """
        if retry_after is not None:
            spread = max(self._ceiling(self.transient_base, retries), min(self.cap, retry_after / 10))
            return retry_after + self.random() * spread
        return self.random() * self._ceiling(self.throttled_base if throttled else self.transient_base, retries)

    def _ceiling(self, base: float, retries: int) -> float:
        # Bounded because a float overflows at 2**1024; 64 doublings reach any useful cap.
        return min(self.cap, base * 2.0 ** min(retries, 64))
