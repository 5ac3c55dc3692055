"""Strict decoding with paths, encoding, and errors that contain no data."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripwire_async._codec.converter import DecodeError, converter, decode, encode, structure, unstructure
from tripwire_async._codec.enums import OpenEnum
from tripwire_async._codec.fields import UNSET, Timestamp, UnsetType
from tripwire_async._secrets.secret import Secret
from tripwire_async.models import (
    CursorPagination,
    Event,
    GateSessionCreate,
    Verdict,
    VerifyAgentTokenRequest,
    WebhookDeliveryEventType,
    WebhookEventEnvelope,
    WebhookTestEventPayload,
)

CANARY = "whsec_canary-7f3a"


@attrs.frozen(kw_only=True)
class Sample:
    at: Timestamp
    verdict: Verdict | None = None
    secret: Secret | None = None
    ratio: float | UnsetType = UNSET
    more: dict[str, Any] | None = None


def envelope(**changes: object) -> bytes:
    """Return a webhook's body with some of its fields changed."""
    whole = {
        "id": "wevt_0",
        "object": "webhook_event",
        "type": "webhook.test",
        "created": "2026-03-24T20:00:00.000Z",
        "data": {"object": "webhook_test", "endpoint": {"id": "we_0"}},
    }
    return msgspec.json.encode({**whole, **changes})


@pytest.mark.parametrize(
    "data",
    [
        b"<html>",
        b'{"limit":50,',
        b'{"limit":50,"has_more":true}}',
        b'{"limit":NaN,"has_more":true}',
        b'{"limit":50,"has_more":true,"next_cursor":"\xff\xfe"}',
        b'{"limit":50,"has_more":true,"unknown":[}',
        b"\xff",
    ],
)
def test_bytes_that_are_not_json_are_an_error_without_a_path(data: bytes) -> None:
    """Incomplete, HTML, and values that only JavaScript accepts."""
    with pytest.raises(DecodeError) as caught:
        decode(data, CursorPagination)
    assert caught.value.path is None
    assert str(caught.value) == "malformed or incomplete JSON"


@pytest.mark.parametrize("data", [b"", b" ", b"\r\n"])
@pytest.mark.parametrize("type_", [CursorPagination, dict, object])
def test_no_bytes_at_all_are_not_called_malformed(data: bytes, type_: type[object]) -> None:
    """The error names the cause."""
    with pytest.raises(DecodeError) as caught:
        decode(data, type_)
    assert (None, "it is empty") == (caught.value.path, str(caught.value))


def test_a_number_out_of_range_is_an_error() -> None:
    """JSON allows 1e999; Python cannot represent it."""
    event = b'{"object":"event","id":"e","type":"t","subject":{"type":"t","id":"i"},"data":{"n":1e999},'
    with pytest.raises(DecodeError) as caught:
        decode(event + b'"webhook_deliveries":[],"created_at":"2026-03-24T20:00:00Z"}', Event)
    assert "$.data[...]" == caught.value.path


@pytest.mark.parametrize("depth", [2_000, 200_000])
def test_deep_nesting_is_an_error(depth: int) -> None:
    """A body of brackets, in any place, is a DecodeError and never a RecursionError."""
    for nested in (b"[" * depth, b"[" * depth + b"]" * depth):
        for body in (nested, b'{"unknown":' + nested + b"}", b'{"limit":' + nested + b"}"):
            with pytest.raises(DecodeError):
                decode(body, CursorPagination)


def test_the_last_of_two_fields_with_one_name_is_used_and_both_must_match() -> None:
    """Most JSON parsers do the same; a wrong type cannot hide behind a right one."""
    assert decode(b'{"limit":1,"limit":2,"has_more":true}', CursorPagination).limit == 2
    with pytest.raises(DecodeError, match=r"at \$\.limit$"):
        decode(b'{"limit":"1","limit":2,"has_more":true}', CursorPagination)


@given(st.binary(max_size=64))
def test_any_bytes_give_a_model_or_a_decode_error(data: bytes) -> None:
    """No other exception occurs."""
    try:
        value = decode(data, CursorPagination)
    except DecodeError:
        return
    assert isinstance(value, CursorPagination)


def test_a_decode_error_contains_no_data() -> None:
    """Its message, its cause and its traceback contain no secret."""
    session = (
        b'{"object":"%b","id":"%b","status":"pending","poll_token":%b,"consent_url":1,'
        b'"expires_at":"2026-03-24T20:00:00.000Z"}'
    )
    canary = CANARY.encode()
    for body in (
        session % (b"gate_session", canary, b'"%b"' % canary),
        session % (b"gate_session", canary, b'["%b"]' % canary),
        session % (canary, canary, b'"%b"' % canary),
        (session % (b"gate_session", canary, b'"%b"' % canary))[:60],
        b'{"poll_token":"%b\xff"}' % canary,
    ):
        with pytest.raises(DecodeError) as caught:
            decode(body, GateSessionCreate)
        printed = "".join(traceback.format_exception(caught.value))
        assert CANARY not in printed + repr(caught.value) + repr(caught.value.__context__)


def test_the_path_includes_lists_and_objects() -> None:
    """It names the exact place in the body."""
    with pytest.raises(DecodeError) as caught:
        structure({"at": "2026-03-24T20:00:00"}, Sample)
    assert caught.value.path == "$.at"
    with pytest.raises(DecodeError) as caught:
        decode(b'[[{"limit":1,"has_more":true}],[{"limit":"1"}]]', list[list[CursorPagination]])
    assert caught.value.path == "$[1][0].limit"
    assert str(caught.value) == "Expected `int`, got `str` at $[1][0].limit"


