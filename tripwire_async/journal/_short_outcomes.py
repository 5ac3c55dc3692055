"""Outcomes in a journal, without the values that follow from the record of the accepted test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tripwire_async.deliveries.reference import DeliveryReference

if TYPE_CHECKING:
    from collections.abc import Mapping

_NESTED: Final = ("delivery", "timings")


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
        "delivery": {
            "object": "webhook_delivery",
            "id": next(iter(reference.delivery_ids), None),
            "event_id": reference.event_id,
            "endpoint_id": reference.endpoint_id,
            "event_type": "webhook.test",
            "attempts": 1,
            "response_body": None,
            "error": None,
        },
        "error": None,
        "attempts": 1,
        "request_ids": [request_id],
        "timings": {"rate_limit_wait": 0.0, "backoff_wait": 0.0},
        "is_final": True,
    }


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
