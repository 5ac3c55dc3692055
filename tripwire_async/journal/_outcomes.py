"""Outcomes from the records of a journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tripwire_async.deliveries.outcomes import TestOutcome
from tripwire_async.errors import JournalError

from .records import Done, Sent, decode_batch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .protocol import Journal


def outcomes_of_chunk(batches: Iterable[bytes]) -> list[TestOutcome]:
    """Return the outcomes of one chunk, in the order of its endpoints, from its batches in the order of the log."""
    found = _Found()
    for batch in batches:
        found.add(batch)
    return found.outcomes()


async def read_outcomes(journal: Journal) -> list[TestOutcome]:
    """Return the outcomes of a run that are known so far, in the order of the endpoints."""
    chunks: dict[int, _Found] = {}
    async for segment in journal.read():
        chunks.setdefault(segment.chunk, _Found()).add(segment.batch)
    return [outcome for number in sorted(chunks) for outcome in chunks[number].outcomes()]


def outcome_from_record(data: dict[str, Any]) -> TestOutcome:
    """Return a recorded outcome; raise JournalError if it cannot be read."""
    try:
        return TestOutcome.from_dict(data)
    except ValueError as error:
        msg = f"the journal holds an outcome that cannot be read: {error}"
        raise JournalError(msg) from error


class _Found:
    """Outcomes of one chunk, by the index of the endpoint."""

    def __init__(self) -> None:
        self._sent: dict[int, Sent] = {}
        self._outcomes: dict[int, dict[str, Any]] = {}

    def add(self, batch: bytes) -> None:
        """Add the records of a batch. The first record of each kind counts."""
        for index, record in decode_batch(batch):
            if isinstance(record, Sent):
                self._sent.setdefault(index, record)
            elif isinstance(record, Done):
                self._outcomes.setdefault(index, record.complete(self._sent.get(index)))

    def outcomes(self) -> list[TestOutcome]:
        """Return the outcomes in the order of the endpoints."""
        return [outcome_from_record(self._outcomes[index]) for index in sorted(self._outcomes)]
