"""Outcomes in a journal, which lack the values that follow from the record of the accepted test."""

from __future__ import annotations

import json
from typing import Any

import attrs
import msgspec
import pytest

from tests.support.sample_report import STARTED_AT, delivery, every_kind, outcome
from tripwire_async.deliveries import TestOutcome
from tripwire_async.journal._outcomes import outcomes_of_chunk
from tripwire_async.journal.records import Done, NewOutcome, Record, Sent, decode_batch, encode_batch

FIRST = outcome(0, "succeeded", delivery(0, "succeeded", response_body=None))
LATER = attrs.evolve(
    FIRST, attempts=2, request_ids=("req_1", "req_2"), timings=attrs.evolve(FIRST.timings, backoff_wait=0.25)
)


def sent_record(one: TestOutcome) -> Sent | None:
    """Return the record of the accepted test of an outcome."""
    pending = one.pending
    return None if pending is None else Sent(pending.to_token(), STARTED_AT.timestamp(), pending.request_id)


def records_of(one: TestOutcome, *, index: int = 0, **changes: Any) -> list[tuple[int, Record]]:
    """Return the records of an accepted test and its outcome, with changes of the latter."""
    sent = sent_record(one)
    done = Done({**one.to_dict(), **changes}, sent)
    return [(index, done)] if sent is None else [(index, sent), (index, done)]


def read(batch: bytes) -> list[dict[str, Any]]:
    """Return the outcomes of a chunk with one batch."""
    return [one.to_dict() for one in outcomes_of_chunk([batch])]


def stored(batch: bytes) -> dict[str, Any]:
    """Return the last outcome of a batch as it is stored."""
    record = decode_batch(batch)[-1][1]
    assert isinstance(record, Done)
    return record.outcome


@pytest.mark.parametrize("is_short", [True, False])
def test_every_outcome_comes_back_as_it_was(*, is_short: bool) -> None:
    """Of each state, with an error and without, after several attempts, and without a delivery."""
    every = [*every_kind(), FIRST, LATER, attrs.evolve(FIRST, delivery=None), attrs.evolve(LATER, is_final=False)]
    records = [record for index, one in enumerate(every) for record in records_of(one, index=index)]
    # An error of another class, which one of them has, is read as a TripwireError.
    whole = [TestOutcome.from_dict(one.to_dict()).to_dict() for one in every]
    assert whole == read(encode_batch(records, is_short=is_short))


@pytest.mark.parametrize("is_short", [True, False])
def test_an_outcome_is_stored_like_its_dict(*, is_short: bool) -> None:
    """Usual outcomes, which are not compared value by value, and all others."""
    first = sent_record(FIRST)
    assert first is not None
    others = Sent("twd1.x", 14.0, first.request_id), Sent(first.token, 14.0, "req_x")
    changes: list[dict[str, Any]] = [
        {"attempts": 2},
        {"delivery": None},
        {"endpoint_id": LATER.endpoint_id[::-1]},
        {"error": TimeoutError("late")},
        {"is_final": False},
        {"pending": None},
        {"request_ids": ("req_1", "req_2")},
        {"request_ids": ("req_x",)},
    ]
    assert FIRST.delivery is not None
    deliveries: list[dict[str, Any]] = [
        {"attempts": 2},
        {"endpoint_id": FIRST.endpoint_id[::-1]},
        {"error": "connection refused"},
        {"event_id": "wevt_0"},
        {"event_type": "session.verdict"},
        {"id": "wdlv_0"},
        {"response_body": "ok"},
        {"response_status": None},
    ]
    changes += [{"delivery": attrs.evolve(FIRST.delivery, **change)} for change in deliveries]
    for one in (*every_kind(), FIRST, LATER, *(attrs.evolve(FIRST, **change) for change in changes)):
        for sent in (sent_record(one), *others, None):
            record = NewOutcome(one, sent)
            expected = encode_batch([(0, Done(one.to_dict(), sent))], is_short=is_short)
            assert expected == encode_batch([(0, record)], is_short=is_short)


def test_the_outcome_of_a_usual_test_has_its_state_and_times_alone() -> None:
    """The stored form, which later versions must read."""
    one = attrs.evolve(FIRST, timings=attrs.evolve(FIRST.timings, rate_limit_wait=0.0))
    batch = encode_batch(records_of(one)[1:], is_short=True)
    expected = {
        "state": "succeeded",
        "delivery": {
            "created_at": "2026-03-04T05:06:07Z",
            "response_status": 200,
            "status": "succeeded",
            "updated_at": "2026-03-04T05:06:07.250000Z",
        },
        "timings": {"queued": 3.0, "network_time": 0.02, "settling": 0.4},
    }
    assert expected == stored(batch)


def test_an_outcome_that_was_stored_whole_is_read_as_it_is() -> None:
    """Journals of earlier versions have all of it, or all but the token and the id of the request."""
    one = attrs.evolve(LATER, delivery=None)
    whole = one.to_dict()
    for missing in (set[str](), {"token", "request_id"}):
        data = {name: value for name, value in whole.items() if name not in missing}
        batch = msgspec.json.encode([[0, 2, sent_record(one)], [0, 3, data]])
        assert [whole] == read(batch)


def test_an_outcome_that_lacks_a_value_is_stored_whole() -> None:
    """A value that is missing would come back as the usual one."""
    short = FIRST.to_dict()
    del short["delivery"]["error"]
    batch = encode_batch([(0, Done(short, sent_record(FIRST)))], is_short=True)
    assert short == stored(batch)


def test_a_token_that_this_version_cannot_read_is_the_only_value_left_out() -> None:
    """With the id of the request."""
    sent = Sent("twd9.x", None, "req_1")
    data = {**FIRST.to_dict(), "token": sent.token, "request_id": sent.request_id}
    batch = encode_batch([(0, Done(data, sent))], is_short=True)
    assert json.loads(json.dumps(data)) == Done(stored(batch)).complete(sent)
    assert {"token", "request_id"} == data.keys() - stored(batch).keys()
