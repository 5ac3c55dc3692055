"""Parts of an outcome as plain JSON types, for journals, files and other processes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn

import msgspec

from tripwire_async import errors
from tripwire_async._codec.converter import structure
from tripwire_async._secrets.redaction import redact, sanitize
from tripwire_async.errors import ConfigurationError, FieldError, TripwireError
from tripwire_async.models import WebhookDelivery

from ._record import DeliveryRecord
from .pending import PendingDelivery
from .reference import DeliveryReference

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_BODY: Final = 1024
"""Characters of the endpoint's response that are kept."""


def delivery_from_dict(data: Mapping[str, Any]) -> WebhookDelivery:
    """Return the delivery from which `delivery_to_dict` made *data*; raise DecodeError for anything else."""
    return structure(data, WebhookDelivery)


def delivery_to_dict(delivery: WebhookDelivery) -> dict[str, Any]:
    """Return a delivery as a dict, with the beginning of the response body only."""
    data: dict[str, Any] = msgspec.to_builtins(delivery)
    body = data["response_body"]
    if body is not None:
        data["response_body"] = redact(body[:_MAX_BODY])
    return data


def error_to_dict(error: Exception) -> dict[str, Any]:
    """Return the class, the text and the attributes of an error; only the first two if the class is not ours."""
    if not isinstance(error, TripwireError) or _error_class(type(error).__name__) is not type(error):
        return {"type": type(error).__name__, "message": sanitize(str(error) or type(error).__name__), "fields": {}}
    # The delivery is in the outcome already.
    fields = {name: value for name, value in vars(error).items() if name not in {"message", "latest"}}
    return {"type": type(error).__name__, "message": error.message, "fields": msgspec.to_builtins(fields)}


def error_from_dict(data: Mapping[str, Any], delivery: WebhookDelivery | None) -> TripwireError:
    """Return the error from which `error_to_dict` made *data*; *delivery* is the one of its outcome."""
    message = str(data["message"])
    cls = _error_class(data["type"])
    if cls is None:
        return TripwireError(message)
    fields = dict(data["fields"])
    if "field_errors" in fields:
        fields["field_errors"] = tuple(FieldError(**each) for each in fields["field_errors"])
    if fields.get("read_at") is not None:
        fields["read_at"] = datetime.fromisoformat(fields["read_at"])
    if issubclass(cls, errors.DeliveryError):
        fields["latest"] = delivery
    error = cls.__new__(cls, message)
    error.args = (message,)
    vars(error).update(fields, message=message)
    return error


def _error_class(name: str) -> type[TripwireError] | None:
    found = getattr(errors, name, None)
    return found if isinstance(found, type) and issubclass(found, TripwireError) else None


def pending_from_token(token: str, delivery: WebhookDelivery | None, request_id: str | None) -> PendingDelivery:
    """Return a handle that has no client and cannot be awaited."""
    record = DeliveryRecord(DeliveryReference.from_token(token), delivery, None, None)
    return PendingDelivery(record, _no_client, request_id)


def _no_client(organization_id: str) -> NoReturn:  # noqa: ARG001 - the signature of a source of pollers
    msg = (
        "this delivery was restored from stored data and has no client:"
        " use client.webhooks.resume(pending.to_token()) to follow it"
    )
    raise ConfigurationError(msg)
