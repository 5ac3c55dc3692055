# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Models used by several groups of operations or webhooks."""

from typing import Literal, TypeAlias

import attrs

from tripwire_async._codec.enums import OpenEnum
from tripwire_async._codec.fields import Timestamp
from tripwire_async._codec.model import Model

RequestId: TypeAlias = str
"""The id of a request to the API, `req_` and 32 hexadecimal digits."""


@attrs.frozen(kw_only=True, repr=False)
class ResponseMeta(Model):
    """Metadata of a response.

    Attributes:
        request_id: The id of the request; quote it when asking for support.
    """

    request_id: RequestId


@attrs.frozen(kw_only=True, repr=False)
class CursorPagination(Model):
    """Position of a page in its list.

    Attributes:
        limit: Maximum number of items per page.
        has_more: Whether there are more pages.
        next_cursor: The cursor of the next page, opaque and valid to store; absent on the last
            page.
    """

    limit: int
    has_more: bool
    next_cursor: str | None = None


GateServiceId: TypeAlias = str
"""The id of a Gate service: 3 to 32 lower-case letters, digits, hyphens and underscores.

It starts and ends with a letter or digit. Tripwire only.
"""

WebhookEndpointId: TypeAlias = str
"""The id of a webhook endpoint, `we_` and 32 hexadecimal digits."""


class GateDeliveryRequestAlgorithm(OpenEnum):
    """Encryption algorithm: X25519, HKDF-SHA256 and AES-256-GCM."""

    X25519_HKDF_SHA256_AES_256_GCM = "x25519-hkdf-sha256/aes-256-gcm"


@attrs.frozen(kw_only=True, repr=False)
class GateDeliveryRequest(Model):
    """The public key for the encryption of credentials.

    Binary fields are base64url without padding. Tripwire only.

    Attributes:
        version: The version of the format, always 1.
        algorithm: Encryption algorithm: X25519, HKDF-SHA256 and AES-256-GCM.
        key_id: The SHA-256 of the raw public key; reject a request in which it does not match.
        public_key: The raw X25519 public key, 32 bytes.
    """

    version: Literal[1]
    algorithm: GateDeliveryRequestAlgorithm
    key_id: str
    public_key: str


EventId: TypeAlias = str
"""The id of an evaluation of a session, `evt_` and 26 characters."""


class Verdict(OpenEnum):
    """Whether a session looks like a bot or a human, or neither for certain."""

    BOT = "bot"
    HUMAN = "human"
    INCONCLUSIVE = "inconclusive"


VerdictValue: TypeAlias = Literal["bot", "human", "inconclusive"]
"""The values of `Verdict` as text, which an argument accepts as well."""


class Phase(OpenEnum):
    """Whether an evaluation rests on a first snapshot or on behavior over time."""

    SNAPSHOT = "snapshot"
    BEHAVIORAL = "behavioral"


class ManipulationVerdict(OpenEnum):
    """Strength of the evidence of tampering."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@attrs.frozen(kw_only=True, repr=False)
class ManipulationSummary(Model):
    """Assessment of tampering with the evidence of a session.

    Attributes:
        score: Strength of the evidence of tampering, from 0 to 100; null if not assessed.
        verdict: The strength in words; null if it was not assessed.
    """

    score: int | None
    verdict: ManipulationVerdict | None


@attrs.frozen(kw_only=True, repr=False)
class Decision(Model):
    """Verdict of Tripwire on a session at one time.

    Attributes:
        event_id: The id of the evaluation that led to the decision.
        verdict: Whether the session looks like a bot or a human, or neither for certain.
        risk_score: Risk of the session, from 0 (no risk) to 100.
        phase: Whether the decision rests on a first snapshot or on behavior over time.
        is_provisional: Whether a later evaluation may still replace the decision.
        manipulation: Signs that the evidence was tampered with; null if not assessed.
        evaluation_duration_ms: Duration of the evaluation, in milliseconds.
        evaluated_at: When the session was evaluated.
    """

    event_id: EventId
    verdict: Verdict
    risk_score: int
    phase: Phase
    is_provisional: bool
    manipulation: ManipulationSummary | None
    evaluation_duration_ms: int
    evaluated_at: Timestamp


WebhookEventId: TypeAlias = str
"""The id of an event, `wevt_` and 32 hexadecimal digits."""


class WebhookDeliveryEventType(OpenEnum):
    """The types of events that can be delivered, test events included.

    Tripwire only: `session.fingerprint.calculated`, `gate.session.approved`.
    """

    SESSION_FINGERPRINT_CALCULATED = "session.fingerprint.calculated"
    SESSION_RESULT_PERSISTED = "session.result.persisted"
    GATE_SESSION_APPROVED = "gate.session.approved"
    WEBHOOK_TEST = "webhook.test"


WebhookDeliveryEventTypeValue: TypeAlias = Literal[
    "session.fingerprint.calculated",
    "session.result.persisted",
    "gate.session.approved",
    "webhook.test",
]
"""The values of `WebhookDeliveryEventType` as text, which an argument accepts as well."""

FingerprintId: TypeAlias = str
"""The id of a visitor fingerprint, `vid_` and 26 characters."""

GateSessionId: TypeAlias = str
"""The id of a Gate session.

Tripwire only.
"""


class GateDeliveryEnvelopeAlgorithm(OpenEnum):
    """Encryption algorithm: X25519, HKDF-SHA256 and AES-256-GCM."""

    X25519_HKDF_SHA256_AES_256_GCM = "x25519-hkdf-sha256/aes-256-gcm"


@attrs.frozen(kw_only=True, repr=False)
class GateDeliveryEnvelope(Model):
    """Credentials encrypted for one public key.

    Binary fields are base64url without padding. Tripwire only.

    Attributes:
        version: The version of the format, always 1.
        algorithm: Encryption algorithm: X25519, HKDF-SHA256 and AES-256-GCM.
        key_id: SHA-256 of the public key that the credentials are encrypted for.
        ephemeral_public_key: The sender's X25519 public key for this envelope alone, 32 bytes.
        salt: The salt of the key derivation, 32 bytes.
        iv: The nonce of AES-GCM, 12 bytes.
        ciphertext: The encrypted credentials.
        tag: The authentication tag of AES-GCM, 16 bytes.
    """

    version: Literal[1]
    algorithm: GateDeliveryEnvelopeAlgorithm
    key_id: str
    ephemeral_public_key: str
    salt: str
    iv: str
    ciphertext: str
    tag: str


SessionId: TypeAlias = str
"""The id of a session, `sid_` and 26 characters."""

OrganizationId: TypeAlias = str
"""The id of an organization, `org_` and 26 characters."""
