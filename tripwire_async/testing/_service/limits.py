"""Rolling rate limit, in which rate-limited requests count, too."""

from __future__ import annotations

import math
from collections import deque
from email.utils import formatdate
from typing import Final, Literal, TypeAlias, final

import attrs

RetryAfter: TypeAlias = Literal["seconds", "float", "date"]
"""Format of the Retry-After header."""

# Tolerance for rounding errors of summed floats, so that a request at exactly the right time is accepted.
_TOLERANCE: Final = 1e-9


@attrs.frozen
class LimitResult:
    """Result of counting one request; *wait* is the time in seconds until one would be accepted, or None."""

    limit: int
    remaining: int
    wait: float | None

    def headers(self) -> dict[str, str]:
        """Return the headers of every authenticated response."""
        return {"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": str(self.remaining)}


@final
class RollingWindow:
    """The requests of one key within the window.

    A request at *t* counts until *t + window*, accepted or not, so a client that keeps retrying stays rate limited.
    """

    __slots__ = ("_times", "peak")

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self.peak = 0

    def count(self, now: float, *, limit: int, window: float) -> LimitResult:
        """Count a request at *now* and return whether it is accepted.

        *limit* and *window* are arguments because they can change while the server runs.
        """
        times = self._times
        while times and times[0] + window <= now + _TOLERANCE:
            times.popleft()
        times.append(now)
        count = len(times)
        self.peak = max(self.peak, count)
        if count <= limit:
            return LimitResult(limit, limit - count, None)
        # The next request is accepted once fewer than the limit are left in the window.
        return LimitResult(limit, 0, min(window, times[count - limit] + window - now))

    def used(self, now: float, window: float) -> int:
        """Return the number of requests that count at *now*."""
        return sum(time + window > now + _TOLERANCE for time in self._times)

    def clear(self) -> None:
        """Forget all requests."""
        self._times.clear()
        self.peak = 0


def retry_after(wait: float, unix_time: float, form: RetryAfter) -> str:
    """Return the Retry-After header for *wait* seconds from *unix_time*, never shorter than *wait*."""
    if form == "date":
        return formatdate(math.ceil(unix_time + wait), usegmt=True)
    if form == "float":
        return f"{math.ceil(wait * 1000) / 1000:.3f}"
    return str(max(1, math.ceil(wait - _TOLERANCE)))
