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
    success=200,
    returns=GateRegistryListResponse,
)
"""List the services in the public Gate registry."""

GET_GATE_REGISTRY_SERVICE: Final[Operation[GateRegistryEntryResponse]] = Operation(
    id="getGateRegistryService",
    method="GET",
    path="/v1/gate/registry/{serviceId}",
    path_arguments=(PathArgument(name="serviceId", argument="service_id", pattern=_GATE_SERVICE_ID),),
    authority="public",
    success=200,
    returns=GateRegistryEntryResponse,
)
"""Read one service of the public Gate registry."""

LIST_MANAGED_GATE_SERVICES: Final[Operation[GateManagedServiceListResponse]] = Operation(
    id="listManagedGateServices",
    method="GET",
    path="/v1/gate/services",
    authority="secret",
    scope="gate:services:read",
    success=200,
    returns=GateManagedServiceListResponse,
)
"""List the Gate services that the key manages."""

CREATE_MANAGED_GATE_SERVICE: Final[Operation[GateManagedServiceResponse]] = Operation(
    id="createManagedGateService",
    method="POST",
    path="/v1/gate/services",
    authority="secret",
    scope="gate:services:manage",
    body=CreateGateServiceRequest,
    success=201,
    returns=GateManagedServiceResponse,
)
"""Create a Gate service."""

GET_MANAGED_GATE_SERVICE: Final[Operation[GateManagedServiceResponse]] = Operation(
    id="getManagedGateService",
    method="GET",
    path="/v1/gate/services/{serviceId}",
    path_arguments=(PathArgument(name="serviceId", argument="service_id", pattern=_GATE_SERVICE_ID),),
    authority="secret",
    scope="gate:services:read",
    success=200,
    returns=GateManagedServiceResponse,
)
"""Read one Gate service that the key manages."""

UPDATE_MANAGED_GATE_SERVICE: Final[Operation[GateManagedServiceResponse]] = Operation(
    id="updateManagedGateService",
    method="PATCH",
    path="/v1/gate/services/{serviceId}",
    path_arguments=(PathArgument(name="serviceId", argument="service_id", pattern=_GATE_SERVICE_ID),),
    authority="secret",
    scope="gate:services:manage",
    body=UpdateGateServiceRequest,
    success=200,
    returns=GateManagedServiceResponse,
)
"""Change a Gate service."""

DISABLE_MANAGED_GATE_SERVICE: Final[Operation[GateManagedServiceResponse]] = Operation(
    id="disableManagedGateService",
    method="DELETE",
    path="/v1/gate/services/{serviceId}",
    path_arguments=(PathArgument(name="serviceId", argument="service_id", pattern=_GATE_SERVICE_ID),),
    authority="secret",
    scope="gate:services:manage",
    success=200,
    returns=GateManagedServiceResponse,
)
"""Disable a Gate service."""

CREATE_GATE_SESSION: Final[Operation[GateSessionCreateResponse]] = Operation(
    id="createGateSession",
    method="POST",
    path="/v1/gate/sessions",
    authority="public",
    body=CreateGateSessionRequest,
    success=201,
    returns=GateSessionCreateResponse,
)
"""Start a Gate session for a service."""

POLL_GATE_SESSION: Final[Operation[GateSessionPollResponse]] = Operation(
    id="pollGateSession",
    method="GET",
    path="/v1/gate/sessions/{gateSessionId}",
    path_arguments=(PathArgument(name="gateSessionId", argument="gate_session_id"),),
    authority="poll_token",
    success=200,
    returns=GateSessionPollResponse,
)
"""Read how a Gate session stands."""

ACKNOWLEDGE_GATE_SESSION_DELIVERY: Final[Operation[GateSessionDeliveryResponse]] = Operation(
    id="acknowledgeGateSessionDelivery",
    method="POST",
    path="/v1/gate/sessions/{gateSessionId}/ack",
    path_arguments=(PathArgument(name="gateSessionId", argument="gate_session_id"),),
    authority="poll_token",
    body=AcknowledgeGateSessionDeliveryRequest,
    success=200,
    returns=GateSessionDeliveryResponse,
)
"""Confirm that a Gate session's credentials have arrived."""

CREATE_GATE_LOGIN_SESSION: Final[Operation[GateLoginSessionResponse]] = Operation(
    id="createGateLoginSession",
    method="POST",
    path="/v1/gate/login-sessions",
    authority="agent_token",
    body=CreateGateLoginSessionRequest,
    success=201,
    returns=GateLoginSessionResponse,
)
"""Start a login to a service's dashboard for an agent."""

VERIFY_GATE_AGENT_TOKEN: Final[Operation[AgentTokenVerificationResponse]] = Operation(
    id="verifyGateAgentToken",
    method="POST",
    path="/v1/gate/agent-tokens/verify",
    authority="secret",
    scope="gate:agent_tokens:verify",
    body=VerifyAgentTokenRequest,
    success=200,
    returns=AgentTokenVerificationResponse,
)
"""Check whether an agent token is valid."""

REVOKE_GATE_AGENT_TOKEN: Final[Operation[None]] = Operation(
    id="revokeGateAgentToken",
    method="POST",
    path="/v1/gate/agent-tokens/revoke",
    authority="secret",
    scope="gate:agent_tokens:revoke",
    body=RevokeAgentTokenRequest,
    success=204,
    returns=type(None),
)
"""Revoke an agent token."""

CONSUME_GATE_LOGIN_SESSION_CODE: Final[Operation[GateDashboardLoginResponse]] = Operation(
    id="consumeGateLoginSessionCode",
    method="POST",
    path="/v1/gate/login-sessions/consume",
    authority="secret",
    scope="gate:login_sessions:consume",
    body=ConsumeGateLoginSessionRequest,
    success=200,
    returns=GateDashboardLoginResponse,
)
"""Exchange a Gate login code for the account that logs in."""
