"""Tests of the details that hooks of retries receive."""

from __future__ import annotations

import pytest

from tripwire_async.middleware import RetryDetails


def test_retry_details_are_created_by_keyword() -> None:
    """So a new field can be added anywhere."""
    fields = {
        "operation": "retrieveThing",
        "method": "GET",
        "path": "/v1/things/{thingId}",
        "attempt": 1,
        "wait": 0.5,
        "status": 503,
        "error": None,
        "retry_after": None,
        "client_request_id": None,
    }
    assert RetryDetails(**fields).status == 503  # type: ignore[arg-type] - fields of several types
    with pytest.raises(TypeError, match="positional"):
        RetryDetails(*fields.values())  # type: ignore[call-arg] - not allowed by the types either
