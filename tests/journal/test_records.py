"""Batches of records: encoding, decoding, and data that is not a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tripwire_async.errors import JournalError
from tripwire_async.journal.protocol import NewRun, endpoints_digest
from tripwire_async.journal.records import HANDED, Done, Sending, Sent, decode_batch, encode_batch

if TYPE_CHECKING:
    from tripwire_async.journal.records import Record


def test_decoding_a_batch_returns_its_records() -> None:
    """Every kind, in order, with the index of the endpoint."""
    records = [
        (0, Sending(12.5, 13.0)),
        (1, Sending(12.5, 13.0, 2)),
        (0, Sent("twd1.x", 14.0, "req_1")),
        (1, Sent("twd1.y")),
        (0, Done({"state": "succeeded"})),
        (0, HANDED),
    ]
    assert records == decode_batch(encode_batch(records))


def test_a_record_has_its_index_its_kind_and_its_payload() -> None:
    """The stored form, which journals of later versions must read."""
    batch = encode_batch([(3, Sending(1.0, 2.0)), (3, Sent("t")), (3, Done({"a": 1})), (3, HANDED)])
    assert b'[[3,1,[1.0,2.0,1]],[3,2,["t",null,null]],[3,3,{"a":1}],[3,4]]' == batch


@pytest.mark.parametrize(
    "batch", [b"", b"\xff", b"{}", b"[[0,9]]", b"[[0,1]]", b'[[0,2,{"a":1}]]', b"[[0,3,[]]]", b'[["0",4]]', b"[[0"]
)
def test_a_batch_that_cannot_be_read_raises_a_journal_error(batch: bytes) -> None:
    """Damaged data, and kinds of later versions."""
    with pytest.raises(JournalError, match="a record that cannot be read"):
        decode_batch(batch)


def test_chunks_have_fifty_endpoints_and_the_last_one_the_rest() -> None:
    """The unit of leasing."""
    ids = tuple(f"we_{number}" for number in range(101))
    new = NewRun(id="r", organization_id="org_1", base_url="http://x", until="settled", endpoint_ids=ids)
    assert [50, 50, 1] == [len(chunk) for chunk in new.chunks()]
    assert ids == tuple(id_ for chunk in new.chunks() for id_ in chunk)


def test_the_digest_of_endpoints_does_not_depend_on_their_order() -> None:
    """A program may keep its endpoints in a set."""
    assert endpoints_digest(["a", "b"]) == endpoints_digest(["b", "a"])
    assert endpoints_digest(["a", "b"]) != endpoints_digest(["a", "c"])


def test_a_batch_that_is_nested_too_deeply_is_a_journal_error() -> None:
    """As any other batch that is damaged."""
    with pytest.raises(JournalError, match="a record that cannot be read"):
        decode_batch(b"[[0,3," + 100_000 * b"[" + b"]]")


def stored(outcome: dict[str, Any], sent: Sent | None, *, is_short: bool = True) -> Record:
    """Return the record of *outcome* as a journal returns it."""
    ((_, record),) = decode_batch(encode_batch([(0, Done(outcome, sent))], is_short=is_short))
    return record


def test_the_token_of_an_outcome_is_stored_with_the_record_of_its_send_only() -> None:
    """The outcome is whole again with that record."""
    outcome = {"state": "succeeded", "token": "twd1.x", "request_id": "req_1", "attempts": 1}
    sent = Sent("twd1.x", 14.0, "req_1")
    record = stored(outcome, sent)
    assert isinstance(record, Done)
    assert Done({"state": "succeeded", "attempts": 1}) == record
    assert outcome == record.complete(sent)


def test_the_token_is_stored_twice_if_the_journal_may_have_lost_the_other_record() -> None:
    """After a failover."""
    outcome = {"state": "succeeded", "token": "twd1.x", "request_id": "req_1"}
    assert Done(outcome) == stored(outcome, Sent("twd1.x", 14.0, "req_1"), is_short=False)


@pytest.mark.parametrize(
    ("sent", "left_out"),
    [(None, set()), (Sent("twd1.y", 14.0, "req_1"), {"request_id"}), (Sent("twd1.x", 14.0, None), {"token"})],
)
def test_another_token_is_stored_with_the_outcome(sent: Sent | None, left_out: set[str]) -> None:
    """For example that of a delivery that was found by a search. Older journals have all of them."""
    outcome = {"state": "failed", "token": "twd1.x", "request_id": "req_1"}
    record = stored(outcome, sent)
    assert isinstance(record, Done)
    assert left_out == outcome.keys() - record.outcome.keys()
    assert outcome == record.complete(sent)
