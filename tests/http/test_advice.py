"""What the body of a failure says about repeating: read field by field, whatever the body turns out to be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripwire_async._http.advice import Advice, read_advice

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["error", "details", "retryable"]), inner),
)


def envelope(**error: object) -> bytes:
    return json.dumps({"error": {"code": "rate.limited", "message": "Slow down.", **error}}).encode()


@pytest.mark.parametrize(
    ("body", "advice"),
    [
        (envelope(retryable=True), Advice(retryable=True)),
        (envelope(retryable=False, details={"next_action": "retry"}), Advice(retryable=False, next_action="retry")),
        (envelope(details={"next_action": "new_session"}), Advice(next_action="new_session")),
        (envelope(retryable="yes", details={"next_action": "retry"}), Advice(next_action="retry")),
        (envelope(retryable=True, details=["odd"]), Advice(retryable=True)),
        (envelope(retryable=True, details={"next_action": 1}), Advice(retryable=True)),
    ],
)
def test_each_field_is_read_by_itself(body: bytes, advice: Advice) -> None:
    """A field of the wrong type says nothing and takes nothing from its neighbour."""
    assert advice == read_advice(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502 Bad Gateway</html>",
        envelope(retryable=True)[:-5],
        b"null",
        b"[]",
        b'{"error": "busy"}',
        b'{"error": {"retryable": true, "message": "\xff"}}',
        b"[" * 60_000,
        envelope(retryable=True, message="x" * 65_536),
    ],
    ids=["empty", "html", "cut off", "null", "list", "text", "not utf-8", "deep", "huge"],
)
def test_any_other_body_says_nothing(body: bytes) -> None:
    """Something in between may answer, or the connection break: that is no reason to raise."""
    assert Advice() == read_advice(body)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_body_raises(body: bytes) -> None:
    """Any bytes give an advice."""
    assert isinstance(read_advice(body), Advice)
