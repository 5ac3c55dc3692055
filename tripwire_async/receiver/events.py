"""What a webhook says: one class for each type of event, and one for the types that are not known yet."""
# Without `from __future__ import annotations`: msgspec reads the types of the envelope at run time.

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import attrs
import msgspec

from tripwire_async._codec.converter import DecodeError, decode, structure
from tripwire_async._codec.fields import Timestamp
from tripwire_async._secrets.keys import Secrets
from tripwire_async.errors import EventDecodeError, GateDeliveryError
from tripwire_async.gate_delivery import ServiceName, check_approved_payload
from tripwire_async.models import (
    GateApprovedWebhookPayload,
    SessionFingerprintCalculatedPayload,
    SessionResultPersistedPayload,
    WebhookTestEventPayload,
)

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
    """What every event has.

    Attributes:
        id: The event's id, ``wevt_…``. The same event can come again, under the same id.
        type: What happened, as ``session.result.persisted``.
        created: When, in UTC.
        data: What there is to know about it; its own class says how it is built.
        raw: The whole body, with the fields that this version of the library does not know.
    """

    id: str
    type: str
    created: Timestamp
    data: object
    raw: Mapping[str, Any] = attrs.field(repr=False, hash=False)


@attrs.frozen(kw_only=True)
class SessionResultPersistedEvent(WebhookEvent):
    """``session.result.persisted``: a session was judged, and the result is kept."""

    data: SessionResultPersistedPayload


@attrs.frozen(kw_only=True)
class SessionFingerprintCalculatedEvent(WebhookEvent):
    """``session.fingerprint.calculated``: a session's visitor was recognized, or met for the first time."""

    data: SessionFingerprintCalculatedPayload


@attrs.frozen(kw_only=True)
class GateSessionApprovedEvent(WebhookEvent):
    """``gate.session.approved``: an account was approved, and credentials for it are wanted as the answer.

    Its data has passed `tripwire_async.gate_delivery.check_approved_payload`.
    """

    data: GateApprovedWebhookPayload

    @property
    def service(self) -> ServiceName:
        """The name under which the service sent it, which the encrypted answer depends on."""
        return "tripwire" if "tripwire" in self.raw["data"] else "foil"


@attrs.frozen(kw_only=True)
class WebhookTestEvent(WebhookEvent):
    """``webhook.test``: somebody asked for a test of this endpoint."""

    data: WebhookTestEventPayload


@attrs.frozen(kw_only=True)
class UnknownEvent(WebhookEvent):
    """An event of a type that this version of the library does not know; its data is kept as plain dicts and lists."""

    data: Any = attrs.field(hash=False)


@attrs.frozen(kw_only=True)
class _Envelope:
    id: Annotated[str, msgspec.Meta(min_length=1)]
    object: Literal["webhook_event"]
    type: str
    created: Timestamp
    data: Any


_EVENT_TYPES: Final[Mapping[str, tuple[type[WebhookEvent], type[object]]]] = {
    "session.result.persisted": (SessionResultPersistedEvent, SessionResultPersistedPayload),
    "session.fingerprint.calculated": (SessionFingerprintCalculatedEvent, SessionFingerprintCalculatedPayload),
    "gate.session.approved": (GateSessionApprovedEvent, GateApprovedWebhookPayload),
    "webhook.test": (WebhookTestEvent, WebhookTestEventPayload),
}


def parse_event(body: bytes) -> WebhookEvent:
    """Return the event that *body* holds; an event of an unknown type is an `UnknownEvent`.

    It does not verify anything: `receive_event` does both. Raises `EventDecodeError` for a body that is no event, or
    of a known type but with other data than that type has.
    """
    try:
        raw = decode(body, dict[str, Any])
        envelope = structure(raw, _Envelope)
    except DecodeError as problem:
        msg = f"the webhook's body is not an event: {problem}"
        raise EventDecodeError(msg, path=problem.path) from None
    event, payload = _EVENT_TYPES.get(envelope.type, (UnknownEvent, None))
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
    """Verify *body* and return the event that it holds: `verify_signature`, then `parse_event`.

    Nothing is parsed before it is verified.
    """
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
