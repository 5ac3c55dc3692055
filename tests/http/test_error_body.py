"""What a refusal's body says, whatever it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripwire_async._http.error_body import ErrorBody, read_error_body
from tripwire_async._secrets.redaction import excerpt, sanitize
from tripwire_async.errors import FieldError

WHOLE = {
    "error": {
        "code": "request.validation_failed",
        "message": "The values are invalid.",
        "status": 422,
        "retryable": False,
        "request_id": "req_1",
        "docs_url": "https://docs.example/errors",
        "details": {
            "next_action": "retry",
            "fields": [
                {"name": "url", "issue": "must be https", "expected": "https://…", "received": "http://x"},
                {"name": "limit", "received": 500},
            ],
        },
    }
}


def read(body: Any) -> ErrorBody:
    return read_error_body(json.dumps(body).encode())


def test_the_services_envelope_is_read_whole() -> None:
    """Every part at its place."""
    assert ErrorBody(
        code="request.validation_failed",
        message="The values are invalid.",
        retryable=False,
        request_id="req_1",
        docs_url="https://docs.example/errors",
        next_action="retry",
        field_errors=(
            FieldError(name="url", issue="must be https", expected="https://…", received="http://x"),
            FieldError(name="limit", issue="rejected", received=500),
        ),
    ) == read(WHOLE)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"5",
        b'"error"',
        b"{}",
        b'{"error": null}',
        b'{"error": "down"}',
        b'{"error": []}',
        b'{"error": {"code": "a", ',
        b"<html><h1>Bad gateway</h1></html>",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"error":' * 100_000,
        b"{}" * 100_000,
        b'{"error": {"retryable": true, "message": "\xff"}}',
        json.dumps(WHOLE).encode()[:-5],
    ],
)
def test_a_body_that_is_not_the_services_says_nothing(body: bytes) -> None:
    """HTML, rubbish, half of something, other JSON, the depths."""
    assert ErrorBody() == read_error_body(body)


def test_parts_of_the_wrong_type_are_none() -> None:
    """The others stay."""
    wrong = {
        "code": 5,
        "message": ["no"],
        "retryable": "false",
        "request_id": {},
        "docs_url": 1.5,
        "details": {"next_action": 1, "fields": [None, 5, "url", {}, {"name": 7}, {"name": "ok", "received": [1]}]},
    }
    assert ErrorBody(field_errors=(FieldError(name="ok", issue="rejected"),)) == read({"error": wrong})
    assert ErrorBody(code="a") == read({"error": {"code": "a", "details": {"fields": "url"}}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from([*WHOLE["error"], "error", "fields", "name"]), inner)
    ),
    max_leaves=20,
)


@given(st.binary() | JSON.map(lambda value: json.dumps({"error": value}).encode()))
def test_no_body_is_too_strange_to_read(body: bytes) -> None:
    """It never raises, and what it returns is of the types it says."""
    said = read_error_body(body)
    texts = (said.code, said.message, said.request_id, said.docs_url, said.next_action)
    assert all(text is None or isinstance(text, str) for text in texts)
    assert all(isinstance(field.name, str) and isinstance(field.issue, str) for field in said.field_errors)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"retryable": True}, (True, None)),
        ({"retryable": False, "details": {"next_action": "retry"}}, (False, "retry")),
        ({"details": {"next_action": "new_session"}}, (None, "new_session")),
        ({"retryable": "yes", "details": {"next_action": "retry"}}, (None, "retry")),
        ({"retryable": True, "details": ["odd"]}, (True, None)),
        ({"retryable": True, "details": {"next_action": 1}}, (True, None)),
    ],
)
def test_the_retry_advice_is_read_field_by_field(
    error: dict[str, Any], expected: tuple[bool | None, str | None]
) -> None:
    """A field of the wrong type is None and does not affect the other."""
    found = read({"error": {"code": "rate.limited", "message": "Slow down.", **error}})
    assert expected == (found.retryable, found.next_action)


def test_a_message_of_megabytes_is_cut() -> None:
    """Errors are logged and kept."""
    said = read({"error": {"message": "m" * 10**6, "details": {"fields": [{"name": "n" * 1000}] * 200}}})
    assert "m" * 500 + "…" == said.message
    assert 100 == len(said.field_errors)
    assert 501 == len(said.field_errors[0].name)


def test_what_was_received_is_hidden_when_it_is_a_secret() -> None:
    """A service may repeat what it was sent."""
    said = read({"error": {"details": {"fields": [{"name": "key", "received": "sk_test_canary"}]}}})
    assert "sk_test_…" == said.field_errors[0].received


@given(st.text(st.characters(codec=None)))
def test_a_legible_text_is_one_printable_line(text: str) -> None:
    """Neither line breaks nor escapes nor halves of characters reach a terminal."""
    shown = sanitize(text)
    assert shown.isprintable()
    assert len(shown) <= 501
    shown.encode()


def test_an_excerpt_is_the_beginning_in_any_encoding() -> None:
    """A piece for a person to read, with what is no text replaced."""
    assert "caf\N{REPLACEMENT CHARACTER}" == excerpt(b"caf\xe9")
    assert "é" * 500 + "…" == excerpt(("é" * 501).encode())
    assert "é" * 500 == excerpt(("é" * 500).encode())
    assert "<p>Bearer …</p>" == excerpt(b"<p>Bearer sk_test_canary</p>")
