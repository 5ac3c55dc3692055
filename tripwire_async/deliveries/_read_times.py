"""Times at which an event is read: from the estimate, or from the poll intervals of the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from tripwire_async._concurrency.polling import PollSchedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._planned_event import PlannedEvent
    from ._settle_times import SettleTimes

FIRST_READ: Final = 0.5
"""Seconds from the send to the first read without an estimate of the durations of deliveries."""

FIRST_READ_BEYOND: Final = 10.0
"""The same for an event beyond the page, which needs a separate read."""

LATEST_FIRST_READ: Final = 30.0
"""The latest first read: deliveries that the service retries for an hour must not hide the others."""

SHORTEST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 10.0

PAUSE_PER_EVENT: Final = 0.2
"""Seconds by which each event beyond the page lengthens the longest pause: events that never end use no more than five
reads per second, however many there are.
"""

_OUTLIER_PAUSE: Final = 0.4
"""Seconds between two reads of outliers while these find no ends: deliveries that never end must not use up the limit.
"""

_GOOD_HITS: Final = 0.2
"""Fraction of reads with a final status above which reads of outliers pay off."""

_OUTLIER_READS: Final = 50
"""Reads of outliers over which that share is averaged."""

_NEARLY_ALL: Final = 0.9
_READS_PER_PAUSE: Final = 3

LIMIT_WAIT: Final = 0.5
"""Seconds that a read waits for the rate limit from which on the limit counts as the bottleneck."""

SINGLE_READS: Final = 64
"""Reads of single events at once."""

SINGLE_READS_QUEUED: Final = 400
"""The same where reads wait for the rate limit: a read that is not in the limiter's queue when a window opens gets no
turn in it.
"""

FINAL_READ_LEAD: Final = 1.0
"""Seconds before the end of a wait at which a last read is due, at the latest."""

_FINAL_READ_MARGIN: Final = 1.2
LONGEST_LEAD_FOR_LIMIT: Final = 60.0

RETRIES: Final = PollSchedule(longest=5.0)
"""Pauses after failed reads: once the service is back, it is read again within five seconds."""


@final
class ReadTimes:
    """Times at which to read an event, from the estimate.

    Args:
        settle_times: Estimate of the durations of deliveries, and the speed of reads.
        rng: Returns a number from 0 to 1, for the jitter of a caller's poll intervals.
    """

    __slots__ = ("_outlier_hits", "_rng", "_speed", "settle_times")

    def __init__(self, settle_times: SettleTimes, rng: Callable[[], float]) -> None:
        self.settle_times = settle_times
        self._speed = settle_times.read_speed
        self._rng = rng
        self._outlier_hits = 0.0  # the share of the last reads of outliers that found an end

    def note_outlier(self, *, has_ended: bool) -> None:
        """Note what a read of an event has found that has taken longer than nearly all others."""
        self._outlier_hits += (has_ended - self._outlier_hits) / _OUTLIER_READS

    @property
    def outlier_pause(self) -> float:
        """Seconds between two reads of outliers: none once they often find an end."""
        return _OUTLIER_PAUSE * max(0.0, 1 - self._outlier_hits / _GOOD_HITS)

    @property
    def single_reads_at_once(self) -> int:
        """Maximum number of concurrent reads of single events."""
        return SINGLE_READS if self._speed.limit_wait <= LIMIT_WAIT else SINGLE_READS_QUEUED

    def due(self, event: PlannedEvent, share: float = 0.5, *, beyond: int = 0) -> float:
        """Return when *event* has ended with a probability of *share*; *beyond* events are read singly.

        Read at a half, half of the reads tell an end: more often, and most tell nothing.
        """
        schedule = event.schedule
        if event.is_unread:
            if schedule is not None:
                return event.sent_at + schedule.first * (1 + schedule.jitter * self._rng())
            end = self.settle_times.quantile_after(0.0, share)
            if end is None:
                return event.sent_at + 2 * share * FIRST_READ
            return event.sent_at + min(max(end, self._earliest_read), LATEST_FIRST_READ)
        age = max(0.0, event.last_read - event.sent_at)
        if schedule is not None:
            return event.read_until + schedule.pause_at(age) * (1 + schedule.jitter * self._rng())
        pause = (age + 1) * share
        end = self.settle_times.quantile_after(age, share)
        if end is not None:
            pause = min(pause, end - age)
        longest = max(LONGEST_PAUSE, PAUSE_PER_EVENT * beyond) if event.is_beyond else LONGEST_PAUSE
        return max(event.last_read + min(pause, longest), event.read_until + SHORTEST_PAUSE)

    @property
    def _earliest_read(self) -> float:
        """Seconds from a send before which it is read only if nearly all deliveries have ended.

        Half a second is not worth a second read. Neither are a few deliveries, where sends take long and come singly.
        """
        nearly_all = self.settle_times.quantile_after(0.0, _NEARLY_ALL)
        if nearly_all is None:
            return FIRST_READ
        return min(FIRST_READ, max(nearly_all, _READS_PER_PAUSE * self._speed.seconds))

    def is_outlier(self, event: PlannedEvent) -> bool:
        """Return whether *event* has taken so long already that nothing suggests that it ends soon."""
        return not event.is_unread and self.settle_times.quantile_after(event.last_read - event.sent_at, 0.5) is None

    def first_read_beyond(self, beyond: int) -> float:
        """Return the seconds from the send to the first read of an event beyond the page, where *beyond* there are."""
        median = self.settle_times.median
        if median is None:
            return FIRST_READ_BEYOND
        median = min(median, LATEST_FIRST_READ)
        # Many take a while to read: the one in the middle is read at the median.
        return median - min(median, beyond * self._speed.seconds / SINGLE_READS) / 2

    def retry(self, event: PlannedEvent, now: float) -> float:
        """Return when to read *event* again after a failed read."""
        return now + (event.schedule or RETRIES).pause(event.failures)

    def final_read(self, started: float, end: float, beyond: int) -> float:
        """Return when the last read is due for a wait from *started* to *end*, if *beyond* events are read singly.

        A short wait with a long lead would make each of its reads a last one, so it is never before the middle.
        """
        reading = _FINAL_READ_MARGIN * beyond * self._speed.seconds / SINGLE_READS
        limit_wait = self._speed.limit_wait
        limit = _FINAL_READ_MARGIN * limit_wait if limit_wait > LIMIT_WAIT else 0.0
        return max(end - FINAL_READ_LEAD - max(reading, min(limit, LONGEST_LEAD_FOR_LIMIT)), (started + end) / 2)
