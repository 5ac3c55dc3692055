"""The rolling limit: every request counts, the refused ones too."""

from __future__ import annotations

import math
from collections import deque
from email.utils import formatdate
from typing import Final, Literal, TypeAlias, final

import attrs

RetryAfter: TypeAlias = Literal["seconds", "float", "date"]

# Sums of floats miss by less than this; who comes at the very moment is not too early.
_ULP: Final = 1e-9


@attrs.frozen
class LimitResult:
    """What the limit said to one request: *wait* seconds until one would be let in, or None for come in."""

    limit: int
    remaining: int
    wait: float | None

    def headers(self) -> dict[str, str]:
        """Return the headers that every authenticated answer carries."""
        return {"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": str(self.remaining)}


@final
class RollingWindow:
    """The requests of one key over the last seconds.

    A request at *t* counts until *t + window*, let in or not: whoever keeps knocking keeps the door shut.
    """

    __slots__ = ("_times", "peak")

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self.peak = 0

    def count(self, now: float, *, limit: int, window: float) -> LimitResult:
        """Count a request at *now* and say whether it may come in.

        *limit* and *window* are given each time, so that either may change in mid-run.
        """
        times = self._times
        while times and times[0] + window <= now + _ULP:
            times.popleft()
        times.append(now)
        count = len(times)
        self.peak = max(self.peak, count)
        if count <= limit:
            return LimitResult(limit, limit - count, None)
        # One fits in as soon as fewer than the limit are left.
        return LimitResult(limit, 0, min(window, times[count - limit] + window - now))


def retry_after(wait: float, unix: float, form: RetryAfter) -> str:
    """Write *wait* seconds from *unix* in the given *form* of the Retry-After header, never shorter than it is."""
    if form == "date":
        return formatdate(math.ceil(unix + wait), usegmt=True)
    if form == "float":
        return f"{math.ceil(wait * 1000) / 1000:.3f}"
    return str(max(1, math.ceil(wait - _ULP)))
