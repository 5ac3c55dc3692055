# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Models of the tag gate."""

from typing import Any, Literal, TypeAlias

import attrs

from tripwire_async._codec.enums import OpenEnum
from tripwire_async._codec.fields import READ_ONLY, UNSET, Timestamp, UnsetType
from tripwire_async._generated.models.shared import (
    GateDeliveryEnvelope,
    GateDeliveryRequest,
    GateServiceId,
    GateSessionId,
    ResponseMeta,
    WebhookEndpointId,
)
from tripwire_async._secrets.secret import Secret


@attrs.frozen(kw_only=True)
class AcknowledgeGateSessionDeliveryRequest:
    """Confirms that the credentials of a Gate session were received and decrypted.

    Tripwire only.

    Attributes:
        ack_token: The acknowledgement token found inside the decrypted delivery.
    """

    ack_token: Secret


AgentToken: TypeAlias = Secret
"""A token `agt_…` that stands for an agent's account at one service.

Tripwire only.
"""


class AgentTokenStatus(OpenEnum):
    """Whether the token is in force or was revoked."""

    ACTIVE = "active"
    REVOKED = "revoked"


@attrs.frozen(kw_only=True)
class AgentTokenVerification:
    """The outcome of checking an agent token.

    Tripwire only.

    Attributes:
        valid: Whether the token may be trusted now.
        gate_account_id: The Gate account that the token stands for.
        status: Whether the token is in force or was revoked.
        created_at: When the token was issued.
        expires_at: When the token ceases to be valid.
    """

    valid: bool
    gate_account_id: str | None = None
    status: AgentTokenStatus | None = None
    created_at: Timestamp | None = None
    expires_at: Timestamp | None = None


@attrs.frozen(kw_only=True)
class AgentTokenVerificationResponse:
    """The answer to an agent token's check.

    Tripwire only.

    Attributes:
        data: What is known of the token.
        meta: About the answer itself: the id of its request.
    """

    data: AgentTokenVerification
    meta: ResponseMeta


GateLoginCode: TypeAlias = Secret
"""A code with which a user arrives at the dashboard of a service; it expires.

Tripwire only.
"""


@attrs.frozen(kw_only=True)
class ConsumeGateLoginSessionRequest:
    """Exchanges a login code for the account that logs in.

    Tripwire only.

    Attributes:
        code: The login code with which the user arrived at the dashboard.
    """

    code: GateLoginCode


@attrs.frozen(kw_only=True)
class CreateGateLoginSessionRequest:
    """Starts a login to the dashboard of a service.

    Tripwire only.

    Attributes:
        service_id: The service whose dashboard the agent wants to open.
    """

    service_id: GateServiceId


@attrs.frozen(kw_only=True)
class GateEnvVar:
    """An environment variable in which a service's credentials are delivered.

    Tripwire only.

    Attributes:
        name: What the variable is for, as people see it.
        key: The name of the environment variable.
        secret: Whether the variable's value is a secret.
    """

    name: str
    key: str
    secret: bool


@attrs.frozen(kw_only=True)
class GateSdkInstall:
    """A client library that a service recommends.

    Tripwire only.

    Attributes:
        label: The library's name as people see it.
        install: The command that installs the library.
        url: Where to read about the library.
    """

    label: str
    install: str
    url: str


@attrs.frozen(kw_only=True)
class GateBranding:
    """How a service looks when it is shown to a user.

    Tripwire only.

    Attributes:
        verified: True if the service has verified the branding. The service sets it; requests leave
            it out.
        logo_url: The address of the service's logo.
        primary_color: The service's main color, as a hexadecimal CSS color such as `#0a84ff`.
        secondary_color: The service's second color, as a hexadecimal CSS color such as `#0a84ff`.
        ascii_art: A logo made of characters, for terminals.
    """

    verified: bool | UnsetType = attrs.field(default=UNSET, metadata={READ_ONLY: True})
    logo_url: str | UnsetType = UNSET
    primary_color: str | UnsetType = UNSET
    secondary_color: str | UnsetType = UNSET
    ascii_art: str | UnsetType = UNSET


@attrs.frozen(kw_only=True)
class GateConsentConfig:
    """What a user is asked to agree to.

    Tripwire only.

    Attributes:
        terms_url: The address of the service's terms.
        privacy_url: The address of the service's privacy policy.
    """

    terms_url: str | UnsetType = UNSET
    privacy_url: str | UnsetType = UNSET


