"""Agent tokens, verified and revoked by the server of a service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from tripwire_async._generated.models.gate import RevokeAgentTokenRequest, VerifyAgentTokenRequest
from tripwire_async._generated.operations import gate as operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async._secrets.keys import hide, require_secret
from tripwire_async.resources.base import Resource
from tripwire_async.resources.raw import RawResource, raw

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tripwire_async._generated.models.gate import AgentTokenVerification
    from tripwire_async._http.api_calls import Caller
    from tripwire_async._secrets.secret import Secret


@final
class AgentTokens(Resource):
    """Tokens (``agt_…``) that identify the account of an agent at one service.

    Each method names the scope that a secret key needs for it. An error response raises `APIError`, and a missing
    response raises `TransportError`. Neither shows the token.
    """

    def __init__(self, call: Caller) -> None:
        self._call = call

    def verify(self, agent_token: str | Secret) -> Coroutine[Any, Any, AgentTokenVerification]:
        """Check whether a token is valid, and return its account. Scope ``gate:agent_tokens:verify``."""
        # Not a coroutine function: the frame of one that is cancelled before it starts holds the token.
        agent_token = hide(agent_token)
        require_secret(agent_token, name="agent_token")
        return self._verify(agent_token)

    async def _verify(self, agent_token: Secret) -> AgentTokenVerification:
        body = VerifyAgentTokenRequest(agent_token=agent_token)
        response = await self._call(ApiRequest(operations.VERIFY_GATE_AGENT_TOKEN, body=body))
        return response.value.data

    def revoke(self, agent_token: str | Secret) -> Coroutine[Any, Any, None]:
        """Revoke a token; this cannot be undone. Scope ``gate:agent_tokens:revoke``."""
        agent_token = hide(agent_token)
        require_secret(agent_token, name="agent_token")
        return self._revoke(agent_token)

    async def _revoke(self, agent_token: Secret) -> None:
        await self._call(
            ApiRequest(operations.REVOKE_GATE_AGENT_TOKEN, body=RevokeAgentTokenRequest(agent_token=agent_token))
        )


@final
class RawAgentTokens(RawResource[AgentTokens]):
    """The methods of `AgentTokens`, each returning a `RawResponse`."""

    verify = raw(AgentTokens.verify)
    revoke = raw(AgentTokens.revoke)
