"""State of Gate: services, sign-up sessions, agent tokens and logins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from tripwire_async.profiles import TRIPWIRE

from .gate_encryption import encrypt
from .gate_records import AgentToken, GateLogin, GateService, GateSession, default_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tripwire_async.testing.clock import Calendar

    from .ids import Ids
    from .records import JsonObject

CONSENT_URL: Final = "https://gate.tripwirejs.com"
SESSION_LIFETIME: Final = 900.0
LOGIN_LIFETIME: Final = 600.0
TOKEN_LIFETIME: Final = 90 * 86_400.0


@final
class Gate:
    """The data of Gate."""

    def __init__(self, ids: Ids, calendar: Calendar) -> None:
        self._ids = ids
        self._calendar = calendar
        self.services: dict[str, GateService] = {}
        self.sessions: dict[str, GateSession] = {}
        self.tokens: dict[str, AgentToken] = {}
        self.logins: dict[str, GateLogin] = {}

    def add_service(
        self, service_id: str, organization_id: str, fields: JsonObject, webhook_endpoint_id: str | None = None
    ) -> GateService:
        """Add a service."""
        stamp = self._calendar.timestamp()
        full = default_fields(fields["website"]) | fields
        service = GateService(service_id, organization_id, full, stamp, stamp, webhook_endpoint_id=webhook_endpoint_id)
        self.services[service_id] = service
        return service

    def create_session(
        self, service: GateService, account_name: str, metadata: JsonObject | None, request: JsonObject
    ) -> GateSession:
        """Add a sign-up session for *service*."""
        session = GateSession(
            id=self._ids.base32_id("gate"),
            service=service,
            account_name=account_name,
            metadata=metadata,
            request=request,
            poll_token=self._ids.token("gtpoll"),
            expires=self._calendar.unix_time() + SESSION_LIFETIME,
            gate_account_id=self._ids.base32_id("gacct"),
            ack_token=self._ids.token("gtack"),
        )
        self.sessions[session.id] = session
        return session

    def approve(self, session: GateSession, outputs: Mapping[str, str]) -> None:
        """Approve *session* with *outputs* as the credentials from its service."""
        self.approve_encrypted(session, encrypt(session.request, outputs))

    def approve_encrypted(self, session: GateSession, integrator: JsonObject) -> None:
        """Approve *session* with credentials that its service encrypted; an agent token is added."""
        token = self.issue_token(session.service, session.gate_account_id, session.account_name)
        gate = encrypt(session.request, {session.service.agent_variable: token.text}, session.ack_token)
        session.bundle = {"integrator": integrator, "gate": gate}
        session.status = "approved"

    def issue_token(self, service: GateService, gate_account_id: str, account_name: str) -> AgentToken:
        """Add an agent token."""
        now = self._calendar.unix_time()
        token = AgentToken(self._ids.token("agt"), service, gate_account_id, account_name, now, now + TOKEN_LIFETIME)
        self.tokens[token.text] = token
        return token

    def create_login(self, token: AgentToken) -> GateLogin:
        """Add a login of an agent."""
        login = GateLogin(self._ids.base32_id("gate"), token, self._calendar.unix_time() + LOGIN_LIFETIME)
        self.logins[login.id] = login
        return login

    def consent(self, login: GateLogin) -> str:
        """Create the code of *login* and return it."""
        login.code = self._ids.token("gate_code")
        return login.code

    def approved_payload(self, session: GateSession) -> JsonObject:
        """Return the webhook data from which the service creates credentials."""
        return {
            "service_id": session.service.id,
            "gate_session_id": session.id,
            "gate_account_id": session.gate_account_id,
            "account_name": session.account_name,
            "metadata": session.metadata,
            TRIPWIRE.verdict_field: {"verdict": "human", "score": 0.04},
            "delivery": session.request,
        }