@attrs.frozen(kw_only=True)
class CreateGateServiceRequest:
    """The description of a new Gate service.

    Tripwire only.

    Attributes:
        id: The id that the service is to have.
        name: The service's name as people see it.
        description: What the service does, in a few words for people.
        website: The address of the service's website.
        webhook_endpoint_id: The webhook endpoint that gets the service's approved sessions.
        discoverable: Whether the service is to be listed in the public registry.
        dashboard_login_url: Where users of the service's dashboard arrive with their login code.
        env_vars: The environment variables in which the service's credentials are delivered.
        docs_url: The address of the service's documentation for developers.
        sdks: The client libraries that the service recommends.
        branding: How the service looks when it is shown to a user.
        consent: What a user is asked to agree to.
    """

    id: GateServiceId
    name: str
    description: str
    website: str
    webhook_endpoint_id: WebhookEndpointId
    discoverable: bool | UnsetType = UNSET
    dashboard_login_url: str | UnsetType = UNSET
    env_vars: tuple[GateEnvVar, ...] | UnsetType = UNSET
    docs_url: str | UnsetType = UNSET
    sdks: tuple[GateSdkInstall, ...] | UnsetType = UNSET
    branding: GateBranding | UnsetType = UNSET
    consent: GateConsentConfig | UnsetType = UNSET


@attrs.frozen(kw_only=True)
class CreateGateSessionRequest:
    """Starts a Gate session, at whose end a service hands over credentials.

    Tripwire only.

    Attributes:
        service_id: The service to get credentials from.
        account_name: The name that the account at the service is to have.
        delivery: The public key for which the credentials are to be encrypted.
        metadata: Further data for the service, passed on as it is.
    """

    service_id: GateServiceId
    account_name: str
    delivery: GateDeliveryRequest
    metadata: dict[str, Any] | UnsetType = UNSET


@attrs.frozen(kw_only=True)
class GateDashboardLogin:
    """The account that logs in to a service's dashboard.

    Tripwire only.

    Attributes:
        object: Names the kind of this object, always `gate_dashboard_login`.
        gate_account_id: The Gate account that logs in.
        account_name: The name of the account at the service.
    """

    object: Literal["gate_dashboard_login"]
    gate_account_id: str
    account_name: str


@attrs.frozen(kw_only=True)
class GateDashboardLoginResponse:
    """The answer to a login code's exchange.

    Tripwire only.

    Attributes:
        data: The account that logs in.
        meta: About the answer itself: the id of its request.
    """

    data: GateDashboardLogin
    meta: ResponseMeta


@attrs.frozen(kw_only=True)
class GateDeliveryBundle:
    """The credentials of an approved session in two encrypted parts.

    Tripwire only.

    Attributes:
        integrator: The part that the service itself encrypted.
        gate: The part that Gate encrypted.
    """

    integrator: GateDeliveryEnvelope
    gate: GateDeliveryEnvelope


class GateLoginSessionStatus(OpenEnum):
    """How the session stands, always `pending` at its start."""

    PENDING = "pending"


@attrs.frozen(kw_only=True)
class GateLoginSession:
    """A login to a service's dashboard that waits for the user's consent.

    Tripwire only.

    Attributes:
        object: Names the kind of this object, always `gate_login_session`.
        id: The id of the login session.
        status: How the session stands, always `pending` at its start.
        consent_url: Where the user agrees to the login.
        expires_at: When the session ends if nobody agrees.
    """

    object: Literal["gate_login_session"]
    id: GateSessionId
    status: GateLoginSessionStatus
    consent_url: str
    expires_at: Timestamp


@attrs.frozen(kw_only=True)
class GateLoginSessionResponse:
    """The answer that carries a new login session.

    Tripwire only.

    Attributes:
        data: The login session, which waits for consent.
        meta: About the answer itself: the id of its request.
    """

    data: GateLoginSession
    meta: ResponseMeta


class GateServiceStatus(OpenEnum):
    """Whether a Gate service is in use.

    Tripwire only.
    """

    ACTIVE = "active"
    DISABLED = "disabled"


