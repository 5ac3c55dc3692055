"""Gate sessions: created without a credential, polled and acknowledged with the poll token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.testing._service.checks import OBJECT, Check, checked_body, optional, required, text
from tripwire_async.testing._service.errors import forbidden, gone, not_found
from tripwire_async.testing._service.gate import CONSENT_URL
from tripwire_async.testing._service.gate_encryption import is_delivery_request
from tripwire_async.testing._service.messages import ServiceResponse, data_response
from tripwire_async.testing._service.routes import Route
from tripwire_async.testing.clock import rfc3339

from .gate_services import SERVICE_ID

if TYPE_CHECKING:
    from tripwire_async.testing._service.gate_records import GateSession
    from tripwire_async.testing._service.messages import ServiceRequest
    from tripwire_async.testing._service.service import Service

_NEW: Final = {
    "service_id": required(SERVICE_ID),
    "account_name": required(text()),
    "metadata": optional(OBJECT),
    "delivery": required(Check("delivery request whose key_id matches its public_key", is_delivery_request)),
}
_ACKNOWLEDGEMENT: Final = {"ack_token": required(text())}


def create_session(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Start a sign-up for an active service."""
    body = checked_body(request, _NEW, is_open=True)
    found = service.state.gate.services.get(body["service_id"])
    if found is None or found.status != "active":
        raise not_found("service", body["service_id"])
    session = service.state.gate.create_session(found, body["account_name"], body.get("metadata"), body["delivery"])
    data = {
        "object": "gate_session",
        "id": session.id,
        "status": "pending",
        "poll_token": session.poll_token,
        "consent_url": f"{CONSENT_URL}/sessions/{session.id}",
        "expires_at": rfc3339(session.expires),
    }
    return data_response(request, data, 201)


def poll_session(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Return the state of a session; 410 if it has expired."""
    return data_response(request, _session(service, request).to_json())


def acknowledge(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Acknowledge a delivery; repeating it has no effect."""
    session = _session(service, request)
    body = checked_body(request, _ACKNOWLEDGEMENT, is_open=True)
    if session.status != "approved":
        raise not_found("delivery of the session", session.id)
    if body["ack_token"] != session.ack_token:
        raise forbidden("The ack token does not belong to the session.")
    session.is_acknowledged = True
    data = {"object": "gate_session_delivery", "gate_session_id": session.id, "status": "acknowledged"}
    return data_response(request, data)


def _session(service: Service, request: ServiceRequest) -> GateSession:
    """Return the session in the path of *request*; raise 403 for an unknown poll token."""
    identifier = request.ids["gateSessionId"]
    sessions = service.state.gate.sessions
    if not any(known.poll_token == request.token for known in sessions.values()):
        raise forbidden("The poll token is unknown.")
    session = sessions.get(identifier)
    if session is None or session.poll_token != request.token:
        raise not_found("Gate session", identifier)
    if session.is_expired(service.state.calendar.unix_time()):
        raise gone("The Gate session has expired.", next_action="new_session")
    return session


_LIST: Final = "/v1/gate/sessions"
_ONE: Final = _LIST + "/{gateSessionId}"

ROUTES: Final = (
    Route("createGateSession", "POST", _LIST, "public", "", create_session),
    Route("pollGateSession", "GET", _ONE, "poll_token", "", poll_session),
    Route("acknowledgeGateSessionDelivery", "POST", _ONE + "/ack", "poll_token", "", acknowledge),
)
