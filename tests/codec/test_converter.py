"""The converter: strict, with paths, and without a word of what it read."""

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
        b"",
        b" ",
        b"<html>",
        b'{"limit":50,',
        b'{"limit":50,"has_more":true}}',
        b'{"limit":NaN,"has_more":true}',
        b'{"limit":50,"has_more":true,"next_cursor":"\\ud800"}',
        b'{"limit":50,"has_more":true,"next_cursor":"\xff\xfe"}',
        b'{"limit":50,"has_more":true,"unknown":[}',
        b"\xff",
    ],
)
def test_bytes_that_are_no_json_are_one_problem_without_a_path(data: bytes) -> None:
    """Nothing, a piece, HTML, and what only JavaScript would take for JSON."""
    with pytest.raises(DecodeError) as caught:
        decode(data, CursorPagination)
    assert caught.value.path is None
    assert str(caught.value) == "malformed or incomplete JSON"


def test_a_number_beyond_all_numbers_is_a_problem() -> None:
    """JSON allows 1e999, Python has no number for it."""
    event = b'{"object":"event","id":"e","type":"t","subject":{"type":"t","id":"i"},"data":{"n":1e999},'
    with pytest.raises(DecodeError) as caught:
        decode(event + b'"webhook_deliveries":[],"created_at":"2026-03-24T20:00:00Z"}', Event)
    assert "$.data[...]" == caught.value.path


@pytest.mark.parametrize("depth", [2_000, 200_000])
def test_what_is_nested_too_deeply_is_a_problem(depth: int) -> None:
    """A body of brackets ends in the same error as others, wherever it lies, and never in a RecursionError."""
    for nested in (b"[" * depth, b"[" * depth + b"]" * depth):
        for body in (nested, b'{"unknown":' + nested + b"}", b'{"limit":' + nested + b"}"):
            with pytest.raises(DecodeError):
                decode(body, CursorPagination)


def test_of_a_field_that_stands_twice_the_last_one_counts_and_both_must_be_right() -> None:
    """As most readers of JSON have it; a wrong type cannot hide behind a right one."""
    assert decode(b'{"limit":1,"limit":2,"has_more":true}', CursorPagination).limit == 2
    with pytest.raises(DecodeError, match=r"at \$\.limit$"):
        decode(b'{"limit":"1","limit":2,"has_more":true}', CursorPagination)


@given(st.binary(max_size=64))
def test_any_bytes_give_a_model_or_the_one_problem(data: bytes) -> None:
    """There is no third way out."""
    try:
        value = decode(data, CursorPagination)
    except DecodeError:
        return
    assert isinstance(value, CursorPagination)


def test_a_problem_holds_nothing_of_the_data() -> None:
    """Neither its text, nor its cause, nor its traceback would give a secret away."""
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


def test_the_path_leads_through_lists_and_objects() -> None:
    """A person who reads it finds the place in the body."""
    with pytest.raises(DecodeError) as caught:
        structure({"at": "2026-03-24T20:00:00"}, Sample)
    assert caught.value.path == "$.at"
    with pytest.raises(DecodeError) as caught:
        decode(b'[[{"limit":1,"has_more":true}],[{"limit":"1"}]]', list[list[CursorPagination]])
    assert caught.value.path == "$[1][0].limit"
    assert str(caught.value) == "Expected `int`, got `str` at $[1][0].limit"


def test_a_secret_is_read_from_text_and_from_a_secret() -> None:
    """What was taken apart with its secrets hidden can be put together again."""
    at = datetime(2026, 3, 24, tzinfo=UTC)
    sample = Sample(at=at, secret=Secret(CANARY))
    assert sample == structure(unstructure(sample), Sample)
    assert sample == structure({"at": at, "secret": CANARY}, Sample)


