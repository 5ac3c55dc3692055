"""Gate's life: services, sign-ups that are approved or not, agents that log in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from .gate_records import AgentToken, GateLogin, GateService, GateSession, default_fields
from .gate_sealing import seal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tripwire_async.testing.clock import Calendar

    from .ids import Ids
    from .records import Wire

CONSENT: Final = "https://gate.tripwirejs.com"
SESSION_LIFE: Final = 900.0
LOGIN_LIFE: Final = 600.0
TOKEN_LIFE: Final = 90 * 86_400.0


@final
class Gate:
    """All that Gate remembers."""

    def __init__(self, ids: Ids, calendar: Calendar) -> None:
        self._ids = ids
        self._calendar = calendar
        self.services: dict[str, GateService] = {}
        self.sessions: dict[str, GateSession] = {}
        self.tokens: dict[str, AgentToken] = {}
        self.logins: dict[str, GateLogin] = {}

    def add_service(
        self, service_id: str, organization_id: str, fields: Wire, webhook_endpoint_id: str | None = None
    ) -> GateService:
        """Remember a new service."""
        stamp = self._calendar.stamp()
        full = default_fields(fields["website"]) | fields
        service = GateService(service_id, organization_id, full, stamp, stamp, webhook_endpoint_id=webhook_endpoint_id)
        self.services[service_id] = service
        return service

    def open_session(
        self, service: GateService, account_name: str, metadata: Wire | None, request: Wire
    ) -> GateSession:
        """Remember that somebody signs up for *service*."""
        session = GateSession(
            id=self._ids.readable("gates"),
            service=service,
            account_name=account_name,
            metadata=metadata,
            request=request,
            poll_token=self._ids.secret("gtpoll"),
            ends=self._calendar.unix() + SESSION_LIFE,
            gate_account_id=self._ids.readable("gacct"),
            ack_token=self._ids.secret("gtack"),
        )
        self.sessions[session.id] = session
        return session

    def approve(self, session: GateSession, outputs: Mapping[str, str]) -> None:
        """Approve *session*, with *outputs* as the credentials that its service hands over."""
        self.approve_sealed(session, seal(session.request, outputs))

    def approve_sealed(self, session: GateSession, integrator: Wire) -> None:
        """Approve *session*, with credentials that its service has encrypted already; an agent token comes with it."""
        token = self.issue_token(session.service, session.gate_account_id, session.account_name)
        own = seal(session.request, {session.service.agent_variable: token.text}, session.ack_token)
        session.bundle = {"integrator": integrator, "gate": own}
        session.status = "approved"

    def issue_token(self, service: GateService, gate_account_id: str, account_name: str) -> AgentToken:
        """Remember a new agent token."""
        now = self._calendar.unix()
        token = AgentToken(self._ids.secret("agt"), service, gate_account_id, account_name, now, now + TOKEN_LIFE)
        self.tokens[token.text] = token
        return token

    def open_login(self, token: AgentToken) -> GateLogin:
        """Remember that an agent wants to log in."""
        login = GateLogin(self._ids.readable("gatel"), token, self._calendar.unix() + LOGIN_LIFE)
        self.logins[login.id] = login
        return login

    def consent(self, login: GateLogin) -> str:
        """Give *login* its code, as consent does, and return it."""
        login.code = self._ids.secret("gtcode")
        return login.code

    def approved_payload(self, session: GateSession) -> Wire:
        """Return what the service behind *session* is told, so that it can encrypt credentials."""
        return {
            "service_id": session.service.id,
            "gate_session_id": session.id,
            "gate_account_id": session.gate_account_id,
            "account_name": session.account_name,
            "metadata": session.metadata,
            "tripwire": {"verdict": "human", "score": 0.04},
            "delivery": session.request,
        }
