"""Gate agent tokens and logins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.testing._service.checks import checked_body, required, text
from tripwire_async.testing._service.errors import ServiceError, forbidden, gone, not_found
from tripwire_async.testing._service.gate import CONSENT_URL
from tripwire_async.testing._service.messages import ServiceResponse, data_response
from tripwire_async.testing._service.routes import Route
from tripwire_async.testing.clock import rfc3339

from .gate_services import SERVICE_ID

if TYPE_CHECKING:
    from tripwire_async.testing._service.gate_records import AgentToken
    from tripwire_async.testing._service.messages import ServiceRequest
    from tripwire_async.testing._service.service import Service


def create_login(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Start a login to the service of the agent token."""
    now = service.state.calendar.unix_time()
    token = service.state.gate.tokens.get(request.token)
    if token is None or not token.is_valid(now):
        raise forbidden("The agent token is unknown, revoked or expired.")
    service_id = checked_body(request, {"service_id": required(SERVICE_ID)}, is_open=True)["service_id"]
    if token.service.id != service_id or token.service.status != "active":
        raise not_found("service of the agent token", service_id)
    login = service.state.gate.create_login(token)
    data = {
        "object": "gate_login_session",
        "id": login.id,
        "status": "pending",
        "consent_url": f"{CONSENT_URL}/logins/{login.id}",
        "expires_at": rfc3339(login.expires),
    }
    return data_response(request, data, 201)


def consume_code(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Exchange the code of a login for the account; 410 if it is used, expired or unknown."""
    code = checked_body(request, {"code": required(text(1))}, is_open=True)["code"]
    login = next((known for known in service.state.gate.logins.values() if known.code == code), None)
    if (
        login is None
        or login.is_consumed
        or service.state.calendar.unix_time() >= login.expires
        or login.token.service.organization_id not in request.secret_key.organizations
    ):
        raise gone("The code is used, expired or unknown.")
    login.is_consumed = True
    data = {
        "object": "gate_dashboard_login",
        "gate_account_id": login.token.gate_account_id,
        "account_name": login.token.account_name,
    }
    return data_response(request, data)


def verify_token(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Return whether an agent token is valid; an unknown one is not."""
    token = _token(service, request)
    return data_response(
        request, {"valid": False} if token is None else token.to_json(service.state.calendar.unix_time())
    )


def revoke_token(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Revoke an agent token; 404 if it is unknown."""
    token = _token(service, request)
    if token is None:
        raise ServiceError(404, "request.not_found", "The agent token is unknown.")
    token.is_revoked = True
    return ServiceResponse(204)


def _token(service: Service, request: ServiceRequest) -> AgentToken | None:
    text_ = checked_body(request, {"agent_token": required(text(1))}, is_open=True)["agent_token"]
    token = service.state.gate.tokens.get(text_)
    if token is None or token.service.organization_id not in request.secret_key.organizations:
        return None
    return token


_LOGINS: Final = "/v1/gate/login-sessions"
_TOKENS: Final = "/v1/gate/agent-tokens"

ROUTES: Final = (
    Route("createGateLoginSession", "POST", _LOGINS, "agent_token", "", create_login),
    Route(
        "consumeGateLoginSessionCode",
        "POST",
        _LOGINS + "/consume",
        "secret",
        "gate:login_sessions:consume",
        consume_code,
    ),
    Route("verifyGateAgentToken", "POST", _TOKENS + "/verify", "secret", "gate:agent_tokens:verify", verify_token),
    Route("revokeGateAgentToken", "POST", _TOKENS + "/revoke", "secret", "gate:agent_tokens:revoke", revoke_token),
)
