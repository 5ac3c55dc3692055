"""Outcomes from the records of a journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tripwire_async.deliveries.outcomes import TestOutcome
from tripwire_async.errors import JournalError

from .records import Done, decode_batch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .protocol import Journal


def outcomes_of_chunk(batches: Iterable[bytes]) -> list[TestOutcome]:
    """Return the outcomes of one chunk, in the order of its endpoints, from its batches in the order of the log."""
    found: dict[int, dict[str, Any]] = {}
    for batch in batches:
        _add(found, batch)
    return [outcome_from_record(found[index]) for index in sorted(found)]


async def read_outcomes(journal: Journal) -> list[TestOutcome]:
    """Return the outcomes of a run that are known so far, in the order of the endpoints."""
    chunks: dict[int, dict[int, dict[str, Any]]] = {}
    async for segment in journal.read():
        _add(chunks.setdefault(segment.chunk, {}), segment.batch)
    return [outcome_from_record(chunks[chunk][index]) for chunk in sorted(chunks) for index in sorted(chunks[chunk])]


def outcome_from_record(data: dict[str, Any]) -> TestOutcome:
    """Return a recorded outcome; raise JournalError if it cannot be read."""
    try:
        return TestOutcome.from_dict(data)
    except ValueError as error:
        msg = f"the journal holds an outcome that cannot be read: {error}"
        raise JournalError(msg) from error


def _add(found: dict[int, dict[str, Any]], batch: bytes) -> None:
    for index, record in decode_batch(batch):
        if isinstance(record, Done):
            # The first record of an outcome counts.
            found.setdefault(index, record.outcome)
