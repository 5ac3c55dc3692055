"""Gate: services that give credentials to agents after the consent of a person."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, final

from tripwire_async.resources.base import Resource

if TYPE_CHECKING:
    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.api_calls import Caller

    from .agent_tokens import AgentTokens
    from .login_sessions import LoginSessions
    from .registry import Registry
    from .services import Services
    from .sessions import GateSessions


@final
class Gate(Resource):
    """Resources of Gate.

    ``registry`` is the public list of services, and ``services`` manages your own. ``sessions`` deliver the credentials
    of a service, ``login_sessions`` log an agent's user in to the dashboard of a service, and ``agent_tokens``
    identify agents.
    """

    def __init__(self, call: Caller, clock: Clock) -> None:
        self._call = call
        self._clock = clock

    @functools.cached_property
    def registry(self) -> Registry:
        """The public registry of services."""
        from .registry import Registry  # noqa: PLC0415 - imported on first use

        return Registry(self._call)

    @functools.cached_property
    def services(self) -> Services:
        """The services that the key manages."""
        from .services import Services  # noqa: PLC0415 - imported on first use

        return Services(self._call)

    @functools.cached_property
    def sessions(self) -> GateSessions:
        """Sessions that deliver the credentials of a service."""
        from .sessions import GateSessions  # noqa: PLC0415 - imported on first use

        return GateSessions(self._call, self._clock)

    @functools.cached_property
    def login_sessions(self) -> LoginSessions:
        """Logins to the dashboard of a service."""
        from .login_sessions import LoginSessions  # noqa: PLC0415 - imported on first use

        return LoginSessions(self._call)

    @functools.cached_property
    def agent_tokens(self) -> AgentTokens:
        """Tokens that identify the account of an agent."""
        from .agent_tokens import AgentTokens  # noqa: PLC0415 - imported on first use

        return AgentTokens(self._call)
