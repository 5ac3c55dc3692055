"""Resources of Gate whose methods return raw responses."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, final

from tripwire_async.resources.base import Resource

if TYPE_CHECKING:
    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.api_calls import Caller

    from .agent_tokens import RawAgentTokens
    from .login_sessions import RawLoginSessions
    from .registry import RawRegistry
    from .services import RawServices
    from .sessions import RawGateSessions


@final
class RawGate(Resource):
    """The resources of `Gate`, with raw responses."""

    def __init__(self, call: Caller, clock: Clock) -> None:
        self._call = call
        self._clock = clock

    @functools.cached_property
    def registry(self) -> RawRegistry:
        """The public registry of services."""
        from .registry import RawRegistry, Registry  # noqa: PLC0415 - imported on first use

        return RawRegistry(self._call, Registry)

    @functools.cached_property
    def services(self) -> RawServices:
        """The services that the key manages."""
        from .services import RawServices, Services  # noqa: PLC0415 - imported on first use

        return RawServices(self._call, Services)

    @functools.cached_property
    def sessions(self) -> RawGateSessions:
        """Sessions that deliver the credentials of a service."""
        from .sessions import GateSessions, RawGateSessions  # noqa: PLC0415 - imported on first use

        return RawGateSessions(self._call, functools.partial(GateSessions, clock=self._clock))

    @functools.cached_property
    def login_sessions(self) -> RawLoginSessions:
        """Logins to the dashboard of a service."""
        from .login_sessions import LoginSessions, RawLoginSessions  # noqa: PLC0415 - imported on first use

        return RawLoginSessions(self._call, LoginSessions)

    @functools.cached_property
    def agent_tokens(self) -> RawAgentTokens:
        """Tokens that identify the account of an agent."""
        from .agent_tokens import AgentTokens, RawAgentTokens  # noqa: PLC0415 - imported on first use

        return RawAgentTokens(self._call, AgentTokens)
