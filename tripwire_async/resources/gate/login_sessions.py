"""Login sessions: log an agent's user in to the dashboard of a service."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tripwire_async._generated.models.gate import ConsumeGateLoginSessionRequest, CreateGateLoginSessionRequest
from tripwire_async._generated.operations import gate as operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async._secrets.secret import as_secret
from tripwire_async.resources.raw import RawResource, raw

if TYPE_CHECKING:
    from tripwire_async._generated.models.gate import GateDashboardLogin, GateLoginSession
    from tripwire_async._http.api_calls import Caller
    from tripwire_async._secrets.secret import Secret


@final
class LoginSessions:
    """Logins to the dashboard of a service, created by an agent and consumed by the service.

    An error response raises `APIError`, and a missing response raises `TransportError`. Neither shows a
    token or a code.
    """

    def __init__(self, call: Caller) -> None:
        self._call = call

    async def create(self, agent_token: str | Secret, service_id: str) -> GateLoginSession:
        """Create a login to the dashboard of *service_id*; show the user the ``consent_url`` of the result.

        Needs the *agent_token* (``agt_…``) for that service instead of a secret key.
        """
        agent_token = as_secret(agent_token)
        body = CreateGateLoginSessionRequest(service_id=service_id)
        response = await self._call(ApiRequest(operations.CREATE_GATE_LOGIN_SESSION, body=body, bearer=agent_token))
        return response.value.data

    async def consume(self, code: str | Secret) -> GateDashboardLogin:
        """Exchange the *code* of a login for the account of the user.

        Scope ``gate:login_sessions:consume``. A code that is used, expired or unknown raises `GoneError`. Not retried
        after a lost response, because the code is used then.
        """
        code = as_secret(code)
        body = ConsumeGateLoginSessionRequest(code=code)
        response = await self._call(ApiRequest(operations.CONSUME_GATE_LOGIN_SESSION_CODE, body=body))
        return response.value.data


@final
class RawLoginSessions(RawResource[LoginSessions]):
    """The methods of `LoginSessions`, each returning a `RawResponse`."""

    create = raw(LoginSessions.create)
    consume = raw(LoginSessions.consume)
