"""Login sessions: log an agent's user in to the dashboard of a service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from tripwire_async._generated.models.gate import ConsumeGateLoginSessionRequest, CreateGateLoginSessionRequest
from tripwire_async._generated.operations import gate as operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async._secrets.keys import hide, require_secret
from tripwire_async.resources.base import Resource
from tripwire_async.resources.raw import RawResource, raw

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tripwire_async._generated.models.gate import GateDashboardLogin, GateLoginSession
    from tripwire_async._http.api_calls import Caller
    from tripwire_async._secrets.secret import Secret


@final
class LoginSessions(Resource):
    """Logins to the dashboard of a service, created by an agent and consumed by the service.

    An error response raises `APIError`, and a missing response raises `TransportError`. Neither shows a
    token or a code.
    """

    def __init__(self, call: Caller) -> None:
        self._call = call

    def create(self, agent_token: str | Secret, service_id: str) -> Coroutine[Any, Any, GateLoginSession]:
        """Create a login to the dashboard of *service_id*; show the user the ``consent_url`` of the result.

        Needs the *agent_token* (``agt_…``) for that service instead of a secret key.
        """
        # Not a coroutine function: the frame of one that is cancelled before it starts holds the token.
        agent_token = hide(agent_token)
        require_secret(agent_token, name="agent_token")
        return self._create(agent_token, service_id)

    async def _create(self, agent_token: Secret, service_id: str) -> GateLoginSession:
        body = CreateGateLoginSessionRequest(service_id=service_id)
        response = await self._call(ApiRequest(operations.CREATE_GATE_LOGIN_SESSION, body=body, bearer=agent_token))
        return response.value.data

    def consume(self, code: str | Secret) -> Coroutine[Any, Any, GateDashboardLogin]:
        """Exchange the *code* of a login for the account of the user.

        Scope ``gate:login_sessions:consume``. A code that is used, expired or unknown raises `GoneError`. Not retried
        after a lost response, because the code is used then.
        """
        code = hide(code)
        require_secret(code, name="code")
        return self._consume(code)

    async def _consume(self, code: Secret) -> GateDashboardLogin:
        body = ConsumeGateLoginSessionRequest(code=code)
        response = await self._call(ApiRequest(operations.CONSUME_GATE_LOGIN_SESSION_CODE, body=body))
        return response.value.data


@final
class RawLoginSessions(RawResource[LoginSessions]):
    """The methods of `LoginSessions`, each returning a `RawResponse`."""

    create = raw(LoginSessions.create)
    consume = raw(LoginSessions.consume)
