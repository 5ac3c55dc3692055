"""The in-memory service that handlers and faults work on."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

from .messages import ServiceResponse, error_response

if TYPE_CHECKING:
    from tripwire_async._concurrency.clock import Clock
    from tripwire_async.profiles import Profile

    from .errors import ServiceError
    from .limits import RetryAfter
    from .state import State
    from .webhook_sender import WebhookSender


@attrs.define(eq=False)
class Limits:
    """The rate limit of keys without a separate limit; each attribute can change while the server runs."""

    limit: int = 600
    window: float = 60.0
    form: RetryAfter = "seconds"


@final
@attrs.define(eq=False)
class Service:
    """State of the API, and what its handlers need to respond; *grace* is in seconds."""

    profile: Profile
    state: State
    webhook_sender: WebhookSender
    grace: float

    @property
    def clock(self) -> Clock:
        """The server's clock."""
        return self.state.calendar.clock

    def error(self, error: ServiceError, request_id: str) -> ServiceResponse:
        """Return the response for *error*."""
        return error_response(error, request_id, self.profile.docs_url)
