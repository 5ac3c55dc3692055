"""The layers that a call goes through, and what it takes to write another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async._messages import Request, Response, Trace
from tripwire_async._pipeline import Handler, Middleware, compose

from ._default import default_middleware
from ._quota import RetryQuota
from ._retry_record import OnRetry, RetryRecord
from .bearer_auth import BearerAuth
from .rate_limit import RateLimit, RateLimitState
from .rate_limit_store import RateLimitStore
from .request_log import RequestLog
from .retry import Retry
from .tracing import Tracing

if TYPE_CHECKING:
    from .redis_store import RedisStore

__all__ = [
    "BearerAuth",
    "Handler",
    "Middleware",
    "OnRetry",
    "RateLimit",
    "RateLimitState",
    "RateLimitStore",
    "RedisStore",
    "Request",
    "RequestLog",
    "Response",
    "Retry",
    "RetryQuota",
    "RetryRecord",
    "Trace",
    "Tracing",
    "compose",
    "default_middleware",
]


def __getattr__(name: str) -> object:
    if name != "RedisStore":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    # Few programs have several processes; the others do without.
    from .redis_store import RedisStore  # noqa: PLC0415 - see above

    globals()[name] = RedisStore
    return RedisStore


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
