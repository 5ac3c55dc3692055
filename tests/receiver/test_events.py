"""Parsing of bodies into events, and errors with the path of an invalid field."""

from __future__ import annotations

import datetime as dt
import json
import pickle
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.webhook_bodies import DATA, NOW, PAIR, SECRET, body_of, envelope, headers_of
from tripwire_async import FOIL, TRIPWIRE
from tripwire_async.errors import EventDecodeError, SignatureError
from tripwire_async.models import Verdict
from tripwire_async.receiver import (
    GateSessionApprovedEvent,
    SessionFingerprintCalculatedEvent,
    SessionResultPersistedEvent,
    UnknownEvent,
    WebhookEvent,
    WebhookTestEvent,
    parse_event,
    receive_event,
)

CLASSES = {
    "session.result.persisted": SessionResultPersistedEvent,
    "session.fingerprint.calculated": SessionFingerprintCalculatedEvent,
    "gate.session.approved": GateSessionApprovedEvent,
    "webhook.test": WebhookTestEvent,
}


@pytest.mark.parametrize("event_type", DATA)
def test_each_type_has_a_class(event_type: str) -> None:
    """With what all events have, and the whole body besides, unknown fields included."""
    event = parse_event(body_of(event_type, later={"a": 1}))
    assert CLASSES[event_type] is type(event)
    assert event_type == event.type
    assert event.id == "wevt_0123456789abcdef0123456789abcdef"
    assert dt.datetime(2026, 3, 24, 20, tzinfo=dt.UTC) == event.created
    assert envelope(event_type, later={"a": 1}) == event.raw
    assert "later" not in repr(event)
    assert event == pickle.loads(pickle.dumps(event))  # noqa: S301 - our own bytes


@pytest.mark.parametrize("event_class", [*CLASSES.values(), UnknownEvent])
def test_events_are_created_by_keyword(event_class: type[WebhookEvent]) -> None:
    """So a new field can be added anywhere."""
    fields = {"id": "wevt_1", "type": "webhook.test", "created": dt.datetime.now(dt.UTC), "data": {}, "raw": {}}
    assert event_class(**fields).id == "wevt_1"
    with pytest.raises(TypeError, match="positional"):
        event_class(*fields.values())


def test_the_data_is_typed() -> None:
    """As the models say."""
    result = parse_event(body_of("session.result.persisted"))
    assert isinstance(result, SessionResultPersistedEvent)
    assert result.data.decision is not None
    assert result.data.decision.verdict == Verdict.BOT
    fingerprint = parse_event(body_of("session.fingerprint.calculated"))
    assert isinstance(fingerprint, SessionFingerprintCalculatedEvent)
    assert fingerprint.data.visitor_fingerprint.confidence == 97
    test = parse_event(body_of("webhook.test"))
    assert isinstance(test, WebhookTestEvent)
    assert test.data.endpoint.id == "we_0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("event_type", DATA)
def test_the_class_of_an_event_declares_the_type_of_its_data(event_type: str) -> None:
    """A program can read it, for example to convert a stored event."""
    event = parse_event(body_of(event_type))
    assert attrs.fields_dict(type(event))["data"].type is type(event.data)


def test_a_result_as_it_was_recorded_is_accepted() -> None:
    """The webhook carried two fields, although the service's schema requires nine."""
    data = {name: DATA["session.result.persisted"][name] for name in ("object", "session")}
    event = parse_event(body_of("session.result.persisted", data=data))
    assert isinstance(event, SessionResultPersistedEvent)
    assert event.data.session.id == data["session"]["id"]
    assert event.data.decision is None


def test_a_gate_event_says_under_which_name_it_came() -> None:
    """The response is encrypted for that name."""
    first = parse_event(body_of("gate.session.approved"))
    assert isinstance(first, GateSessionApprovedEvent)
    assert first.profile == TRIPWIRE
    assert PAIR.request == first.data.delivery
    data = {("foil" if name == "tripwire" else name): value for name, value in DATA["gate.session.approved"].items()}
    later = parse_event(body_of("gate.session.approved", data=data))
    assert isinstance(later, GateSessionApprovedEvent)
    assert later.profile == FOIL
    assert later.data.tripwire.verdict == Verdict.HUMAN


