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

import attrs
import msgspec

from tripwire_async.errors import JournalError

from ._short_outcomes import complete, expected_outcome, short_outcome, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tripwire_async.deliveries import TestOutcome


# The garbage collector need not visit records without references to containers.
class Sending(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Record that is durable before a test is sent.

    Attributes:
        not_before: Unix time on the service's clock before which the event of this test cannot have been created.
        time: Time of the journal in Unix seconds.
        sends: Number of sends of this test so far, this one included; 0 if the last one certainly had no effect.
    """

    not_before: float
    time: float
    sends: int = 1


class Sent(msgspec.Struct, frozen=True, array_like=True, gc=False):
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

    def payload(self, *, is_short: bool) -> dict[str, Any]:
        """Return what is stored; see `encode_batch`."""
        sent = self.sent
        if sent is None or not is_short:
            return self.outcome
        expected = expected_outcome(sent.token, sent.request_id)
        short = shorten(self.outcome, expected)
        # An outcome that lacks a value, for example of another version, is stored whole.
        return short if complete(short, expected) == self.outcome else self.outcome


@attrs.define(eq=False)
class NewOutcome:
    """Record of an outcome that is not stored yet. It is read as `Done`.

    Attributes:
        outcome: The outcome.
        sent: The record of the accepted test; None without one.
    """

    outcome: TestOutcome
    sent: Sent | None

    def payload(self, *, is_short: bool) -> dict[str, Any]:
        """Return what is stored; see `encode_batch`."""
        sent = self.sent
        if is_short and sent is not None:
            short = short_outcome(self.outcome, sent.token, sent.request_id)
            if short is not None:
                return short
        return Done(self.outcome.to_dict(), sent).payload(is_short=is_short)


class Handed(msgspec.Struct, frozen=True):
    """Record of an outcome that the consumer has received."""


Record: TypeAlias = Sending | Sent | Done | Handed

NewRecord: TypeAlias = Record | NewOutcome

HANDED: Final = Handed()

_KINDS: Final[dict[type[NewRecord], int]] = {Sending: 1, Sent: 2, Done: 3, NewOutcome: 3, Handed: 4}


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    n: int
    kind: int
    payload: msgspec.Raw = msgspec.Raw(b"null")


_encoder: Final = msgspec.json.Encoder()
_decode_entries: Final = msgspec.json.Decoder(list[_Entry]).decode
_decode_sending: Final = msgspec.json.Decoder(Sending).decode
_decode_sent: Final = msgspec.json.Decoder(Sent).decode
_decode_outcome: Final = msgspec.json.Decoder(dict[str, Any]).decode


def encode_batch(records: Iterable[tuple[int, NewRecord]], *, is_short: bool = False) -> bytes:
    """Return a batch of records, each with the index of its endpoint in the chunk.

    With *is_short*, an outcome is stored without what follows from its `Sent` record, which the journal must have.
    """
    entries: list[tuple[Any, ...]] = []
    for index, record in records:
        kind = _KINDS[type(record)]
        if record is HANDED:
            entries.append((index, kind))
        elif isinstance(record, (NewOutcome, Done)):
            entries.append((index, kind, record.payload(is_short=is_short)))
        else:
            entries.append((index, kind, record))
    return _encoder.encode(entries)


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
