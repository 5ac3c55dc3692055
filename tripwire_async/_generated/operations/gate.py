# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Operations of the tag gate."""

import re
from typing import Final

from tripwire_async._generated.models.gate import (
    AcknowledgeGateSessionDeliveryRequest,
    AgentTokenVerificationResponse,
    ConsumeGateLoginSessionRequest,
    CreateGateLoginSessionRequest,
    CreateGateServiceRequest,
    CreateGateSessionRequest,
    GateDashboardLoginResponse,
    GateLoginSessionResponse,
    GateManagedServiceListResponse,
    GateManagedServiceResponse,
    GateRegistryEntryResponse,
    GateRegistryListResponse,
    GateSessionCreateResponse,
    GateSessionDeliveryResponse,
    GateSessionPollResponse,
    RevokeAgentTokenRequest,
    UpdateGateServiceRequest,
    VerifyAgentTokenRequest,
)
from tripwire_async._operation import Operation, PathArgument

_GATE_SERVICE_ID: Final = re.compile(r"^[a-z0-9](?:[a-z0-9_-]{1,30}[a-z0-9])$")

LIST_GATE_REGISTRY_SERVICES: Final[Operation[GateRegistryListResponse]] = Operation(
    id="listGateRegistryServices",
    method="GET",
    path="/v1/gate/registry",
    authority="public",
    profiles=("tripwire",),
    success=200,
    returns=GateRegistryListResponse,
)
"""List the services in the public Gate registry.

Tripwire only.
"""

GET_GATE_REGISTRY_SERVICE: Final[Operation[GateRegistryEntryResponse]] = Operation(
    id="getGateRegistryService",
    method="GET",
    path="/v1/gate/registry/{serviceId}",
    path_arguments=(PathArgument(name="serviceId", argument="service_id", pattern=_GATE_SERVICE_ID),),
    authority="public",
    profiles=("tripwire",),
    success=200,
    returns=GateRegistryEntryResponse,
)
"""Read one service of the public Gate registry.

Tripwire only.
"""

LIST_MANAGED_GATE_SERVICES: Final[Operation[GateManagedServiceListResponse]] = Operation(
    id="listManagedGateServices",
    method="GET",
    path="/v1/gate/services",
    authority="secret",
    profiles=("tripwire",),
    scope="gate:services:read",
    success=200,
    returns=GateManagedServiceListResponse,
)
"""List the Gate services that the key manages.

Tripwire only.
"""

CREATE_MANAGED_GATE_SERVICE: Final[Operation[GateManagedServiceResponse]] = Operation(
    id="createManagedGateService",
    method="POST",
    path="/v1/gate/services",
    authority="secret",
    profiles=("tripwire",),
    scope="gate:services:manage",
    body=CreateGateServiceRequest,
    success=201,
    returns=GateManagedServiceResponse,
)
"""Create a Gate service.

Tripwire only.
"""

GET_MANAGED_GATE_SERVICE: Final[Operation[GateManagedServiceResponse]] = Operation(
    id="getManagedGateService",
    method="GET",
    path="/v1/gate/services/{serviceId}",
    path_arguments=(PathArgument(name="serviceId", argument="service_id", pattern=_GATE_SERVICE_ID),),
    authority="secret",
    profiles=("tripwire",),
    scope="gate:services:read",
    success=200,
    returns=GateManagedServiceResponse,
)
"""Read one Gate service that the key manages.

Tripwire only.
"""

UPDATE_MANAGED_GATE_SERVICE: Final[Operation[GateManagedServiceResponse]] = Operation(
    id="updateManagedGateService",
    method="PATCH",
    path="/v1/gate/services/{serviceId}",
    path_arguments=(PathArgument(name="serviceId", argument="service_id", pattern=_GATE_SERVICE_ID),),
    authority="secret",
    profiles=("tripwire",),
    scope="gate:services:manage",
    body=UpdateGateServiceRequest,
    success=200,
    returns=GateManagedServiceResponse,
)
"""Change a Gate service.

Tripwire only.
"""

