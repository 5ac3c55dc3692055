"""Login sessions: how an agent's user gets into the dashboard of a service."""

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
    """Logins to a service's dashboard: begun by an agent, ended by the service.

    A refusal of the service is an `APIError`, and no answer a `TransportError`; neither shows a token or a code.
    """

    def __init__(self, call: Caller) -> None:
        self._call = call

    async def create(self, agent_token: str | Secret, service_id: str) -> GateLoginSession:
        """Begin a login to the dashboard of *service_id*; show the user the ``consent_url`` of what is returned.

        Needs no secret key but the *agent_token* (``agt_…``) for that service.
        """
        agent_token = as_secret(agent_token)
        body = CreateGateLoginSessionRequest(service_id=service_id)
        response = await self._call(ApiRequest(operations.CREATE_GATE_LOGIN_SESSION, body=body, bearer=agent_token))
        return response.value.data

    async def consume(self, code: str | Secret) -> GateDashboardLogin:
        """Exchange the *code* with which a user arrived at the dashboard for the account that logs in.

        Scope ``gate:login_sessions:consume``. A code that is used, expired or unknown is a `GoneError`. Not repeated by
        itself after a lost answer, as the code is used up then.
        """
        code = as_secret(code)
        body = ConsumeGateLoginSessionRequest(code=code)
        response = await self._call(ApiRequest(operations.CONSUME_GATE_LOGIN_SESSION_CODE, body=body))
        return response.value.data


@final
class RawLoginSessions(RawResource[LoginSessions]):
    """The methods of `LoginSessions`, each of which gives a `RawResponse`."""

    create = raw(LoginSessions.create)
    consume = raw(LoginSessions.consume)