@attrs.frozen(kw_only=True)
class GateManagedService:
    """A Gate service, as its owner sees it.

    Tripwire only.

    Attributes:
        object: Names the kind of this object, always `gate_service`.
        id: The service's id, chosen by its owner.
        status: Whether the service is in use.
        discoverable: Whether the service is listed in the public registry.
        name: The service's name as people see it.
        description: What the service does, in a few words for people.
        website: The address of the service's website.
        env_vars: The environment variables in which the service's credentials are delivered.
        docs_url: The address of the service's documentation for developers.
        sdks: The client libraries that the service recommends.
        branding: How the service looks when it is shown to a user.
        consent: What a user is asked to agree to.
        created_at: When the service was created.
        updated_at: When the service was last changed.
        webhook_endpoint_id: The webhook endpoint that gets the service's approved sessions; null if
            there is none.
        dashboard_login_url: Where users of the service's dashboard arrive with their login code;
            absent if there is no such address.
    """

    object: Literal["gate_service"]
    id: GateServiceId
    status: GateServiceStatus
    discoverable: bool
    name: str
    description: str
    website: str
    env_vars: tuple[GateEnvVar, ...]
    docs_url: str
    sdks: tuple[GateSdkInstall, ...]
    branding: GateBranding
    consent: GateConsentConfig
    created_at: Timestamp
    updated_at: Timestamp
    webhook_endpoint_id: WebhookEndpointId | None
    dashboard_login_url: str | None = None


@attrs.frozen(kw_only=True)
class GateManagedServiceListResponse:
    """The Gate services that the key manages.

    Tripwire only.

    Attributes:
        data: The services, all of them.
        meta: About the answer itself: the id of its request.
    """

    data: tuple[GateManagedService, ...]
    meta: ResponseMeta


@attrs.frozen(kw_only=True)
class GateManagedServiceResponse:
    """The answer that carries one managed Gate service.

    Tripwire only.

    Attributes:
        data: The service as its owner sees it.
        meta: About the answer itself: the id of its request.
    """

    data: GateManagedService
    meta: ResponseMeta


GatePollToken: TypeAlias = Secret
"""A token `gtpoll_…` with which one Gate session is polled and acknowledged.

Tripwire only.
"""


@attrs.frozen(kw_only=True)
class GateRegistryEntry:
    """A Gate service, as everybody sees it in the public registry.

    Tripwire only.

    Attributes:
        id: The service's id, chosen by its owner.
        name: The service's name as people see it.
        description: What the service does, in a few words for people.
        website: The address of the service's website.
        env_vars: The environment variables in which the service's credentials are delivered.
        docs_url: The address of the service's documentation for developers.
        sdks: The client libraries that the service recommends.
        branding: How the service looks when it is shown to a user.
        consent: What a user is asked to agree to.
        status: Whether the service is in use.
        discoverable: Whether the service is listed in the public registry.
        dashboard_login_url: Where users of the service's dashboard arrive with their login code;
            absent if there is no such address.
    """

    id: GateServiceId
    name: str
    description: str
    website: str
    env_vars: tuple[GateEnvVar, ...]
    docs_url: str
    sdks: tuple[GateSdkInstall, ...]
    branding: GateBranding
    consent: GateConsentConfig
    status: GateServiceStatus
    discoverable: bool
    dashboard_login_url: str | None = None


@attrs.frozen(kw_only=True)
class GateRegistryEntryResponse:
    """The answer that carries one service of the public registry.

    Tripwire only.

    Attributes:
        data: The service as everybody sees it.
        meta: About the answer itself: the id of its request.
    """

    data: GateRegistryEntry
    meta: ResponseMeta


@attrs.frozen(kw_only=True)
class GateRegistryListResponse:
    """The services of the public registry.

    Tripwire only.

    Attributes:
        data: The services, all of them.
        meta: About the answer itself: the id of its request.
    """

    data: tuple[GateRegistryEntry, ...]
    meta: ResponseMeta


class GateSessionCreateStatus(OpenEnum):
    """How the session stands, always `pending` at its start."""

    PENDING = "pending"


@attrs.frozen(kw_only=True)
class GateSessionCreate:
    """A Gate session that has just begun.

    Tripwire only.

    Attributes:
        object: Names the kind of this object, always `gate_session`.
        id: The Gate session's id, by which it is polled.
        status: How the session stands, always `pending` at its start.
        poll_token: The token with which to poll and acknowledge this session.
        consent_url: Where the user agrees to the session.
        expires_at: When the session ends if nobody agrees.
    """

    object: Literal["gate_session"]
    id: GateSessionId
    status: GateSessionCreateStatus
    poll_token: GatePollToken
    consent_url: str
    expires_at: Timestamp


