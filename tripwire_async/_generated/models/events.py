# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Models of the webhooks that the service sends to a customer's endpoint."""

from typing import Any, Literal

import attrs

from tripwire_async._codec.fields import Discriminator, Timestamp
from tripwire_async._codec.model import Model
from tripwire_async._generated.models.shared import (
    EventId,
    FingerprintId,
    GateDeliveryEnvelope,
    GateDeliveryRequest,
    GateServiceId,
    GateSessionId,
    ManipulationSummary,
    SessionId,
    Verdict,
    WebhookDeliveryEventType,
    WebhookEndpointId,
    WebhookEventId,
)


@attrs.frozen(kw_only=True, repr=False)
class GateApprovedWebhookPayloadTripwire(Model):
    """Verdict of Tripwire on the creator of the session.

    Attributes:
        verdict: Whether the session was started by a bot or a human, or by neither for certain.
        score: The score behind the verdict, or null.
    """

    verdict: Verdict
    score: float | None


@attrs.frozen(kw_only=True, repr=False)
class GateApprovedWebhookPayload(Model):
    """An approved Gate session, for which the service now makes credentials.

    Tripwire only.

    Attributes:
        service_id: The service that the session is for.
        gate_session_id: The Gate session that was approved.
        gate_account_id: The Gate account that the credentials are for.
        account_name: The name that the account at the service is to have.
        metadata: The metadata of the session; null if it was created without metadata.
        tripwire: Verdict of Tripwire on the creator of the session.
        delivery: The public key for which the credentials must be encrypted.
    """

    service_id: GateServiceId
    gate_session_id: GateSessionId
    gate_account_id: str
    account_name: str
    metadata: dict[str, Any] | None
    tripwire: GateApprovedWebhookPayloadTripwire
    delivery: GateDeliveryRequest


@attrs.frozen(kw_only=True, repr=False)
class GateApprovedWebhookResponse(Model):
    """Response of the receiver to an approved Gate session.

    Tripwire only.

    Attributes:
        encrypted_delivery: The credentials, encrypted for the public key of the request.
    """

    encrypted_delivery: GateDeliveryEnvelope


@attrs.frozen(kw_only=True, repr=False)
class SessionFingerprintCalculatedPayloadSession(Model):
    """The session that was matched.

    Attributes:
        id: The session's id, `sid_` and 26 characters.
    """

    id: SessionId


@attrs.frozen(kw_only=True, repr=False)
class SessionFingerprintCalculatedPayloadVisitorFingerprint(Model):
    """The visitor fingerprint that the session was matched to.

    Attributes:
        id: The visitor fingerprint's id, `vid_` and 26 characters.
        confidence: Confidence of the match, from 0 to 100; null if unknown.
        identified_at: When the match was made.
    """

    id: FingerprintId
    confidence: int | None
    identified_at: Timestamp


@attrs.frozen(kw_only=True, repr=False)
class WebhookRequestSummary(Model):
    """The web request that a session was seen in, as webhooks tell it.

    Attributes:
        url: The address of the page that was visited; null if unknown.
        user_agent: The browser's `User-Agent` header; null if unknown.
        ip_address: The address that the visitor came from; null if unknown.
        screen_size: The size of the screen as text; null if unknown.
        is_touch_capable: Whether the device has a touch screen.
        platform: The platform that the browser names; null if unknown.
        first_seen: When the visitor was seen first; null if unknown.
        risk_time: When the risk was assessed; null if unknown.
    """

    url: str | None = None
    user_agent: str | None = None
    ip_address: str | None = None
    screen_size: str | None = None
    is_touch_capable: bool | None = None
    platform: str | None = None
    first_seen: Timestamp | None = None
    risk_time: Timestamp | None = None


