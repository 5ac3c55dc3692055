"""Reads that have failed: planned again, remembered as the cause of a timeout, or the end of waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from tripwire_async._secrets.frames import drop_frames
from tripwire_async.errors import (
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    RequestTimeoutError,
    ResponseDecodeError,
    TripwireError,
)

from ._read_errors import may_pass, note_missing
from ._read_plan import PageRead

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tripwire_async._concurrency.clock import Clock

    from ._read_plan import EventRead, Read, ReadPlan
    from ._record import DeliveryRecord
    from ._waits import Wait, Waits

_DECODE_FAILURES: Final = 3
"""Single reads of an event that cannot be decoded, one after the other, after which its waits fail."""


@final
class ReadFailures:
    """Failed reads of one poller.

    Args:
        plan: Plans a failed read again.
        waits: The waits of the poller.
        clock: The clock of the poller.
        fail: Ends waits with an error.
    """

    __slots__ = ("_clock", "_decode_failures", "_fail", "_page_error", "_plan", "_waits")

    def __init__(
        self, plan: ReadPlan, waits: Waits, clock: Clock, fail: Callable[[Sequence[Wait], Exception], None]
    ) -> None:
        self._plan = plan
        self._waits = waits
        self._clock = clock
        self._fail = fail
        self._decode_failures: dict[str, int] = {}
        self._page_error: tuple[float, TripwireError] | None = None

    def page_succeeded(self) -> None:
        """Forget the error of the last page read."""
        self._page_error = None

    def forget(self, event_id: str) -> None:
        """Forget that an event could not be decoded."""
        self._decode_failures.pop(event_id, None)

    def cause(self, record: DeliveryRecord) -> TripwireError | None:
        """Return what last kept *record* from being read; None if nothing did."""
        if record.error is None and self._page_error is not None:
            failed_at, error = self._page_error
            return error if record.read_at is None or failed_at > record.read_at else None
        return record.error

    def note(self, read: Read, error: TripwireError) -> None:
        """Remember the error of a read, as the cause of a later timeout.

        The last read of a wait often times out, which is less informative than the error before it.
        """
        drop_frames(error)
        is_late = isinstance(error, RequestTimeoutError)
        if isinstance(read, PageRead):
            if self._page_error is None or not is_late:
                self._page_error = self._clock.now(), error
            return
        for wait in self._waits.of(read.event_id):
            if wait.record.error is None or not is_late:
                wait.record.error = error

    def failed(self, read: Read, error: Exception, started: float) -> None:
        """Plan a failed read again, and end the waits that cannot continue; it has *started* at that time."""
        if isinstance(read, PageRead):
            self._page_failed(read, error)
        else:
            self._event_failed(read, error, started)

    def _page_failed(self, read: PageRead, error: Exception) -> None:
        if isinstance(error, TripwireError) and may_pass(error):
            self.note(read, error)
            self._plan.page_failed(self._clock.now())
        elif isinstance(error, ResponseDecodeError):
            self.note(read, error)
            self._plan.page_undecodable(self._clock.now())
        else:
            self._plan.page_lost()
            self._fail(self._waits.all(), error)

    def _event_failed(self, read: EventRead, error: Exception, started: float) -> None:
        event_id = read.event_id
        self._plan.event_failed(event_id, self._clock.now())
        waits = self._waits.of(event_id)
        if isinstance(error, NotFoundError):
            self.note(read, error)
            for wait in waits:
                if (failure := note_missing(wait.record, error, started)) is not None:
                    self._fail([wait], failure)
        elif isinstance(error, TripwireError) and may_pass(error):
            self.note(read, error)
        elif isinstance(error, ResponseDecodeError):
            self.note(read, error)
            failures = self._decode_failures[event_id] = self._decode_failures.get(event_id, 0) + 1
            if failures >= _DECODE_FAILURES:
                self._fail(waits, error)
        elif isinstance(error, (AuthenticationError, PermissionDeniedError)):
            self._fail(self._waits.all(), error)
        else:
            self._fail(waits, error)
