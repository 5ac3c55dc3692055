"""Outcomes as JSON and as pickles."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from tests.support.sample_report import SECRET, delivery, outcome
from tripwire_async.deliveries import TestOutcome
from tripwire_async.errors import (
    APIError,
    ConfigurationError,
    DeliveryTimeoutError,
    FieldError,
    TransportError,
    TripwireError,
    ValidationFailedError,
)
from tripwire_async.models import WebhookDeliveryStatus

REJECTED = ValidationFailedError(
    "sendTestWebhook: 422",
    status=422,
    code="x",
    request_id="req_1",
    field_errors=[FieldError(name="url", issue="bad", received=5)],
    retry_after=1.5,
)
LATE = DeliveryTimeoutError(
    "late",
    event_id="wevt_1",
    endpoint_id="we_1",
    latest=delivery(1, "pending"),
    read_at=datetime(2026, 1, 2, tzinfo=UTC),
)


def again(one: TestOutcome) -> TestOutcome:
    """Return the outcome after a journey as JSON text."""
    return TestOutcome.from_dict(json.loads(json.dumps(one.to_dict())))


@pytest.mark.parametrize(
    "one",
    [
        outcome(1, "succeeded", delivery(1, "succeeded")),
        outcome(1, "failed", delivery(1, "failed", error="no", response_status=None, response_body=None)),
        outcome(1, "sent", delivery(1, "pending")),
        outcome(1, "refused", None, REJECTED),
        outcome(1, "timed_out", delivery(1, "pending"), LATE),
        outcome(1, "unknown", None, TransportError("lost", maybe_sent=True, attempts=3)),
    ],
    ids=lambda one: str(one.state),
)
def test_an_outcome_survives_json_and_pickle(one: TestOutcome) -> None:
    """All fields, with the class and the attributes of the error."""
    for copy in (again(one), pickle.loads(pickle.dumps(one))):  # noqa: S301 - made in this line
        assert one.to_dict() == copy.to_dict()
        assert (one.delivery, one.timings, one.reason) == (copy.delivery, copy.timings, copy.reason)
        assert type(one.error) is type(copy.error)
        assert (one.error is None and copy.error is None) or vars(one.error) == vars(copy.error)
        assert (one.pending is None) == (copy.pending is None)
        if one.pending is not None and copy.pending is not None:
            assert (one.pending.to_token(), one.pending.latest) == (copy.pending.to_token(), copy.pending.latest)


def test_an_error_of_another_class_becomes_a_tripwire_error_with_its_text() -> None:
    """The class may not exist in the process that reads it, and a text of others may contain a secret."""

    class MyError(TripwireError):
        pass

    mine = MyError(f"mine {SECRET}")
    vars(mine)["connection"] = object()
    for error, text in (
        (ValueError(f"no {SECRET}"), "no sk_live_…"),
        (KeyError(), "KeyError"),
        (mine, "mine sk_live_…"),
    ):
        copy = again(outcome(1, "unknown", None, error))
        assert (TripwireError, text) == (type(copy.error), str(copy.error))


def test_a_class_that_is_not_an_error_is_not_created() -> None:
    """Stored data may be hostile."""
    data = outcome(1, "unknown", None, TransportError("lost", maybe_sent=True)).to_dict()
    for name in ("FieldError", "annotations", "__doc__"):
        data["error"]["type"] = name
        assert TripwireError is type(TestOutcome.from_dict(data).error)


def test_an_unknown_status_survives() -> None:
    """A later release of the service may have more of them."""
    one = outcome(1, "unknown", attrs.evolve(delivery(1, "pending"), status=WebhookDeliveryStatus("paused")))
    assert "paused" == (again(one).delivery or delivery(1, "failed")).status


def test_only_the_beginning_of_a_response_body_is_kept_without_secrets() -> None:
    """A body can have any size, and an endpoint may repeat a key. 1,024 characters are kept."""
    one = outcome(1, "succeeded", delivery(1, "succeeded", response_body=f"{SECRET} {'x' * 5000}"))
    body = one.to_dict()["delivery"]["response_body"]
    assert SECRET not in body
    long = outcome(1, "succeeded", delivery(1, "succeeded", response_body="x" * 5000))
    assert "x" * 1024 == long.to_dict()["delivery"]["response_body"]


async def test_a_restored_delivery_cannot_be_awaited_without_a_client() -> None:
    """The error names the method that follows it."""
    pending = again(outcome(1, "sent", delivery(1, "pending"))).pending
    assert pending is not None
    with pytest.raises(ConfigurationError, match=r"client\.webhooks\.resume"):
        await pending


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"format": None},
        {"state": ...},
        {"delivery": {"id": 5}},
        {"delivery": []},
        {"token": "x"},
        {"error": {"type": "APIError"}},
        {"error": 5},
        {"timings": {"x": 1}},
        {"request_ids": 5},
    ],
)
def test_other_data_is_a_value_error(change: dict[str, object]) -> None:
    """Another format, a missing field, a field of another type."""
    data = outcome(1, "succeeded", delivery(1, "succeeded")).to_dict()
    data.update(change)
    data = {name: value for name, value in data.items() if value is not ...}
    with pytest.raises(ValueError, match="this is not"):
        TestOutcome.from_dict(data)


def test_the_attributes_of_an_api_error_survive() -> None:
    """Code that handles errors works on restored ones too."""
    error = again(outcome(1, "refused", None, REJECTED)).error
    assert isinstance(error, APIError)
    assert (422, "x", "req_1", 1.5) == (error.status, error.code, error.request_id, error.retry_after)
    assert REJECTED.field_errors == error.field_errors


@pytest.mark.parametrize("data", [5, None, "x", [1], []])
def test_what_is_not_a_mapping_is_a_value_error(data: Any) -> None:
    """As it can be in a file that something else has written."""
    with pytest.raises(ValueError, match=f"this is not an outcome: it is of the type {type(data).__name__}"):
        TestOutcome.from_dict(data)
