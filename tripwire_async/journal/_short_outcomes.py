"""Outcomes in a journal, without the values that follow from the record of the accepted test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tripwire_async.deliveries.reference import DeliveryReference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tripwire_async.deliveries import TestOutcome
    from tripwire_async.models import WebhookDelivery

_NESTED: Final = ("delivery", "timings")

_EXPECTED_TIMINGS: Final = {"rate_limit_wait": 0.0, "backoff_wait": 0.0}


def expected_outcome(token: str, request_id: str | None) -> dict[str, Any]:
    """Return what the outcome of an accepted test usually is, as ``TestOutcome.to_dict`` returns it.

    These values are part of the stored format: later versions must return the same ones.
    """
    expected = {"token": token, "request_id": request_id}
    try:
        reference = DeliveryReference.from_token(token)
    except ValueError:
        # Of a later version. All values are in the outcome.
        return expected
    return {
        **expected,
        "format": 1,
        "endpoint_id": reference.endpoint_id,
        "delivery": _expected_delivery(reference),
        "error": None,
        "attempts": 1,
        "request_ids": [request_id],
        "timings": _EXPECTED_TIMINGS,
        "is_final": True,
    }


def _expected_delivery(reference: DeliveryReference) -> dict[str, Any]:
    return {
        "object": "webhook_delivery",
        "id": next(iter(reference.delivery_ids), None),
        "event_id": reference.event_id,
        "endpoint_id": reference.endpoint_id,
        "event_type": "webhook.test",
        "attempts": 1,
        "response_body": None,
        "error": None,
    }


def short_outcome(outcome: TestOutcome, token: str, request_id: str | None) -> dict[str, Any] | None:
    """Return a usual outcome as `shorten` does; None for any other.

    It takes a fifth of the time, because it does not parse the token and compares only what may differ.
    """
    pending = outcome.pending
    if (
        pending is None
        or outcome.delivery is None
        or outcome.error is not None
        or outcome.attempts != 1
        or not outcome.is_final
        or outcome.request_ids != (request_id,)
        or pending.request_id != request_id
        or pending.to_token() != token
        or pending.endpoint_id != outcome.endpoint_id
    ):
        return None
    timings = outcome.timings.to_dict()
    for name, expected in _EXPECTED_TIMINGS.items():
        if timings[name] == expected:
            del timings[name]
    return {
        "state": outcome.state,
        "delivery": _usual_delivery(outcome.delivery, pending.reference)
        or _differing(outcome.to_dict()["delivery"], _expected_delivery(pending.reference)),
        "timings": timings,
    }


def _usual_delivery(delivery: WebhookDelivery, reference: DeliveryReference) -> dict[str, Any] | None:
    """Return what `_expected_delivery` lacks of a usual delivery; None for any other."""
    if (
        delivery.attempts == 1
        and delivery.response_body is None
        and delivery.error is None
        and delivery.event_id == reference.event_id
        and delivery.endpoint_id == reference.endpoint_id
        and delivery.event_type == "webhook.test"
        and reference.delivery_ids[:1] == (delivery.id,)
    ):
        return {
            "created_at": delivery.created_at,
            "response_status": delivery.response_status,
            "status": delivery.status,
            "updated_at": delivery.updated_at,
        }
    return None


def shorten(outcome: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    """Return *outcome* without the values that are the *expected* ones."""
    short = _differing(outcome, expected)
    for name in _NESTED:
        if short.get(name) is not None and name in expected:
            short[name] = _differing(short[name], expected[name])
    return short


def complete(short: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    """Return the outcome from which `shorten` made *short*; one that was stored whole stays as it is."""
    outcome = {**expected, **short}
    for name in _NESTED:
        if short.get(name) is not None and name in expected:
            outcome[name] = {**expected[name], **short[name]}
    return outcome


def _differing(values: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in expected or value != expected[name]}