@attrs.frozen(kw_only=True, repr=False)
class SessionFingerprintCalculatedPayload(Model):
    """A session that was matched to a visitor fingerprint.

    Tripwire only.

    Attributes:
        object: Names the kind of this object, always `session_fingerprint`.
        session: The session that was matched.
        visitor_fingerprint: The visitor fingerprint that the session was matched to.
        request: The web request that the session was seen in.
        calculated_at: When the fingerprint was calculated.
    """

    object: Literal["session_fingerprint"]
    session: SessionFingerprintCalculatedPayloadSession
    visitor_fingerprint: SessionFingerprintCalculatedPayloadVisitorFingerprint
    request: WebhookRequestSummary
    calculated_at: Timestamp


@attrs.frozen(kw_only=True, repr=False)
class SessionResultPersistedPayloadSession(Model):
    """The session that was judged.

    Attributes:
        id: The session's id, `sid_` and 26 characters.
    """

    id: SessionId


@attrs.frozen(kw_only=True, repr=False)
class SessionResultPersistedPayloadEvent(Model):
    """The evaluation that led to the result.

    Attributes:
        id: The id of the evaluation.
        scoring_event_id: The id of the scoring behind the evaluation.
        phase: Basis of the evaluation, such as a first snapshot or behavior; null if unknown.
        is_provisional: Whether a later evaluation may still replace the result; null if unknown.
        persisted_at: When the result was stored.
    """

    id: EventId
    scoring_event_id: str
    phase: str | None
    is_provisional: bool | None
    persisted_at: Timestamp


@attrs.frozen(kw_only=True, repr=False)
class SessionResultPersistedPayloadDecision(Model):
    """Verdict of Tripwire on the session.

    Attributes:
        verdict: Whether the session looks like a bot or a human, or neither for certain.
        risk_score: Risk of the session, from 0 (no risk) to 100.
        score: The score behind the verdict, from 0 to 1.
        manipulation: Signs that the evidence was tampered with; null if not assessed.
    """

    verdict: Verdict
    risk_score: int
    score: float
    manipulation: ManipulationSummary | None


@attrs.frozen(kw_only=True, repr=False)
class SessionResultPersistedPayloadVisitorFingerprint(Model):
    """The visitor fingerprint that a session was matched to.

    Attributes:
        id: The visitor fingerprint's id, `vid_` and 26 characters.
    """

    id: FingerprintId


@attrs.frozen(kw_only=True, repr=False)
class SessionResultPersistedPayloadScoreBreakdown(Model):
    """Contributions of the evidence to the score.

    Attributes:
        categories: Contribution of each category of evidence, by the category's name.
    """

    categories: dict[str, Any]


@attrs.frozen(kw_only=True, repr=False)
class SessionResultPersistedPayloadSignal(Model):
    """One signal that a result rests on.

    Attributes:
        id: The signal as a stable word for programs.
        category: The category of evidence that the signal belongs to.
        confidence: Confidence of the signal as a label.
        score: Contribution of the signal to the score.
        role: The part that the signal plays in the result.
    """

    id: str | None = None
    category: str | None = None
    confidence: str | None = None
    score: float | None = None
    role: str | None = None


@attrs.frozen(kw_only=True, repr=False)
class SessionResultPersistedPayloadAttribution(Model):
    """Presumed actor behind the session.

    Attributes:
        bot: Information about the bot, or null.
    """

    bot: dict[str, Any] | None = None


@attrs.frozen(kw_only=True, repr=False)
class SessionResultPersistedPayload(Model):
    """The result of a session, just stored.

    Recorded webhooks carry `object` and `session` only.

    Attributes:
        object: Names the kind of this object, always `session_result`.
        session: The session that was judged.
        event: The evaluation that led to the result.
        decision: Verdict of Tripwire on the session.
        visitor_fingerprint: The visitor fingerprint that the session was matched to; null if there
            was no match.
        request: The web request that the session was seen in.
        score_breakdown: Contributions of the evidence to the score.
        signals: The signals that the result rests on.
        attribution: Presumed actor behind the session.
    """

    object: Literal["session_result"]
    session: SessionResultPersistedPayloadSession
    event: SessionResultPersistedPayloadEvent | None = None
    decision: SessionResultPersistedPayloadDecision | None = None
    visitor_fingerprint: SessionResultPersistedPayloadVisitorFingerprint | None = None
    request: WebhookRequestSummary | None = None
    score_breakdown: SessionResultPersistedPayloadScoreBreakdown | None = None
    signals: tuple[SessionResultPersistedPayloadSignal, ...] | None = None
    attribution: SessionResultPersistedPayloadAttribution | None = None


