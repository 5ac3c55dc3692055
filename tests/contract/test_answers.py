"""Recorded responses of both profiles: decoded, encoded again, and errors as exceptions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.operations import OPERATIONS, PROFILES
from tests.testing.document import check_answer, operations
from tripwire_async import FOIL, TRIPWIRE, AsyncTripwire, Profile, errors
from tripwire_async._codec.converter import DecodeError, decode, encode, structure, unstructure
from tripwire_async.middleware import Response

if TYPE_CHECKING:
    from tripwire_async.middleware import Handler, Request

HERE = Path(__file__).parent


def recorded(kind: str) -> list[Any]:
    """Return a parameter for each recorded response of *kind*: the profile, the name and the response."""
    return [
        pytest.param(profile, path.stem, json.loads(path.read_text(encoding="utf-8")), id=f"{profile.name}-{path.stem}")
        for profile in PROFILES
        for path in sorted((HERE / kind / profile.name).glob("*.json"))
    ]


ANSWERS = recorded("answers")
ERRORS = recorded("errors")


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_operation_has_a_recorded_response(profile: Profile) -> None:
    """The recorded responses, the document and the profile have the same operations."""
    names = {path.stem for path in (HERE / "answers" / profile.name).glob("*.json")}
    assert names == set(operations(profile)) == profile.operations
    assert set(OPERATIONS) == TRIPWIRE.operations | FOIL.operations


@pytest.mark.parametrize(("profile", "operation", "answer"), ANSWERS)
def test_a_response_matches_the_description(profile: Profile, operation: str, answer: Any) -> None:
    """The description of the profile accepts the response."""
    check_answer(operation, answer["status"], answer["body"], profile)
    assert answer["status"] == OPERATIONS[operation].success


@pytest.mark.parametrize(("profile", "operation", "answer"), ANSWERS)
def test_a_response_is_decoded_and_encoded_without_a_change(profile: Profile, operation: str, answer: Any) -> None:
    """From bytes and from dicts; a null in a field that only one profile has means the same as leaving it out."""
    body, model = answer["body"], OPERATIONS[operation].returns
    decoded = decode(json.dumps(body).encode(), model)
    assert decoded == structure(body, model)
    encoded = json.loads(encode(decoded))
    assert decoded == structure(encoded, model)
    assert without_marked_nulls(body) == encoded
    assert profile.name in OPERATIONS[operation].profiles


@pytest.mark.parametrize(("profile", "operation", "answer"), ANSWERS)
def test_an_unknown_field_is_ignored(profile: Profile, operation: str, answer: Any) -> None:
    """The service may add fields; the model is the same without them."""
    body, model = answer["body"], OPERATIONS[operation].returns
    if body is None:
        assert decode(b"null", model) is None
        return
    more = {**body, "news": 1, "data": _with_news(body["data"])}
    assert structure(body, model) == structure(more, model)
    assert profile.name in OPERATIONS[operation].profiles


@pytest.mark.parametrize(
    ("operation", "answer"), [param.values[1:] for param in ANSWERS if param.values[2]["body"] is not None]
)
def test_a_response_without_its_data_is_an_error(operation: str, answer: Any) -> None:
    """The error names the missing field."""
    body = {name: it for name, it in answer["body"].items() if name != "data"}
    with pytest.raises(DecodeError, match="missing required field `data`"):
        structure(body, OPERATIONS[operation].returns)


def without_marked_nulls(value: Any) -> Any:
    """Return *value* without nulls in the fields that only Foil has."""
    if isinstance(value, list):
        return [without_marked_nulls(each) for each in value]
    if isinstance(value, dict):
        marked = {"client_user_id", "behavior", "app_name", "client_target"}
        # `model` and `resolution` are names of Foil's fields in these two objects only.
        marked |= {"model"} if "hardware_concurrency" in value else set()
        return {
            name: without_marked_nulls(each) for name, each in value.items() if not (each is None and name in marked)
        }
    return value


def _with_news(data: Any) -> Any:
    return [_with_news(each) for each in data] if isinstance(data, list) else {**data, "news": 1}


@pytest.mark.parametrize(("profile", "name", "refusal"), ERRORS)
async def test_an_error_response_becomes_its_exception(profile: Profile, name: str, refusal: Any) -> None:
    """One class per status; every part of the body is an attribute."""
    check_answer("listSessions", refusal["status"], refusal["body"], profile)

    async def answer(request: Request, call_next: Handler) -> Response:
        return Response(refusal["status"], refusal["headers"], json.dumps(refusal["body"]).encode())

    client = AsyncTripwire(profile=profile, base_url="https://api.example", middleware=[answer])
    with pytest.raises(errors.APIError) as caught:
        await client.sessions.list()
    error, expected = caught.value, refusal["body"]["error"]
    details = expected.get("details", {})
    assert errors.error_class(int(name.partition("-")[0])) is type(error)
    assert [expected.get(name) for name in ("status", "code", "retryable", "request_id", "docs_url")] == [
        error.status,
        error.code,
        error.retryable,
        error.request_id,
        error.docs_url,
    ]
    assert expected["message"] in error.message
    assert details.get("next_action") == error.next_action
    assert float(refusal["headers"].get("Retry-After", 0)) == (error.retry_after or 0)
    assert [
        tuple(field.get(name) for name in ("name", "issue", "expected", "received"))
        for field in details.get("fields", [])
    ] == [(field.name, field.issue, field.expected, field.received) for field in error.field_errors]


@pytest.mark.parametrize(("profile", "name", "refusal"), ERRORS)
def test_an_error_response_is_decoded_and_encoded_without_a_change(profile: Profile, name: str, refusal: Any) -> None:
    """As a model, for stored responses; null for an input means the same as leaving it out."""
    from tripwire_async.models import ApiErrorEnvelope

    body = refusal["body"]
    assert _without_nulls(body) == unstructure(structure(body, ApiErrorEnvelope))
    assert refusal["status"] == int(name.partition("-")[0])
    assert body["error"].get("docs_url", profile.docs_url).startswith(profile.docs_url)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return value


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_documented_status_has_a_recorded_error(profile: Profile) -> None:
    """Each status with its own class, and two of the 5xx; 401 both without a key and with an unknown one."""
    names = {path.stem for path in (HERE / "errors" / profile.name).glob("*.json")}
    assert {"400", "401", "401-invalid", "403", "404", "409", "410", "422", "429", "500", "503"} == names
