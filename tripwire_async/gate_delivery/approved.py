"""Validation of the payload of an approved Gate session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from tripwire_async.errors import GateDeliveryError
from tripwire_async.models import GateApprovedWebhookPayload
from tripwire_async.profiles import FOIL, TRIPWIRE

from ._parsing import parse_model
from .keys import check_delivery_request


def check_approved_payload(payload: GateApprovedWebhookPayload | Mapping[str, object]) -> GateApprovedWebhookPayload:
    """Return *payload* if it is valid, else raise `GateDeliveryError`.

    Its names and ids must not be empty, its verdict must be known and its delivery request valid. Under `FOIL` the
    verdict is in another field, which is read as `tripwire`. A payload with an ``event`` field is rejected, because it
    is the whole webhook.
    """
    checked = parse_model(_normalize_verdict_field(payload), GateApprovedWebhookPayload, "approved payload")
    for name in ("service_id", "gate_session_id", "gate_account_id", "account_name"):
        if not getattr(checked, name).strip():
            msg = f"the approved payload has an empty {name}"
            raise GateDeliveryError(msg)
    if not checked.tripwire.verdict.is_known:
        msg = "the verdict of the approved payload is unknown: it must be bot, human or inconclusive"
        raise GateDeliveryError(msg)
    check_delivery_request(checked.delivery)
    return checked


def _normalize_verdict_field(payload: object) -> object:
    if not isinstance(payload, Mapping):
        return payload
    fields = dict(cast("Mapping[str, Any]", payload))
    if "event" in fields:
        msg = "the approved payload has an event field: pass the data of the event, not the whole webhook"
        raise GateDeliveryError(msg)
    if FOIL.verdict_field in fields and TRIPWIRE.verdict_field not in fields:
        fields[TRIPWIRE.verdict_field] = fields.pop(FOIL.verdict_field)
    return fields
