"""The chain that a client has when it is given none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.middleware.retry import Retry

from .auth import BearerAuth
from .rate_limit import RateLimit
from .request_log import RequestLog

if TYPE_CHECKING:
    from tripwire_async._http.pipeline import Middleware
    from tripwire_async._secrets.secret import Secret


def default_middleware(secret_key: str | Secret | None = None) -> tuple[Middleware, ...]:
    """Return new layers, outermost first: log and retries once a call, limit and credentials once an attempt.

    Without a *secret_key* the one in ``TRIPWIRE_SECRET_KEY`` is taken. Raises `ConfigurationError` for a text that
    cannot be one.
    """
    return (RequestLog(), Retry(), RateLimit(), BearerAuth(secret_key))
