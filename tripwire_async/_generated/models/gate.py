# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Models of the tag gate."""

from typing import Any, Literal, TypeAlias

import attrs

from tripwire_async._codec.enums import OpenEnum
from tripwire_async._codec.fields import READ_ONLY, UNSET, Timestamp, UnsetType
from tripwire_async._codec.model import Model
from tripwire_async._generated.models.shared import (
    GateDeliveryEnvelope,
    GateDeliveryRequest,
    GateServiceId,
    GateSessionId,
    ResponseMeta,
    WebhookEndpointId,
)
from tripwire_async._secrets.secret import Secret


@attrs.frozen(kw_only=True, repr=False)
class AcknowledgeGateSessionDeliveryRequest(Model):
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


@attrs.frozen(kw_only=True, repr=False)
class AgentTokenVerification(Model):
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


@attrs.frozen(kw_only=True, repr=False)
class AgentTokenVerificationResponse(Model):
    """Response to an agent token's check.

    Tripwire only.

    Attributes:
        data: Information about the token.
        meta: Metadata of the response: the request id.
    """

    data: AgentTokenVerification
    meta: ResponseMeta


GateLoginCode: TypeAlias = Secret
"""A code with which a user arrives at the dashboard of a service; it expires.

Tripwire only.
"""


@attrs.frozen(kw_only=True, repr=False)
class ConsumeGateLoginSessionRequest(Model):
    """Exchanges a login code for the account that logs in.

    Tripwire only.

    Attributes:
        code: The login code with which the user arrived at the dashboard.
    """

    code: GateLoginCode


@attrs.frozen(kw_only=True, repr=False)
class CreateGateLoginSessionRequest(Model):
    """Starts a login to the dashboard of a service.

    Tripwire only.

    Attributes:
        service_id: The service whose dashboard the agent wants to open.
    """

    service_id: GateServiceId


@attrs.frozen(kw_only=True, repr=False)
class GateEnvVar(Model):
    """An environment variable in which a service's credentials are delivered.

    Tripwire only.

    Attributes:
        name: Purpose of the variable, shown to users.
        key: The name of the environment variable.
        secret: Whether the variable's value is a secret.
    """

    name: str
    key: str
    secret: bool


@attrs.frozen(kw_only=True, repr=False)
class GateSdkInstall(Model):
    """A client library that a service recommends.

    Tripwire only.

    Attributes:
        label: The library's name as people see it.
        install: The command that installs the library.
        url: URL of the documentation of the library.
    """

    label: str
    install: str
    url: str


@attrs.frozen(kw_only=True, repr=False)
class GateBranding(Model):
    """Branding of the service for users.

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


@attrs.frozen(kw_only=True, repr=False)
class GateConsentConfig(Model):
    """Terms that a user consents to.

    Tripwire only.

    Attributes:
        terms_url: The address of the service's terms.
        privacy_url: The address of the service's privacy policy.
    """

    terms_url: str | UnsetType = UNSET
    privacy_url: str | UnsetType = UNSET


@attrs.frozen(kw_only=True, repr=False)
class CreateGateServiceRequest(Model):
    """The description of a new Gate service.

    Tripwire only.

    Attributes:
        id: The id that the service is to have.
        name: The service's name as people see it.
        description: Short description of the service for users.
        website: The address of the service's website.
        webhook_endpoint_id: The webhook endpoint that gets the service's approved sessions.
        discoverable: Whether the public registry lists the service.
        dashboard_login_url: URL of the service's dashboard that receives login codes.
        env_vars: The environment variables in which the service's credentials are delivered.
        docs_url: The address of the service's documentation for developers.
        sdks: The client libraries that the service recommends.
        branding: Branding of the service for users.
        consent: Terms that a user consents to.
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


@attrs.frozen(kw_only=True, repr=False)
class CreateGateSessionRequest(Model):
    """Starts a Gate session, which ends with the delivery of credentials.

    Tripwire only.

    Attributes:
        service_id: The service to get credentials from.
        account_name: The name that the account at the service is to have.
        delivery: The public key for the encryption of the credentials.
        metadata: Further data for the service, passed on as it is.
    """

    service_id: GateServiceId
    account_name: str
    delivery: GateDeliveryRequest
    metadata: dict[str, Any] | UnsetType = UNSET


@attrs.frozen(kw_only=True, repr=False)
class GateDashboardLogin(Model):
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


