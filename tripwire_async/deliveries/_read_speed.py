"""Speed of the reads of one client, which outlives the waits that measure it."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from tripwire_async._http.messages import CallStats


@final
class ReadSpeed:
    """Duration of reads, and how long they wait for the rate limit, in seconds.

    Pollers exist only while something is awaited. A program that sends and awaits one batch after the other needs the
    speed from the batch before, for example for last reads that have to wait for the limit. Its age does not matter: a
    read corrects it, and the last reads are planned anew. Several threads may use it.

    Attributes:
        seconds: Average duration of the last reads, without the wait for the limit; zero before the first one.
        limit_wait: How long the last read has waited for the rate limit.
    """

    __slots__ = ("limit_wait", "seconds")

    def __init__(self) -> None:
        self.seconds = 0.0
        self.limit_wait = 0.0

    def note(self, seconds: float, limit_wait: float) -> None:
        """Note that a read took so long, after it had waited so long for the rate limit."""
        self.seconds += (seconds - self.seconds) / 8 if self.seconds else seconds
        self.limit_wait = limit_wait

    def note_call(self, stats: CallStats) -> None:
        """Note the call of a read."""
        waited = stats.rate_limit_wait
        self.note(max(0.0, stats.finished - stats.started - waited), waited)