@pytest.mark.parametrize("data", [None, [], "text", {"a": 1}])
def test_an_unknown_type_is_kept(data: Any) -> None:
    """Whatever its data is."""
    event = parse_event(body_of("session.deleted", data=data))
    assert isinstance(event, UnknownEvent)
    assert event.type == "session.deleted"
    assert data == event.data


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", None),
        (b"rubbish", None),
        (b"\xff\xfe", None),
        (b'{"a":' * 100_000, None),
        (body_of("webhook.test")[:-1], None),
        (body_of("webhook.test") + b"x", None),
        (b"[]", "$"),
        (b"null", "$"),
        (b"{}", "$"),
    ],
)
def test_a_body_that_is_no_event_is_refused(body: bytes, path: str | None) -> None:
    """It is not JSON, not an object, or has no known field."""
    with pytest.raises(EventDecodeError, match="the webhook's body is not an event") as caught:
        parse_event(body)
    assert path == caught.value.path


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"id": ""}, "$.id"),
        ({"id": 5}, "$.id"),
        ({"id": None}, "$.id"),
        ({"object": "event"}, "$.object"),
        ({"type": None}, "$.type"),
        ({"created": "yesterday"}, "$.created"),
        ({"created": "2026-03-24T20:00:00"}, "$.created"),
        ({"data": None}, "$.data"),
        ({"data": []}, "$.data"),
        ({"data": DATA["webhook.test"] | {"object": "other"}}, "$.data.object"),
        ({"data": DATA["webhook.test"] | {"endpoint": {"id": 5}}}, "$.data.endpoint.id"),
        ({"type": "session.result.persisted"}, "$.data.object"),
        ({"type": "gate.session.approved"}, "$.data"),
    ],
)
def test_a_field_of_another_type_is_refused_by_its_path(change: dict[str, Any], path: str) -> None:
    """Among them the data of one type under the name of another."""
    with pytest.raises(EventDecodeError) as caught:
        parse_event(body_of("webhook.test", **change))
    assert path == caught.value.path
    assert caught.value.__cause__ is None


def test_a_gate_event_that_must_not_be_answered_is_refused() -> None:
    """Its delivery request was checked, and not only read."""
    data = DATA["gate.session.approved"]
    swapped = data | {"delivery": data["delivery"] | {"key_id": "A" * 43}}
    with pytest.raises(EventDecodeError, match="key_id of the delivery request"):
        parse_event(body_of("gate.session.approved", data=swapped))


@given(st.binary())
def test_whatever_the_bytes_nothing_else_is_raised(body: bytes) -> None:
    """Any bytes at all."""
    with pytest.raises(EventDecodeError):
        parse_event(body)


@given(st.sampled_from(sorted(DATA)), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_whatever_the_data_nothing_else_is_raised(event_type: str, data: Any) -> None:
    """Any JSON other than an object, for every known type."""
    with pytest.raises(EventDecodeError):
        parse_event(json.dumps(envelope(event_type, data=data)).encode())


def test_an_event_is_received_when_it_is_signed_and_can_be_read() -> None:
    """Both at once."""
    body = body_of("webhook.test")
    assert parse_event(body) == receive_event(body, headers_of(body), SECRET, now=NOW)
    with pytest.raises(SignatureError, match="from now"):
        receive_event(body, headers_of(body), SECRET, tolerance=10, now=NOW + 11)


def test_nothing_is_read_before_it_is_verified() -> None:
    """The signature is checked before the body is parsed."""
    with pytest.raises(SignatureError):
        receive_event(b"rubbish", headers_of(b"other"), SECRET, now=NOW)
    with pytest.raises(EventDecodeError):
        receive_event(b"rubbish", headers_of(b"rubbish"), SECRET, now=NOW)