@attrs.frozen(kw_only=True, repr=False)
class GateDashboardLoginResponse(Model):
    """Response to a login code's exchange.

    Tripwire only.

    Attributes:
        data: The account that logs in.
        meta: Metadata of the response: the request id.
    """

    data: GateDashboardLogin
    meta: ResponseMeta


@attrs.frozen(kw_only=True, repr=False)
class GateDeliveryBundle(Model):
    """The credentials of an approved session in two encrypted parts.

    Tripwire only.

    Attributes:
        integrator: The part that the service itself encrypted.
        gate: The part that Gate encrypted.
    """

    integrator: GateDeliveryEnvelope
    gate: GateDeliveryEnvelope


class GateLoginSessionStatus(OpenEnum):
    """Status, always `pending` at first."""

    PENDING = "pending"


@attrs.frozen(kw_only=True, repr=False)
class GateLoginSession(Model):
    """A login to a service's dashboard that waits for the user's consent.

    Tripwire only.

    Attributes:
        object: Names the kind of this object, always `gate_login_session`.
        id: The id of the login session.
        status: Status, always `pending` at first.
        consent_url: URL at which the user consents to the login.
        expires_at: When the session expires without consent.
    """

    object: Literal["gate_login_session"]
    id: GateSessionId
    status: GateLoginSessionStatus
    consent_url: str
    expires_at: Timestamp


@attrs.frozen(kw_only=True, repr=False)
class GateLoginSessionResponse(Model):
    """Response with a new login session.

    Tripwire only.

    Attributes:
        data: The login session, which waits for consent.
        meta: Metadata of the response: the request id.
    """

    data: GateLoginSession
    meta: ResponseMeta


class GateServiceStatus(OpenEnum):
    """Whether a Gate service is in use.

    Tripwire only.
    """

    ACTIVE = "active"
    DISABLED = "disabled"


@attrs.frozen(kw_only=True, repr=False)
class GateManagedService(Model):
    """A Gate service, as its owner sees it.

    Tripwire only.

    Attributes:
        object: Names the kind of this object, always `gate_service`.
        id: The service's id, chosen by its owner.
        status: Whether the service is in use.
        discoverable: Whether the service is listed in the public registry.
        name: The service's name as people see it.
        description: Short description of the service for users.
        website: The address of the service's website.
        env_vars: The environment variables in which the service's credentials are delivered.
        docs_url: The address of the service's documentation for developers.
        sdks: The client libraries that the service recommends.
        branding: Branding of the service for users.
        consent: Terms that a user consents to.
        created_at: When the service was created.
        updated_at: When the service was last changed.
        webhook_endpoint_id: The webhook endpoint that receives the approved sessions of the
            service, or null.
        dashboard_login_url: URL of the service's dashboard that receives login codes; absent
            without such a URL.
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


@attrs.frozen(kw_only=True, repr=False)
class GateManagedServiceListResponse(Model):
    """The Gate services that the key manages.

    Tripwire only.

    Attributes:
        data: The services, all of them.
        meta: Metadata of the response: the request id.
    """

    data: tuple[GateManagedService, ...]
    meta: ResponseMeta


@attrs.frozen(kw_only=True, repr=False)
class GateManagedServiceResponse(Model):
    """Response with one managed Gate service.

    Tripwire only.

    Attributes:
        data: The service as its owner sees it.
        meta: Metadata of the response: the request id.
    """

    data: GateManagedService
    meta: ResponseMeta


GatePollToken: TypeAlias = Secret
"""A token `gtpoll_…` with which one Gate session is polled and acknowledged.

Tripwire only.
"""


@attrs.frozen(kw_only=True, repr=False)
class GateRegistryEntry(Model):
    """A Gate service in the public registry.

    Tripwire only.

    Attributes:
        id: The service's id, chosen by its owner.
        name: The service's name as people see it.
        description: Short description of the service for users.
        website: The address of the service's website.
        env_vars: The environment variables in which the service's credentials are delivered.
        docs_url: The address of the service's documentation for developers.
        sdks: The client libraries that the service recommends.
        branding: Branding of the service for users.
        consent: Terms that a user consents to.
        status: Whether the service is in use.
        discoverable: Whether the service is listed in the public registry.
        dashboard_login_url: URL of the service's dashboard that receives login codes; absent
            without such a URL.
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


