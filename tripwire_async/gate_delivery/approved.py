"""The payload that tells a service of an approved Gate session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from tripwire_async.errors import GateDeliveryError
from tripwire_async.models import GateApprovedWebhookPayload

from ._parsing import parse_model
from .keys import check_delivery_request


def check_approved_payload(payload: GateApprovedWebhookPayload | Mapping[str, Any]) -> GateApprovedWebhookPayload:
    """Return *payload* if it may be acted on, else raise `GateDeliveryError`.

    All of its names and ids must be filled in, its verdict a known one and its delivery request valid. Under the
    service's later name the verdict stands in a field ``foil``, which is read as `tripwire`. An ``event`` field means
    that it is something else.
    """
    checked = parse_model(_normalize_service_name(payload), GateApprovedWebhookPayload, "approved payload")
    for name in ("service_id", "gate_session_id", "gate_account_id", "account_name"):
        if not getattr(checked, name).strip():
            msg = f"the approved payload has an empty {name}"
            raise GateDeliveryError(msg)
    if not checked.tripwire.verdict.is_known:
        msg = "the verdict of the approved payload is none of bot, human and inconclusive"
        raise GateDeliveryError(msg)
    check_delivery_request(checked.delivery)
    return checked


def _normalize_service_name(payload: object) -> object:
    if not isinstance(payload, Mapping):
        return payload
    fields = dict(cast("Mapping[str, Any]", payload))
    if "event" in fields:
        msg = "the approved payload has an event field: it is not one, or not its innermost part"
        raise GateDeliveryError(msg)
    if "foil" in fields and "tripwire" not in fields:
        fields["tripwire"] = fields.pop("foil")
    return fields
