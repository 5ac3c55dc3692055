"""Records of a run, and the batches in which a journal stores them.

A batch is JSON: a list of ``[n, kind, payload]``, where *n* is the index of an endpoint in its chunk. The state of an
endpoint follows from its records:

====  =========  =================================================================
kind  record     state of an endpoint with this as its last record
====  =========  =================================================================
1     `Sending`  a test is about to be sent, or was sent and has no response yet
2     `Sent`     the service has accepted the test
3     `Done`     the outcome is known
4     `Handed`   the consumer has received the outcome
====  =========  =================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from tripwire_async.errors import JournalError

from ._short_outcomes import complete, expected_outcome, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable


class Sending(msgspec.Struct, frozen=True, array_like=True):
    """Record that is durable before a test is sent.

    Attributes:
        not_before: Unix time on the service's clock before which the event of this test cannot have been created.
        time: Time of the journal in Unix seconds.
        sends: Number of sends of this test so far, this one included; 0 if the last one certainly had no effect.
    """

    not_before: float
    time: float
    sends: int = 1


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """Record of a test that the service has accepted.

    Attributes:
        token: Resume token of the delivery.
        sent: Unix time of the send on the service's clock; None if it is not known.
        request_id: The service's id of the request; None without one.
    """

    token: str
    sent: float | None = None
    request_id: str | None = None


class Done(msgspec.Struct, frozen=True):
    """Record of an outcome.

    Attributes:
        outcome: The outcome as ``TestOutcome.to_dict`` returns it. In a journal, values may be left out that follow
            from the `Sent` record.
        sent: The record of the accepted test, for an outcome that has not been stored and is whole; otherwise None.
    """

    outcome: dict[str, Any]
    sent: Sent | None = None

    def complete(self, sent: Sent | None) -> dict[str, Any]:
        """Return the whole outcome of a test with the record *sent*."""
        if sent is None or self.sent is not None:
            return self.outcome
        return complete(self.outcome, expected_outcome(sent.token, sent.request_id))

    def shortened(self) -> dict[str, Any]:
        """Return the outcome without what follows from its `Sent` record."""
        sent = self.sent
        if sent is None:
            return self.outcome
        expected = expected_outcome(sent.token, sent.request_id)
        short = shorten(self.outcome, expected)
        # An outcome that lacks a value, for example of another version, is stored whole.
        return short if complete(short, expected) == self.outcome else self.outcome


class Handed(msgspec.Struct, frozen=True):
    """Record of an outcome that the consumer has received."""


Record: TypeAlias = Sending | Sent | Done | Handed

HANDED: Final = Handed()

_KINDS: Final[dict[type[Record], int]] = {Sending: 1, Sent: 2, Done: 3, Handed: 4}


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    n: int
    kind: int
    payload: msgspec.Raw = msgspec.Raw(b"null")


_encoder: Final = msgspec.json.Encoder()
_decode_entries: Final = msgspec.json.Decoder(list[_Entry]).decode
_decode_sending: Final = msgspec.json.Decoder(Sending).decode
_decode_sent: Final = msgspec.json.Decoder(Sent).decode
_decode_outcome: Final = msgspec.json.Decoder(dict[str, Any]).decode


def encode_batch(records: Iterable[tuple[int, Record]], *, is_short: bool = False) -> bytes:
    """Return a batch of records, each with the index of its endpoint in the chunk.

    With *is_short*, an outcome is stored without what follows from its `Sent` record, which the journal must have.
    """
    return _encoder.encode([_entry(index, record, is_short=is_short) for index, record in records])


def _entry(index: int, record: Record, *, is_short: bool) -> tuple[Any, ...]:
    kind = _KINDS[type(record)]
    if isinstance(record, Handed):
        return (index, kind)
    if isinstance(record, Done):
        return (index, kind, record.shortened() if is_short else record.outcome)
    return (index, kind, record)


def decode_batch(batch: bytes) -> list[tuple[int, Record]]:
    """Return the records of a batch, in order.

    Raises:
        JournalError: The batch is not one of `encode_batch`.
    """
    try:
        return [(entry.n, _record(entry)) for entry in _decode_entries(batch)]
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, RecursionError) as error:
        msg = "the journal holds a record that cannot be read: it is damaged, or of a newer version of this library"
        raise JournalError(msg) from error


def _record(entry: _Entry) -> Record:
    if entry.kind == 1:
        return _decode_sending(entry.payload)
    if entry.kind == 2:
        return _decode_sent(entry.payload)
    if entry.kind == 3:
        return Done(_decode_outcome(entry.payload))
    if entry.kind == 4:
        return HANDED
    raise KeyError(entry.kind)
