"""Control of Gate sessions and agents' logins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.errors import ConfigurationError
from tripwire_async.profiles import FOIL
from tripwire_async.testing._service.arguments import check_name

from .parts import ServerParts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tripwire_async.testing._service.gate import Gate
    from tripwire_async.testing._service.gate_records import GateService, GateSession
    from tripwire_async.testing._service.records import Event, JsonObject

GATE_SERVICE_ID: Final = "acme-prod"


class GateControls(ServerParts):
    """Methods that act as a person, or as a service, in a Gate session."""

    @property
    def gate_service(self) -> GateService:
        """The initial Gate service."""
        return self._gate().services[GATE_SERVICE_ID]

    def approve_gate_session(self, session_id: str, outputs: Mapping[str, str] | None = None) -> None:
        """Approve a Gate session, so that its next poll returns the credentials.

        *outputs* are the service's credentials by environment variable. Without them, a ``gate.session.approved``
        webhook requests them from the service's endpoint, and its response approves the session.
        """
        self.on_loop(lambda: self._approve(session_id, outputs))

    def reject_gate_session(self, session_id: str) -> None:
        """Reject a Gate session."""
        self._session(session_id).status = "rejected"

    def expire_gate_session(self, session_id: str) -> None:
        """Expire a Gate session now."""
        self._session(session_id).status = "expired"

    def add_agent_token(self, gate_account_id: str = "gacct_test", account_name: str = "test") -> str:
        """Issue an agent token for `gate_service` and return its text."""
        return self._gate().issue_token(self.gate_service, gate_account_id, account_name).text

    def consent_to_login(self, login_session_id: str) -> str:
        """Consent to an agent's login and return the code for the dashboard."""
        gate = self._gate()
        check_name("login session", login_session_id, gate.logins)
        return gate.consent(gate.logins[login_session_id])

    def _approve(self, session_id: str, outputs: Mapping[str, str] | None) -> None:
        session = self._session(session_id)
        if outputs is not None:
            self._gate().approve(session, outputs)
            return
        endpoint = self.state.endpoints.get(session.service.webhook_endpoint_id or "")
        if endpoint is None:
            msg = f"pass outputs=: the service {session.service.id} has no webhook endpoint"
            raise ValueError(msg)
        event = self.state.add_event(
            "gate.session.approved",
            ("gate_session", session.id),
            self._gate().approved_payload(session),
            (endpoint,),
            endpoint.organization_id,
        )
        self._webhook_sender.send(event)

    def _gate(self) -> Gate:
        if self.profile == FOIL:
            msg = f"{FOIL.title} has no Gate: create the server with profile=TRIPWIRE"
            raise ConfigurationError(msg)
        return self.state.gate

    def _session(self, session_id: str) -> GateSession:
        sessions = self._gate().sessions
        check_name("Gate session", session_id, sessions)
        return sessions[session_id]

    def _approve_encrypted(self, event: Event, envelope: JsonObject) -> None:
        self._gate().approve_encrypted(self._gate().sessions[event.data["gate_session_id"]], envelope)