def test_a_secret_is_decoded_from_text_and_from_a_secret() -> None:
    """A model that was unstructured with hidden secrets can be structured again."""
    at = datetime(2026, 3, 24, tzinfo=UTC)
    sample = Sample(at=at, secret=Secret(CANARY))
    assert sample == structure(unstructure(sample), Sample)
    assert sample == structure({"at": at, "secret": CANARY}, Sample)


def test_unstructure_keeps_secrets_hidden_and_encode_reveals_them() -> None:
    """Dicts are often printed; the request body needs the plain text."""
    request = VerifyAgentTokenRequest(agent_token=Secret(CANARY))
    assert unstructure(request) == {"agent_token": Secret(CANARY)}
    assert CANARY not in repr(unstructure(request))
    assert encode(request) == b'{"agent_token":"%b"}' % CANARY.encode()


def test_an_object_that_json_does_not_support_is_an_error() -> None:
    """An object in a free-form dict is named by its type."""
    with pytest.raises(TypeError, match=r"^object objects cannot be encoded as JSON$"):
        encode(Sample(at=datetime(2026, 3, 24, tzinfo=UTC), more={"a": object()}))


def test_a_type_that_models_cannot_have_is_an_error() -> None:
    """Only `Secret` has a hook; other types are a mistake of the caller."""
    with pytest.raises(DecodeError, match=r"^models cannot have fields of type complex"):
        decode(b"1", complex)


def test_timestamps_are_sent_in_utc_with_milliseconds() -> None:
    """The service uses the same format."""
    timestamp = datetime(2026, 3, 24, 22, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=2)))
    assert encode(Sample(at=timestamp)) == b'{"at":"2026-03-24T20:00:00.123Z"}'


def test_a_timestamp_without_a_time_zone_is_not_sent() -> None:
    """It would be ambiguous."""
    with pytest.raises(
        ValueError, match=r"^the timestamp 2026-03-24T00:00:00 has no time zone: use one like datetime\.now\(UTC\)$"
    ):
        encode(Sample(at=datetime(2026, 3, 24)))  # noqa: DTZ001 - the mistake that is tested


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_not_sent(number: float) -> None:
    """It would be sent as null, which has another meaning."""
    at = datetime(2026, 3, 24, tzinfo=UTC)
    for sample in (Sample(at=at, ratio=number), Sample(at=at, more={"deep": [{"n": number}]})):
        with pytest.raises(ValueError, match=r"^(nan|-?inf) is not valid JSON$"):
            encode(sample)


def test_text_that_cannot_be_encoded_is_rejected_and_not_shown() -> None:
    """A lone surrogate cannot be encoded; the error must not contain the rest of a secret."""
    with pytest.raises(ValueError, match=r"^a string contains a lone surrogate") as caught:
        encode(VerifyAgentTokenRequest(agent_token=Secret(f"{CANARY}\ud800")))
    assert CANARY not in repr(caught.value) + repr(caught.value.__context__)


def test_the_event_type_decides_the_model_of_the_payload() -> None:
    """The shape of the payload does not matter."""
    event = decode(envelope(), WebhookEventEnvelope)
    assert isinstance(event.data, WebhookTestEventPayload)
    assert event == structure(unstructure(event), WebhookEventEnvelope)


def test_the_payload_of_an_unknown_event_type_is_a_plain_dict() -> None:
    """An event type of a later release is kept unchanged."""
    event = decode(envelope(type="session.forgotten", data={"a": [1]}), WebhookEventEnvelope)
    assert event.data == {"a": [1]}
    assert event.type == WebhookDeliveryEventType("session.forgotten")
    assert decode(encode(event), WebhookEventEnvelope) == event


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"data": {"object": "webhook_test", "endpoint": {"id": 1}}}, "$.data.endpoint.id"),
        ({"data": []}, "$.data"),
        ({"type": "session.forgotten", "data": []}, "$.data"),
        ({"type": 1}, "$.type"),
        ({"created": "yesterday"}, "$.created"),
    ],
)
def test_an_invalid_webhook_is_an_error_with_its_path(changes: dict[str, object], path: str) -> None:
    """The payload is decoded as strictly as the envelope."""
    with pytest.raises(DecodeError) as caught:
        decode(envelope(**changes), WebhookEventEnvelope)
    assert caught.value.path == path


def test_the_converter_structures_models_inside_other_classes() -> None:
    """A class that is not a generated model may contain one."""

    @attrs.frozen
    class Mine:
        count: int

    assert Mine(3) == converter().structure({"count": 3}, Mine)
    with pytest.raises(DecodeError):
        converter().structure({"count": "3"}, Mine)
    assert [CursorPagination(limit=1, has_more=False)] == converter().structure(
        [{"limit": 1, "has_more": False}], list[CursorPagination]
    )


def test_an_enumeration_is_encoded_as_its_text() -> None:
    """A plain string, known or unknown."""

    class Colour(OpenEnum):
        RED = "red"

    assert type(unstructure(Colour.RED)) is str
    assert encode({"known": Colour.RED, "unknown": Colour("mauve")}) == b'{"known":"red","unknown":"mauve"}'


@pytest.mark.parametrize("value", [{"at": "\ud83d"}, {"\ud83d": 1}, {"at": {"\ud83d": []}}])
def test_a_value_with_a_lone_surrogate_is_a_decode_error(value: object) -> None:
    """Values that a program has decoded itself can hold one."""
    with pytest.raises(DecodeError):
        structure(value, Sample)
