"""Agent tokens: who an agent is, as a service's own server asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tripwire_async._generated.models.gate import RevokeAgentTokenRequest, VerifyAgentTokenRequest
from tripwire_async._generated.operations import gate as operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async._secrets.secret import as_secret
from tripwire_async.resources.raw import RawResource, raw

if TYPE_CHECKING:
    from tripwire_async._generated.models.gate import AgentTokenVerification
    from tripwire_async._http.api_calls import Caller
    from tripwire_async._secrets.secret import Secret


@final
class AgentTokens:
    """The tokens (``agt_…``) that stand for an agent's account at one service.

    Each method names the scope that a secret key needs for it. A refusal of the service is an `APIError`, and no answer
    a `TransportError`; neither shows the token.
    """

    def __init__(self, call: Caller) -> None:
        self._call = call

    async def verify(self, agent_token: str | Secret) -> AgentTokenVerification:
        """Check whether a token is valid, and whose it is. Scope ``gate:agent_tokens:verify``."""
        agent_token = as_secret(agent_token)
        body = VerifyAgentTokenRequest(agent_token=agent_token)
        response = await self._call(ApiRequest(operations.VERIFY_GATE_AGENT_TOKEN, body=body))
        return response.value.data

    async def revoke(self, agent_token: str | Secret) -> None:
        """End a token for good. Scope ``gate:agent_tokens:revoke``."""
        agent_token = as_secret(agent_token)
        await self._call(
            ApiRequest(operations.REVOKE_GATE_AGENT_TOKEN, body=RevokeAgentTokenRequest(agent_token=agent_token))
        )


@final
class RawAgentTokens(RawResource[AgentTokens]):
    """The methods of `AgentTokens`, each of which gives a `RawResponse`."""

    verify = raw(AgentTokens.verify)
    revoke = raw(AgentTokens.revoke)
