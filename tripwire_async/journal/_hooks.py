"""Hook of the sends of one test: it records each send, and checks that the worker still holds the test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, final

from tripwire_async.deliveries.test_source import AbandonedTestError
from tripwire_async.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from ._chunks import Entry


class SendLog(Protocol):
    """Part of a run that the hook needs."""

    @property
    def is_paused(self) -> bool:
        """True if no further test is sent."""
        ...

    @property
    def is_fresh(self) -> bool:
        """True if the chunks of the worker are certainly its own."""
        ...

    def record_send(self, entry: Entry, deadline: float) -> Awaitable[None]:
        """Make a record of the next send of an endpoint durable."""
        ...

    def refresh(self, deadline: float) -> Awaitable[None]:
        """Return when the chunks of the worker are certainly its own."""
        ...

    def note_wire(self, entry: Entry) -> None:
        """Note that a test is sent now."""
        ...


@final
class RecordedSend:
    """Hook that the transport calls before each attempt of a send.

    Args:
        log: The run.
        entry: The endpoint.
    """

    __slots__ = ("_entry", "_is_recorded", "_log")

    def __init__(self, log: SendLog, entry: Entry) -> None:
        self._log = log
        self._entry = entry
        self._is_recorded = False

    async def __call__(self, deadline: float, /) -> None:
        """Record the send, unless it is an attempt after one that was certainly not processed."""
        self._check_held()
        if not self._is_recorded:
            await self._log.record_send(self._entry, deadline)
            self._is_recorded = True
        if not self._log.is_fresh:
            await self._log.refresh(deadline)
        self._check_held()
        self._log.note_wire(self._entry)

    def check(self) -> None:
        """Raise if the worker may have lost the endpoint while the connection was made."""
        if self._entry.chunk.is_lost:
            raise AbandonedTestError
        if not self._log.is_fresh:
            msg = (
                f"the test of {self._entry.endpoint_id} was not sent: the journal did not respond for so long that"
                " another worker may have it"
            )
            raise TransportError(msg, maybe_sent=False)

    def send_again(self) -> None:
        """Note that the last send had no effect, and another one follows."""
        self._is_recorded = False

    def _check_held(self) -> None:
        if self._entry.chunk.is_lost or self._log.is_paused:
            raise AbandonedTestError