@attrs.frozen(kw_only=True, repr=False)
class WebhookTestEventPayloadEndpoint(Model):
    """The endpoint that is tested.

    Attributes:
        id: The id of the endpoint that is tested.
    """

    id: WebhookEndpointId


@attrs.frozen(kw_only=True, repr=False)
class WebhookTestEventPayload(Model):
    """The payload of a test event.

    Attributes:
        object: Names the kind of this object, always `webhook_test`.
        endpoint: The endpoint that is tested.
    """

    object: Literal["webhook_test"]
    endpoint: WebhookTestEventPayloadEndpoint


@attrs.frozen(kw_only=True, repr=False)
class WebhookEventEnvelope(Model):
    """Body of a webhook: an event and its payload.

    Attributes:
        id: The event's id. The same event can come again: handlers dedupe on it.
        object: Names the kind of this object, always `webhook_event`.
        type: Type of the event; it determines the schema of `data`.
        created: When the event was created.
        data: The event's payload, in the shape that belongs to `type`.
    """

    id: WebhookEventId
    object: Literal["webhook_event"]
    type: WebhookDeliveryEventType
    created: Timestamp
    data: (
        SessionFingerprintCalculatedPayload
        | SessionResultPersistedPayload
        | GateApprovedWebhookPayload
        | WebhookTestEventPayload
        | dict[str, Any]
    ) = attrs.field(
        metadata={
            Discriminator: Discriminator(
                "type",
                {
                    "session.fingerprint.calculated": SessionFingerprintCalculatedPayload,
                    "session.result.persisted": SessionResultPersistedPayload,
                    "gate.session.approved": GateApprovedWebhookPayload,
                    "webhook.test": WebhookTestEventPayload,
                },
            )
        }
    )


@attrs.frozen(kw_only=True, repr=False)
class GateSessionApprovedWebhookEvent(Model):
    """The event that a Gate session was approved, as it is posted to the service's endpoint.

    Tripwire only.

    Attributes:
        id: The event's id. The same event can come again: handlers dedupe on it.
        object: Names the kind of this object, always `webhook_event`.
        type: Type of the event, always `gate.session.approved`.
        created: When the event was created.
        data: The approved session and the key to encrypt its credentials for.
    """

    id: WebhookEventId
    object: Literal["webhook_event"]
    type: Literal["gate.session.approved"]
    created: Timestamp
    data: GateApprovedWebhookPayload


@attrs.frozen(kw_only=True, repr=False)
class SessionFingerprintCalculatedWebhookEvent(Model):
    """The event that a session was matched to a visitor fingerprint, as it is posted to endpoints.

    Tripwire only.

    Attributes:
        id: The event's id. The same event can come again: handlers dedupe on it.
        object: Names the kind of this object, always `webhook_event`.
        type: Type of the event, always `session.fingerprint.calculated`.
        created: When the event was created.
        data: The session and its visitor fingerprint.
    """

    id: WebhookEventId
    object: Literal["webhook_event"]
    type: Literal["session.fingerprint.calculated"]
    created: Timestamp
    data: SessionFingerprintCalculatedPayload


@attrs.frozen(kw_only=True, repr=False)
class SessionResultPersistedWebhookEvent(Model):
    """The event that a session's result was stored, as it is posted to endpoints.

    Attributes:
        id: The event's id. The same event can come again: handlers dedupe on it.
        object: Names the kind of this object, always `webhook_event`.
        type: Type of the event, always `session.result.persisted`.
        created: When the event was created.
        data: The session and its result.
    """

    id: WebhookEventId
    object: Literal["webhook_event"]
    type: Literal["session.result.persisted"]
    created: Timestamp
    data: SessionResultPersistedPayload