@attrs.frozen(kw_only=True, repr=False)
class GateRegistryEntryResponse(Model):
    """Response with one service of the public registry.

    Tripwire only.

    Attributes:
        data: The public data of the service.
        meta: Metadata of the response: the request id.
    """

    data: GateRegistryEntry
    meta: ResponseMeta


@attrs.frozen(kw_only=True, repr=False)
class GateRegistryListResponse(Model):
    """The services of the public registry.

    Tripwire only.

    Attributes:
        data: The services, all of them.
        meta: Metadata of the response: the request id.
    """

    data: tuple[GateRegistryEntry, ...]
    meta: ResponseMeta


class GateSessionCreateStatus(OpenEnum):
    """Status, always `pending` at first."""

    PENDING = "pending"


@attrs.frozen(kw_only=True, repr=False)
class GateSessionCreate(Model):
    """A new Gate session.

    Tripwire only.

    Attributes:
        object: Names the kind of this object, always `gate_session`.
        id: The Gate session's id, by which it is polled.
        status: Status, always `pending` at first.
        poll_token: The token with which to poll and acknowledge this session.
        consent_url: URL at which the user consents to the session.
        expires_at: When the session expires without consent.
    """

    object: Literal["gate_session"]
    id: GateSessionId
    status: GateSessionCreateStatus
    poll_token: GatePollToken
    consent_url: str
    expires_at: Timestamp


@attrs.frozen(kw_only=True, repr=False)
class GateSessionCreateResponse(Model):
    """Response with a new Gate session.

    Tripwire only.

    Attributes:
        data: The session, with the token to poll it.
        meta: Metadata of the response: the request id.
    """

    data: GateSessionCreate
    meta: ResponseMeta


class GateSessionDeliveryAcknowledgementStatus(OpenEnum):
    """Status, always `acknowledged`."""

    ACKNOWLEDGED = "acknowledged"


@attrs.frozen(kw_only=True, repr=False)
class GateSessionDeliveryAcknowledgement(Model):
    """The confirmation that a delivery was acknowledged.

    Tripwire only.

    Attributes:
        object: Names the kind of this object, always `gate_session_delivery`.
        gate_session_id: The session whose delivery was acknowledged.
        status: Status, always `acknowledged`.
    """

    object: Literal["gate_session_delivery"]
    gate_session_id: GateSessionId
    status: GateSessionDeliveryAcknowledgementStatus


@attrs.frozen(kw_only=True, repr=False)
class GateSessionDeliveryResponse(Model):
    """Response to an acknowledgement.

    Tripwire only.

    Attributes:
        data: The confirmation that the delivery was acknowledged.
        meta: Metadata of the response: the request id.
    """

    data: GateSessionDeliveryAcknowledgement
    meta: ResponseMeta


class GateSessionStatus(OpenEnum):
    """Whether the session waits for consent, was approved or rejected, or has expired."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


@attrs.frozen(kw_only=True, repr=False)
class GateSessionPollData(Model):
    """Status of a Gate session.

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


@attrs.frozen(kw_only=True, repr=False)
class GateSessionPollResponse(Model):
    """Response to a poll of a Gate session.

    Tripwire only.

    Attributes:
        data: The session as it is now.
        meta: Metadata of the response: the request id.
    """

    data: GateSessionPollData
    meta: ResponseMeta


@attrs.frozen(kw_only=True, repr=False)
class RevokeAgentTokenRequest(Model):
    """Revokes an agent token.

    Tripwire only.

    Attributes:
        agent_token: The token to revoke.
    """

    agent_token: AgentToken


@attrs.frozen(kw_only=True, repr=False)
class UpdateGateServiceRequest(Model):
    """The changes to a Gate service.

    Missing fields keep their values. Tripwire only.

    Attributes:
        discoverable: Whether the public registry lists the service.
        name: The service's name as people see it.
        description: Short description of the service for users.
        website: The address of the service's website.
        dashboard_login_url: URL of the service's dashboard that receives login codes; null removes
            it.
        env_vars: The environment variables in which the service's credentials are delivered, in
            place of the present ones.
        docs_url: The address of the service's documentation for developers.
        sdks: The client libraries that the service recommends, in place of the present ones.
        branding: Branding of the service for users.
        consent: Terms that a user consents to.
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


@attrs.frozen(kw_only=True, repr=False)
class VerifyAgentTokenRequest(Model):
    """Check of an agent token.

    Tripwire only.

    Attributes:
        agent_token: The token to check.
    """

    agent_token: AgentToken
