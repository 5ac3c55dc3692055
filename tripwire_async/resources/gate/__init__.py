"""Gate: services that hand credentials to agents, once a person agrees."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.api_calls import Caller

    from .agent_tokens import AgentTokens
    from .login_sessions import LoginSessions
    from .registry import Registry
    from .services import Services
    from .sessions import GateSessions


@final
class Gate:
    """The five parts of Gate.

    ``registry`` is what everybody may read of services, ``services`` are those of your own. ``sessions`` hand over a
    service's credentials, ``login_sessions`` let an agent into a service's dashboard, and ``agent_tokens`` tell who an
    agent is.
    """

    def __init__(self, call: Caller, clock: Clock) -> None:
        self._call = call
        self._clock = clock

    @functools.cached_property
    def registry(self) -> Registry:
        """The public registry of services."""
        from .registry import Registry  # noqa: PLC0415 - a part is imported when it is used

        return Registry(self._call)

    @functools.cached_property
    def services(self) -> Services:
        """The services that the key manages."""
        from .services import Services  # noqa: PLC0415 - as above

        return Services(self._call)

    @functools.cached_property
    def sessions(self) -> GateSessions:
        """Sessions that end with credentials being handed over."""
        from .sessions import GateSessions  # noqa: PLC0415 - as above

        return GateSessions(self._call, self._clock)

    @functools.cached_property
    def login_sessions(self) -> LoginSessions:
        """Logins of agents to the dashboard of a service."""
        from .login_sessions import LoginSessions  # noqa: PLC0415 - as above

        return LoginSessions(self._call)

    @functools.cached_property
    def agent_tokens(self) -> AgentTokens:
        """The tokens that stand for an agent's account."""
        from .agent_tokens import AgentTokens  # noqa: PLC0415 - as above

        return AgentTokens(self._call)