@attrs.frozen(kw_only=True)
class GateSessionCreateResponse:
    """The answer that carries a new Gate session.

    Tripwire only.

    Attributes:
        data: The session, with the token to poll it.
        meta: About the answer itself: the id of its request.
    """

    data: GateSessionCreate
    meta: ResponseMeta


class GateSessionDeliveryAcknowledgementStatus(OpenEnum):
    """How the delivery stands, always `acknowledged`."""

    ACKNOWLEDGED = "acknowledged"


@attrs.frozen(kw_only=True)
class GateSessionDeliveryAcknowledgement:
    """The confirmation that a delivery was acknowledged.

    Tripwire only.

    Attributes:
        object: Names the kind of this object, always `gate_session_delivery`.
        gate_session_id: The session whose delivery was acknowledged.
        status: How the delivery stands, always `acknowledged`.
    """

    object: Literal["gate_session_delivery"]
    gate_session_id: GateSessionId
    status: GateSessionDeliveryAcknowledgementStatus


@attrs.frozen(kw_only=True)
class GateSessionDeliveryResponse:
    """The answer to an acknowledgement.

    Tripwire only.

    Attributes:
        data: The confirmation that the delivery was acknowledged.
        meta: About the answer itself: the id of its request.
    """

    data: GateSessionDeliveryAcknowledgement
    meta: ResponseMeta


class GateSessionStatus(OpenEnum):
    """Whether the session waits for consent, was approved or rejected, or has expired."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


@attrs.frozen(kw_only=True)
class GateSessionPollData:
    """How a Gate session stands.

    Tripwire only.

    Attributes:
        object: Names the kind of this object, always `gate_session`.
        id: The Gate session's id, by which it is polled.
        status: Whether the session waits for consent, was approved or rejected, or has expired.
        expires_at: When the session ends.
        gate_account_id: The Gate account that the session led to.
        account_name: The name of the account at the service.
        delivery_bundle: The encrypted credentials of an approved session.
        docs_url: The address of the service's documentation for developers.
    """

    object: Literal["gate_session"]
    id: GateSessionId
    status: GateSessionStatus
    expires_at: Timestamp | None = None
    gate_account_id: str | None = None
    account_name: str | None = None
    delivery_bundle: GateDeliveryBundle | None = None
    docs_url: str | None = None


@attrs.frozen(kw_only=True)
class GateSessionPollResponse:
    """The answer to a poll of a Gate session.

    Tripwire only.

    Attributes:
        data: The session as it is now.
        meta: About the answer itself: the id of its request.
    """

    data: GateSessionPollData
    meta: ResponseMeta


@attrs.frozen(kw_only=True)
class RevokeAgentTokenRequest:
    """Revokes an agent token.

    Tripwire only.

    Attributes:
        agent_token: The token to revoke.
    """

    agent_token: AgentToken


@attrs.frozen(kw_only=True)
class UpdateGateServiceRequest:
    """The changes to a Gate service.

    What is left out stays as it is. Tripwire only.

    Attributes:
        discoverable: Whether the service is to be listed in the public registry.
        name: The service's name as people see it.
        description: What the service does, in a few words for people.
        website: The address of the service's website.
        dashboard_login_url: Where users of the service's dashboard arrive with their login code;
            null takes the address away.
        env_vars: The environment variables in which the service's credentials are delivered, in
            place of the present ones.
        docs_url: The address of the service's documentation for developers.
        sdks: The client libraries that the service recommends, in place of the present ones.
        branding: How the service looks when it is shown to a user.
        consent: What a user is asked to agree to.
        webhook_endpoint_id: The webhook endpoint that is to get the service's approved sessions.
    """

    discoverable: bool | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    website: str | UnsetType = UNSET
    dashboard_login_url: str | None | UnsetType = UNSET
    env_vars: tuple[GateEnvVar, ...] | UnsetType = UNSET
    docs_url: str | UnsetType = UNSET
    sdks: tuple[GateSdkInstall, ...] | UnsetType = UNSET
    branding: GateBranding | UnsetType = UNSET
    consent: GateConsentConfig | UnsetType = UNSET
    webhook_endpoint_id: WebhookEndpointId | UnsetType = UNSET


@attrs.frozen(kw_only=True)
class VerifyAgentTokenRequest:
    """Asks whether an agent token is valid.

    Tripwire only.

    Attributes:
        agent_token: The token to check.
    """

    agent_token: AgentToken