DISABLE_MANAGED_GATE_SERVICE: Final[Operation[GateManagedServiceResponse]] = Operation(
    id="disableManagedGateService",
    method="DELETE",
    path="/v1/gate/services/{serviceId}",
    path_arguments=(PathArgument(name="serviceId", argument="service_id", pattern=_GATE_SERVICE_ID),),
    authority="secret",
    profiles=("tripwire",),
    scope="gate:services:manage",
    success=200,
    returns=GateManagedServiceResponse,
)
"""Disable a Gate service.

Tripwire only.
"""

CREATE_GATE_SESSION: Final[Operation[GateSessionCreateResponse]] = Operation(
    id="createGateSession",
    method="POST",
    path="/v1/gate/sessions",
    authority="public",
    profiles=("tripwire",),
    body=CreateGateSessionRequest,
    success=201,
    returns=GateSessionCreateResponse,
)
"""Start a Gate session for a service.

Tripwire only.
"""

POLL_GATE_SESSION: Final[Operation[GateSessionPollResponse]] = Operation(
    id="pollGateSession",
    method="GET",
    path="/v1/gate/sessions/{gateSessionId}",
    path_arguments=(PathArgument(name="gateSessionId", argument="gate_session_id"),),
    authority="poll_token",
    profiles=("tripwire",),
    success=200,
    returns=GateSessionPollResponse,
)
"""Read the status of a Gate session.

Tripwire only.
"""

ACKNOWLEDGE_GATE_SESSION_DELIVERY: Final[Operation[GateSessionDeliveryResponse]] = Operation(
    id="acknowledgeGateSessionDelivery",
    method="POST",
    path="/v1/gate/sessions/{gateSessionId}/ack",
    path_arguments=(PathArgument(name="gateSessionId", argument="gate_session_id"),),
    authority="poll_token",
    profiles=("tripwire",),
    body=AcknowledgeGateSessionDeliveryRequest,
    success=200,
    returns=GateSessionDeliveryResponse,
)
"""Confirm that a Gate session's credentials have arrived.

Tripwire only.
"""

CREATE_GATE_LOGIN_SESSION: Final[Operation[GateLoginSessionResponse]] = Operation(
    id="createGateLoginSession",
    method="POST",
    path="/v1/gate/login-sessions",
    authority="agent_token",
    profiles=("tripwire",),
    body=CreateGateLoginSessionRequest,
    success=201,
    returns=GateLoginSessionResponse,
)
"""Start a login to a service's dashboard for an agent.

Tripwire only.
"""

VERIFY_GATE_AGENT_TOKEN: Final[Operation[AgentTokenVerificationResponse]] = Operation(
    id="verifyGateAgentToken",
    method="POST",
    path="/v1/gate/agent-tokens/verify",
    authority="secret",
    profiles=("tripwire",),
    scope="gate:agent_tokens:verify",
    body=VerifyAgentTokenRequest,
    success=200,
    returns=AgentTokenVerificationResponse,
)
"""Check whether an agent token is valid.

Tripwire only.
"""

REVOKE_GATE_AGENT_TOKEN: Final[Operation[None]] = Operation(
    id="revokeGateAgentToken",
    method="POST",
    path="/v1/gate/agent-tokens/revoke",
    authority="secret",
    profiles=("tripwire",),
    scope="gate:agent_tokens:revoke",
    body=RevokeAgentTokenRequest,
    success=204,
    returns=type(None),
)
"""Revoke an agent token.

Tripwire only.
"""

CONSUME_GATE_LOGIN_SESSION_CODE: Final[Operation[GateDashboardLoginResponse]] = Operation(
    id="consumeGateLoginSessionCode",
    method="POST",
    path="/v1/gate/login-sessions/consume",
    authority="secret",
    profiles=("tripwire",),
    scope="gate:login_sessions:consume",
    body=ConsumeGateLoginSessionRequest,
    success=200,
    returns=GateDashboardLoginResponse,
)
"""Exchange a Gate login code for the account that logs in.

Tripwire only.
"""
