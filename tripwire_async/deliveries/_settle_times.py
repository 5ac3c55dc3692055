"""Estimate of the durations of deliveries, from ended and still open ones."""

from __future__ import annotations

import heapq
import math
import threading
from bisect import bisect_left, bisect_right
from typing import Final, final

from ._read_speed import ReadSpeed

_SAMPLE_SIZE: Final = 200
_REFRESH_SHARE: Final = 8
"""The curve is computed again when this fraction of the observations, one in N, is new."""


_SMALLEST_SHARE: Final = 20
"""Extrapolation from an age requires that a fraction of the sample, one in N, is still open at that age."""


_ROUNDING: Final = 1e-9
"""Part by which a product of shares may be off."""

_OUTLIERS: Final = 0.1
"""Share of the deliveries, the slowest, of which nothing is inferred from the others."""


@final
class SettleTimes:
    """Survival curve of the last 200 deliveries that were read.

    It is a Kaplan-Meier estimate: a delivery that is still open counts as one that takes longer than its age. The first
    ends that are seen are those of the fastest deliveries, so a median of the ended ones alone would be too low while a
    batch is young. Ages and durations are in seconds. Several threads may use one instance.

    Attributes:
        read_speed: Speed of the reads that were made for it.
    """

    __slots__ = (
        "_changes",
        "_ends",
        "_horizon",
        "_lock",
        "_median",
        "_negative_survival",
        "_observed",
        "_oldest",
        "read_speed",
    )

    def __init__(self) -> None:
        self.read_speed = ReadSpeed()
        self._lock = threading.Lock()
        self._observed: dict[str, tuple[float, bool]] = {}  # age or duration, and whether it has ended
        self._oldest: list[tuple[float, str]] = []  # a heap by the time of the send
        self.refresh()

    def observe(self, event_id: str, *, sent: float, age: float, duration: float | None) -> None:
        """Note a delivery that was read at that *age*; *duration* is None while it is open.

        *duration* is what the service's timestamps say. The service may touch a delivery again after its end, so it
        counts as no more than the age; and as no less than the age at which the delivery was last seen open. When the
        sample is full it loses the delivery that was sent first, not the one that was observed first: deliveries that
        never end are observed again and again and would fill it.
        """
        with self._lock:
            before = self._observed.get(event_id)
            if before is None:
                if len(self._oldest) < _SAMPLE_SIZE:
                    heapq.heappush(self._oldest, (sent, event_id))
                elif sent < self._oldest[0][0]:
                    return
                else:
                    del self._observed[heapq.heapreplace(self._oldest, (sent, event_id))[1]]
            if duration is None:
                self._observed[event_id] = (age, False)
            elif before is None or not before[1]:
                earliest = 0.0 if before is None else before[0]
                self._observed[event_id] = (max(earliest, min(duration, age)), True)
            else:
                return
            self._changes += 1
            if self._changes * _REFRESH_SHARE >= len(self._observed):
                self.refresh()

    @property
    def median(self) -> float | None:
        """Seconds after which half of the deliveries have ended; None while too little was seen."""
        return self._median

    def quantile_after(self, age: float, share: float) -> float | None:
        """Return the age by which that *share* of the deliveries that are open at *age* have ended.

        Beyond the ages that were observed it is extrapolated: the later half of the curve gives the rate of ends,
        and the rate falls with the age, because a few deliveries take much longer than the others. None if none ended
        in that half, or if nearly all have: the rest may be different.
        """
        ends, survival = self._ends, self._negative_survival
        target = self._open_share(age) * (1 - share)
        if target <= 0:
            return None
        index = bisect_left(survival, -target * (1 + _ROUNDING))
        if index < len(ends):
            return ends[index]
        known = min(age, self._horizon) if age else self._horizon
        earlier, later = self._open_share(known / 2), self._open_share(known)
        if not _OUTLIERS < later < earlier:
            return None
        rate = math.log(earlier / later) / (known / 2) * known / max(age, known)
        return max(age, known) + math.log(self._open_share(max(age, known)) / target) / rate

    def _open_share(self, age: float) -> float:
        passed = bisect_right(self._ends, age)
        return -self._negative_survival[passed - 1] if passed else 1.0

    def refresh(self) -> None:
        """Compute the curve again; `observe` calls this when one eighth of the sample has changed."""
        self._changes = 0
        # Of equal values the ended ones come first: an open delivery is at risk at its own age.
        ordered = sorted((seconds, not ended) for seconds, ended in self._observed.values())
        ends: list[float] = []
        survival: list[float] = []  # negative, as `bisect` wants ascending values
        share, horizon = 1.0, math.nan
        for at_risk in range(len(ordered), 0, -1):
            seconds, is_open = ordered[-at_risk]
            if not is_open:
                share *= 1 - 1 / at_risk
                ends.append(seconds)
                survival.append(-share)
            if at_risk * _SMALLEST_SHARE > len(ordered):
                horizon = seconds
        # Assigned one after the other, and read without the lock: lists that do not belong together give an estimate
        # that is off once, never an error.
        self._ends, self._negative_survival = ends, survival
        self._horizon = horizon
        self._median = self.quantile_after(0.0, 0.5) if ends else None
