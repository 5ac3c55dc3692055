"""Event models: one class for each known type of event, and one for all other types."""
# Without `from __future__ import annotations`: msgspec reads the types of the envelope at run time.

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import attrs
import msgspec

from tripwire_async._codec.converter import DecodeError, decode, structure
from tripwire_async._codec.fields import Timestamp
from tripwire_async._secrets.keys import Secrets, hide_all
from tripwire_async.errors import EventDecodeError, GateDeliveryError
from tripwire_async.gate_delivery import check_approved_payload
from tripwire_async.models import (
    GateApprovedWebhookPayload,
    SessionFingerprintCalculatedPayload,
    SessionResultPersistedPayload,
    WebhookTestEventPayload,
)
from tripwire_async.profiles import FOIL, TRIPWIRE, Profile

from .signature import DEFAULT_TOLERANCE, verify_signature

__all__ = [
    "GateSessionApprovedEvent",
    "SessionFingerprintCalculatedEvent",
    "SessionResultPersistedEvent",
    "UnknownEvent",
    "WebhookEvent",
    "WebhookTestEvent",
    "parse_event",
    "receive_event",
]


@attrs.frozen(kw_only=True)
class WebhookEvent:
    """Fields of every event.

    Attributes:
        id: The event id, ``wevt_…``. The same event can arrive again, under the same id.
        type: The event type, for example ``session.result.persisted``.
        created: The time of the event, in UTC.
        data: The payload. Each subclass has its own type.
        raw: The whole body, including fields that this version of the library does not know.
    """

    id: str
    type: str
    created: Timestamp
    data: object
    raw: Mapping[str, Any] = attrs.field(repr=False, hash=False)


@attrs.frozen(kw_only=True)
class SessionResultPersistedEvent(WebhookEvent):
    """``session.result.persisted``: a session has a verdict, and the result is stored."""

    data: SessionResultPersistedPayload


@attrs.frozen(kw_only=True)
class SessionFingerprintCalculatedEvent(WebhookEvent):
    """``session.fingerprint.calculated``: the visitor of a session was identified."""

    data: SessionFingerprintCalculatedPayload


@attrs.frozen(kw_only=True)
class GateSessionApprovedEvent(WebhookEvent):
    """``gate.session.approved``: an account was approved; the response delivers its credentials.

    The payload has passed `tripwire_async.gate_delivery.check_approved_payload`.
    """

    data: GateApprovedWebhookPayload

    @property
    def profile(self) -> Profile:
        """The name of the service that sent the event; the encrypted response depends on it."""
        return TRIPWIRE if TRIPWIRE.verdict_field in self.raw["data"] else FOIL


@attrs.frozen(kw_only=True)
class WebhookTestEvent(WebhookEvent):
    """``webhook.test``: a test of this endpoint."""

    data: WebhookTestEventPayload


@attrs.frozen(kw_only=True)
class UnknownEvent(WebhookEvent):
    """Event of a type that this version of the library does not know; its data is plain dicts and lists."""

    data: Any = attrs.field(hash=False)


@attrs.frozen(kw_only=True)
class _Envelope:
    id: Annotated[str, msgspec.Meta(min_length=1)]
    object: Literal["webhook_event"]
    type: str
    created: Timestamp
    data: Any


EVENT_TYPES: Final[Mapping[str, tuple[type[WebhookEvent], type[object]]]] = {
    "session.result.persisted": (SessionResultPersistedEvent, SessionResultPersistedPayload),
    "session.fingerprint.calculated": (SessionFingerprintCalculatedEvent, SessionFingerprintCalculatedPayload),
    "gate.session.approved": (GateSessionApprovedEvent, GateApprovedWebhookPayload),
    "webhook.test": (WebhookTestEvent, WebhookTestEventPayload),
}


def parse_event(body: bytes) -> WebhookEvent:
    """Return the event in *body*; an event of an unknown type is an `UnknownEvent`.

    The signature is not verified: use `receive_event` for that. Raises `EventDecodeError` for a body that is not a
    valid event, or whose data does not match its type.
    """
    try:
        raw = decode(body, dict[str, Any])
        envelope = structure(raw, _Envelope)
    except DecodeError as problem:
        msg = f"the webhook's body is not an event: {problem}"
        raise EventDecodeError(msg, path=problem.path) from None
    event, payload = EVENT_TYPES.get(envelope.type, (UnknownEvent, None))
    return event(
        id=envelope.id,
        type=envelope.type,
        created=envelope.created,
        data=envelope.data if payload is None else _payload(envelope.data, payload, envelope.type),
        raw=raw,
    )


def receive_event(
    body: bytes,
    headers: Mapping[str, str],
    secret: Secrets,
    *,
    tolerance: float = DEFAULT_TOLERANCE,
    now: float | None = None,
) -> WebhookEvent:
    """Verify *body* and return its event: `verify_signature`, then `parse_event`.

    Nothing is parsed before it is verified. See both functions for the arguments and errors.
    """
    secret = hide_all(secret)
    verify_signature(body, headers, secret, tolerance=tolerance, now=now)
    return parse_event(body)


def _payload(data: Any, model: type[object], type_: str) -> Any:
    try:
        if model is GateApprovedWebhookPayload:
            return check_approved_payload(data)
        return structure(data, model)
    except GateDeliveryError as error:
        problem, path = error.message, "$.data"
    except DecodeError as error:
        problem, path = error.message, "$.data" + (error.path or "$").removeprefix("$")
    msg = f"the webhook's body is not an event of type {type_}: {problem} at {path}"
    raise EventDecodeError(msg, path=path)
