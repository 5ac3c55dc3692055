"""Recorded answers structure and come back the same; recorded errors become their exceptions."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.testing.document import check_answer, operations
from tripwire_async import AsyncTripwire, errors
from tripwire_async._codec.converter import DecodeError, decode, encode, structure, unstructure
from tripwire_async._operation import Operation
from tripwire_async.middleware import Response

if TYPE_CHECKING:
    from tripwire_async.middleware import Handler, Request

HERE = Path(__file__).parent
ANSWERS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("answers/*.json"))}
ERRORS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("errors/*.json"))}
OPERATIONS: dict[str, Operation[Any]] = {
    operation.id: operation
    for home in ("sessions", "fingerprints", "organizations", "api_keys", "webhooks", "gate")
    for operation in vars(importlib.import_module(f"tripwire_async._generated.operations.{home}")).values()
    if isinstance(operation, Operation)
}


def test_there_is_an_answer_of_every_operation() -> None:
    """And of no other."""
    assert set(operations()) == set(OPERATIONS) == set(ANSWERS)


@pytest.mark.parametrize("operation", ANSWERS)
def test_an_answer_is_what_the_description_says(operation: str) -> None:
    """So that what is proved below is proved of the API."""
    check_answer(operation, ANSWERS[operation]["status"], ANSWERS[operation]["body"])
    assert ANSWERS[operation]["status"] == OPERATIONS[operation].success


@pytest.mark.parametrize("operation", ANSWERS)
def test_an_answer_structures_and_comes_back_the_same(operation: str) -> None:
    """From bytes and from dicts, byte for byte the same values, secrets among them."""
    body, model = ANSWERS[operation]["body"], OPERATIONS[operation].returns
    decoded = decode(json.dumps(body).encode(), model)
    assert decoded == structure(body, model)
    assert body == json.loads(encode(decoded))


@pytest.mark.parametrize("operation", ANSWERS)
def test_a_field_that_is_not_known_yet_disturbs_nothing(operation: str) -> None:
    """The service may add to its answers; the model is the same without it."""
    body, model = ANSWERS[operation]["body"], OPERATIONS[operation].returns
    if body is None:
        assert decode(b"null", model) is None
        return
    more = {**body, "news": 1, "data": _with_news(body["data"])}
    assert structure(body, model) == structure(more, model)


@pytest.mark.parametrize("operation", [name for name, answer in ANSWERS.items() if answer["body"] is not None])
def test_an_answer_without_its_data_is_refused(operation: str) -> None:
    """With the path of what is missing."""
    body = {name: it for name, it in ANSWERS[operation]["body"].items() if name != "data"}
    with pytest.raises(DecodeError, match="missing required field `data`"):
        structure(body, OPERATIONS[operation].returns)


def _with_news(data: Any) -> Any:
    return [_with_news(each) for each in data] if isinstance(data, list) else {**data, "news": 1}


@pytest.mark.parametrize("status", ERRORS)
async def test_an_error_becomes_its_exception_with_all_that_the_body_says(status: str) -> None:
    """One class a status; every part of the envelope is at hand."""
    refusal = ERRORS[status]
    check_answer("listSessions", refusal["status"], refusal["body"])

    async def answer(request: Request, call_next: Handler) -> Response:
        return Response(refusal["status"], refusal["headers"], json.dumps(refusal["body"]).encode())

    client = AsyncTripwire(base_url="https://api.example", middleware=[answer])
    with pytest.raises(errors.APIError) as caught:
        await client.sessions.list()
    error, said = caught.value, refusal["body"]["error"]
    details = said.get("details", {})
    assert errors.error_class(int(status)) is type(error)
    assert [said[name] for name in ("status", "code", "retryable", "request_id", "docs_url")] == [
        error.status,
        error.code,
        error.retryable,
        error.request_id,
        error.docs_url,
    ]
    assert said["message"] in error.message
    assert details.get("next_action") == error.next_action
    assert float(refusal["headers"].get("Retry-After", 0)) == (error.retry_after or 0)
    assert [
        tuple(field.get(name) for name in ("name", "issue", "expected", "received"))
        for field in details.get("fields", [])
    ] == [(field.name, field.issue, field.expected, field.received) for field in error.field_errors]


@pytest.mark.parametrize("status", ERRORS)
def test_an_error_structures_and_comes_back_the_same(status: str) -> None:
    """As a model too, for who reads one that was stored; null for an input means the same as leaving it out."""
    from tripwire_async.models import ApiErrorEnvelope

    body = ERRORS[status]["body"]
    assert _without_nulls(body) == unstructure(structure(body, ApiErrorEnvelope))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return value


def test_there_is_an_error_of_every_status_that_the_api_names() -> None:
    """Each that has a class of its own, and two of the 5xx."""
    assert {"400", "401", "403", "404", "409", "410", "422", "429", "500", "503"} == set(ERRORS)
