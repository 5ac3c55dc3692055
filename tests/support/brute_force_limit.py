"""Rate limit of a service that keeps every arrival and counts by definition, for state machines."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import attrs

Kind: TypeAlias = Literal["rolling", "fixed", "bucket"]


@attrs.define
class BruteForceLimit:
    """Accepts *limit* requests per *window* seconds, by one of three rules.

    Nothing is ever dropped from the list of arrivals, and each count looks at all of them.

    - rolling: the requests of the last *window* seconds, rejected ones included.
    - fixed: the requests since the last multiple of *window*, rejected ones included.
    - bucket: *limit* tokens, and as many more per *window*; a rejected request takes none.

    Attributes:
        kind: The rule.
        limit: Accepted requests per window.
        window: The window in seconds.
        arrivals: Time of each arrival, whether it is from the client under test, and whether it was accepted.
    """

    kind: Kind
    limit: int
    window: float
    arrivals: list[tuple[float, bool, bool]] = attrs.field(factory=list)

    def count(self, now: float, *, own: bool = True) -> tuple[int, float | None]:
        """Count a request that arrives *now*; return what remains and, if it is rejected, the seconds to wait."""
        if self.kind == "bucket":
            tokens = self._tokens(now) - 1
            self.arrivals.append((now, own, tokens >= 0))
            return max(0, int(tokens)), None if tokens >= 0 else -tokens * self.window / self.limit
        counted = [*self._counted(now), now]
        excess = len(counted) - self.limit
        self.arrivals.append((now, own, excess <= 0))
        if excess <= 0:
            return -excess, None
        if self.kind == "fixed":
            return 0, (math.floor(now / self.window) + 1) * self.window - now
        return 0, counted[excess] + self.window - now

    def own_count(self, now: float) -> int:
        """Return how many requests of the client under test a window of the kind rolling or fixed contains *now*."""
        return len(self._counted(now, own=True))

    def _counted(self, now: float, *, own: bool = False) -> list[float]:
        times = [when for when, is_own, _ in self.arrivals if is_own or not own]
        if self.kind == "fixed":
            return [when for when in times if math.floor(when / self.window) == math.floor(now / self.window)]
        return [when for when in times if when + self.window > now]

    def _tokens(self, now: float) -> float:
        tokens, at = float(self.limit), 0.0
        for when, _, accepted in self.arrivals:
            if accepted:
                tokens = min(self.limit, tokens + (when - at) * self.limit / self.window) - 1
                at = when
        return min(self.limit, tokens + (now - at) * self.limit / self.window)