def test_taking_apart_keeps_secrets_hidden_and_encoding_sends_them() -> None:
    """Dicts get printed; bytes are what the wire needs."""
    request = VerifyAgentTokenRequest(agent_token=Secret(CANARY))
    assert unstructure(request) == {"agent_token": Secret(CANARY)}
    assert CANARY not in repr(unstructure(request))
    assert encode(request) == b'{"agent_token":"%b"}' % CANARY.encode()


def test_only_secrets_and_what_json_knows_can_be_encoded() -> None:
    """An object that slipped into a free-form dict is named by its type."""
    with pytest.raises(TypeError, match=r"^object objects cannot be encoded as JSON$"):
        encode(Sample(at=datetime(2026, 3, 24, tzinfo=UTC), more={"a": object()}))


def test_a_type_that_no_model_has_is_not_guessed_at() -> None:
    """Only `Secret` is ours to make; other types are a mistake of the caller."""
    with pytest.raises(DecodeError, match=r"^models cannot have fields of type complex"):
        decode(b"1", complex)


def test_moments_are_sent_in_utc_with_milliseconds() -> None:
    """As the service writes them itself."""
    moment = datetime(2026, 3, 24, 22, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=2)))
    assert encode(Sample(at=moment)) == b'{"at":"2026-03-24T20:00:00.123Z"}'


def test_a_moment_without_a_time_zone_is_not_sent() -> None:
    """Which moment it is, nobody could tell."""
    with pytest.raises(
        ValueError, match=r"^the timestamp 2026-03-24T00:00:00 has no time zone: use one like datetime\.now\(UTC\)$"
    ):
        encode(Sample(at=datetime(2026, 3, 24)))  # noqa: DTZ001 - the mistake that is tested


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_not_sent(number: float) -> None:
    """It would go out as null, which means something else."""
    at = datetime(2026, 3, 24, tzinfo=UTC)
    for sample in (Sample(at=at, ratio=number), Sample(at=at, more={"deep": [{"n": number}]})):
        with pytest.raises(ValueError, match=r"^(nan|-?inf) is not valid JSON$"):
            encode(sample)


def test_text_that_cannot_be_sent_is_refused_without_repeating_it() -> None:
    """Half a surrogate pair is no text; the error must not carry the rest of a secret."""
    with pytest.raises(ValueError, match=r"^a string contains a lone surrogate") as caught:
        encode(VerifyAgentTokenRequest(agent_token=Secret(f"{CANARY}\ud800")))
    assert CANARY not in repr(caught.value) + repr(caught.value.__context__)


def test_the_neighbour_tells_what_a_webhook_carries() -> None:
    """The type of the event decides, not what the payload looks like."""
    event = decode(envelope(), WebhookEventEnvelope)
    assert isinstance(event.data, WebhookTestEventPayload)
    assert event == structure(unstructure(event), WebhookEventEnvelope)


def test_a_webhook_of_an_unknown_type_carries_a_plain_dict() -> None:
    """An event type of the service's next release is kept as it came."""
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
def test_a_wrong_webhook_is_refused_with_its_path(changes: dict[str, object], path: str) -> None:
    """The payload is as strict as everything else."""
    with pytest.raises(DecodeError) as caught:
        decode(envelope(**changes), WebhookEventEnvelope)
    assert caught.value.path == path


def test_the_converter_takes_dicts_for_models_and_hooks_of_users() -> None:
    """Cattrs is the way in for whoever has types of their own around ours."""

    @attrs.frozen
    class Mine:
        count: int

    assert Mine(3) == converter().structure({"count": 3}, Mine)
    with pytest.raises(DecodeError):
        converter().structure({"count": "3"}, Mine)
    assert [CursorPagination(limit=1, has_more=False)] == converter().structure(
        [{"limit": 1, "has_more": False}], list[CursorPagination]
    )


def test_an_enumeration_is_sent_as_its_text() -> None:
    """A plain text, whether the value is known or not."""

    class Colour(OpenEnum):
        RED = "red"

    assert type(unstructure(Colour.RED)) is str
    assert encode({"known": Colour.RED, "unknown": Colour("mauve")}) == b'{"known":"red","unknown":"mauve"}'
