"""Default middleware chain of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async.middleware.retry import Retry

from .auth import BearerAuth
from .rate_limit import RateLimit
from .request_log import RequestLog

if TYPE_CHECKING:
    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.pipeline import Middleware
    from tripwire_async._secrets.secret import Secret
    from tripwire_async.profiles import Profile


def default_middleware(
    secret_key: str | Secret | None = None, *, profile: Profile | None = None, clock: Clock = LOOP_CLOCK
) -> tuple[Middleware, ...]:
    """Return the default middleware, outermost first.

    `RequestLog` and `Retry` run once per call; `RateLimit` and `BearerAuth` run once per attempt.

    Args:
        secret_key: The secret key; the default is the environment variable of the profile.
        profile: The name of the service; by default the environment decides.
        clock: The time source.

    Raises:
        ConfigurationError: *secret_key* cannot be a secret key.
    """
    return (
        RequestLog(clock=clock),
        Retry(clock=clock),
        RateLimit(clock=clock),
        BearerAuth(secret_key, profile=profile),
    )
