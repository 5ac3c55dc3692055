"""Parsing of error bodies, valid and invalid."""

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
    """All parts are read."""
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
def test_any_other_body_is_empty(body: bytes) -> None:
    """HTML, invalid and incomplete data, other JSON, deep nesting."""
    assert ErrorBody() == read_error_body(body)


def test_parts_of_the_wrong_type_are_none() -> None:
    """The other parts are kept."""
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
def test_no_body_raises(body: bytes) -> None:
    """The parts always have the declared types."""
    error = read_error_body(body)
    texts = (error.code, error.message, error.request_id, error.docs_url, error.next_action)
    assert all(text is None or isinstance(text, str) for text in texts)
    assert all(isinstance(field.name, str) and isinstance(field.issue, str) for field in error.field_errors)


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


def test_a_long_message_is_shortened() -> None:
    """Errors are logged and stored."""
    error = read({"error": {"message": "m" * 10**6, "details": {"fields": [{"name": "n" * 1000}] * 200}}})
    assert "m" * 500 + "…" == error.message
    assert 100 == len(error.field_errors)
    assert 501 == len(error.field_errors[0].name)


def test_a_received_value_is_redacted() -> None:
    """A service may repeat a secret that it received."""
    error = read({"error": {"details": {"fields": [{"name": "key", "received": "sk_test_canary"}]}}})
    assert "sk_test_…" == error.field_errors[0].received


@given(st.text(st.characters(codec=None)))
def test_sanitized_text_is_one_printable_line(text: str) -> None:
    """No line breaks, escape sequences or lone surrogates reach a terminal."""
    shown = sanitize(text)
    assert shown.isprintable()
    assert len(shown) <= 501
    shown.encode()


def test_an_excerpt_is_the_beginning_of_the_body() -> None:
    """Invalid UTF-8 is replaced."""
    assert "caf\N{REPLACEMENT CHARACTER}" == excerpt(b"caf\xe9")
    assert "é" * 500 + "…" == excerpt(("é" * 501).encode())
    assert "é" * 500 == excerpt(("é" * 500).encode())
    assert "<p>Bearer …</p>" == excerpt(b"<p>Bearer sk_test_canary</p>")
