"""How long to wait before the next attempt: arithmetic, without a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable


@attrs.frozen(kw_only=True)
class Backoff:
    """Full jitter on two bases, as botocore waits.

    Attributes:
        transient_base: Seconds that the first wait after an ordinary failure can take at the most.
        throttled_base: The same after a 429 that does not say how long to wait.
        cap: Seconds beyond which no wait grows, except that the service asked for more.
        random: Returns a number from 0 up to 1.
    """

    transient_base: float
    throttled_base: float
    cap: float
    random: Callable[[], float]

    def seconds(self, retries: int, *, throttled: bool, retry_after: float | None) -> float:
        """Return the seconds to wait after *retries* earlier waits.

        What the service asked for, *retry_after*, is never cut short: chance is added on top, up to a tenth of it, so
        that those who were refused together do not come back together. It stays a tenth because the rate limit beneath
        holds and orders everybody anyway.
        """
        if retry_after is not None:
            spread = max(self._ceiling(self.transient_base, retries), min(self.cap, retry_after / 10))
            return retry_after + self.random() * spread
        return self.random() * self._ceiling(self.throttled_base if throttled else self.transient_base, retries)

    def _ceiling(self, base: float, retries: int) -> float:
        # A float ends at 2**1023; no base worth the name needs 64 doublings to reach its cap.
        return min(self.cap, base * 2.0 ** min(retries, 64))
