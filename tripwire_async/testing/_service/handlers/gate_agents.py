"""Agents: their tokens, and their way into a dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.testing._service.checks import body_of, required, text
from tripwire_async.testing._service.gate import CONSENT
from tripwire_async.testing._service.messages import Reply, success
from tripwire_async.testing._service.problems import Problem, not_found
from tripwire_async.testing._service.routes import Route
from tripwire_async.testing.clock import rfc3339

from .gate_services import SERVICE_ID

if TYPE_CHECKING:
    from tripwire_async.testing._service.gate_records import AgentToken
    from tripwire_async.testing._service.messages import Call
    from tripwire_async.testing._service.service import Service


def create_login(service: Service, call: Call) -> Reply:
    """Begin a login to the service that the agent's token is for."""
    now = service.state.calendar.unix()
    token = service.state.gate.tokens.get(call.token)
    if token is None or not token.is_valid(now):
        raise Problem(403, "auth.invalid_agent_token", "This agent token is not known, revoked or expired.")
    wanted = body_of(call, {"service_id": required(SERVICE_ID)}, is_open=True)["service_id"]
    if token.service.id != wanted or token.service.status != "active":
        raise not_found("service of this agent", wanted)
    login = service.state.gate.open_login(token)
    data = {
        "object": "gate_login_session",
        "id": login.id,
        "status": "pending",
        "consent_url": f"{CONSENT}/logins/{login.id}",
        "expires_at": rfc3339(login.ends),
    }
    return success(call, data, 201)


def consume_code(service: Service, call: Call) -> Reply:
    """Trade the code of a login for who it is that logs in; 410 if it is used, expired or unknown."""
    code = body_of(call, {"code": required(text(1))}, is_open=True)["code"]
    login = next((known for known in service.state.gate.logins.values() if known.code == code), None)
    if (
        login is None
        or login.is_consumed
        or service.state.calendar.unix() >= login.ends
        or login.token.service.organization_id not in call.secret_key.organizations
    ):
        raise Problem(410, "gate.code_gone", "This code is used, expired or not known.")
    login.is_consumed = True
    data = {
        "object": "gate_dashboard_login",
        "gate_account_id": login.token.gate_account_id,
        "account_name": login.token.account_name,
    }
    return success(call, data)


def verify_token(service: Service, call: Call) -> Reply:
    """Answer whether an agent's token is good; one that is not known is merely not valid."""
    token = _token(service, call)
    return success(call, {"valid": False} if token is None else token.wire(service.state.calendar.unix()))


def revoke_token(service: Service, call: Call) -> Reply:
    """End an agent's token; 404 if it is not known."""
    token = _token(service, call)
    if token is None:
        raise Problem(404, "request.not_found", "This agent token is not known.")
    token.is_revoked = True
    return Reply(204)


def _token(service: Service, call: Call) -> AgentToken | None:
    text_ = body_of(call, {"agent_token": required(text(1))}, is_open=True)["agent_token"]
    token = service.state.gate.tokens.get(text_)
    if token is None or token.service.organization_id not in call.secret_key.organizations:
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
