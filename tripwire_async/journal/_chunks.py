"""Chunks that a worker holds, and the state of their endpoints as the log has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from .records import Done, NewOutcome, Sending, Sent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .protocol import Claim
    from .records import NewRecord, Record


@attrs.define(eq=False)
class Entry:
    """One endpoint of a chunk that is held.

    Attributes:
        chunk: The chunk.
        index: Index of the endpoint in the chunk.
        endpoint_id: Id of the endpoint.
        sending: The last record of a send. Its ``not_before`` is that of the first.
        sent: The record of the accepted test; None before.
        is_done: Whether an outcome was recorded.
        outcome: The outcome as it was read from the journal; None without one.
        is_handed: Whether the consumer has received the outcome.
        event_id: The event that was found for a test in doubt; None without one.
        phase: Name under which the counts of the run have this test in progress; None if they do not.
    """

    chunk: HeldChunk
    index: int
    endpoint_id: str
    sending: Sending | None = None
    sent: Sent | None = None
    is_done: bool = False
    outcome: dict[str, Any] | None = None
    is_handed: bool = False
    event_id: str | None = None
    phase: str | None = None

    def apply(self, record: NewRecord) -> None:
        """Update the state by a record; the first record of a test's acceptance, and of its outcome, counts."""
        if isinstance(record, Sending):
            if record.sends == 0:
                self.sending = None
            elif self.sending is None:
                self.sending = record
            else:
                self.sending = Sending(self.sending.not_before, record.time, record.sends)
        elif isinstance(record, Sent):
            self.sent = self.sent or record
        elif isinstance(record, NewOutcome):
            self.is_done = True
        elif isinstance(record, Done):
            self.outcome = self.outcome or record.complete(self.sent)
            self.is_done = True
        else:
            self.hand_over()
        if self.is_done:
            self.phase = None
        elif self.sent is not None:
            self.phase = "pending"
        else:
            self.phase = None if self.sending is None else "sending"

    def hand_over(self) -> None:
        """Note that the consumer has received the outcome."""
        if not self.is_handed:
            self.is_handed = True
            self.chunk.left -= 1


@attrs.define(eq=False)
class HeldChunk:
    """A chunk that this worker holds.

    Attributes:
        number: Number of the chunk.
        entries: Its endpoints.
        left: Number of endpoints whose outcomes were not consumed.
        is_lost: Whether another worker holds the chunk now.
    """

    number: int
    entries: list[Entry] = attrs.field(init=False)
    left: int = 0
    is_lost: bool = False

    @classmethod
    def of(cls, claim: Claim) -> HeldChunk:
        """Return the chunk of a claim, without its records."""
        chunk = cls(claim.chunk, left=len(claim.endpoint_ids))
        chunk.entries = [Entry(chunk, index, endpoint_id) for index, endpoint_id in enumerate(claim.endpoint_ids)]
        return chunk

    @property
    def has_doubts(self) -> bool:
        """True if a test may have been sent by a worker that has ended."""
        return any(entry.phase == "sending" for entry in self.entries)

    def replay(self, records: Iterable[tuple[int, Record]]) -> None:
        """Apply the records of a batch."""
        for index, record in records:
            self.entries[index].apply(record)
