"""The layers that a call goes through, and what it takes to write another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async._lazy import from_homes
from tripwire_async._messages import Request, Response, Trace
from tripwire_async._pipeline import Handler, Middleware, compose

from ._default import default_middleware
from ._quota import RetryQuota
from .bearer_auth import BearerAuth
from .rate_limit import RateLimit, RateLimitState
from .request_log import RequestLog
from .retry import Retry

if TYPE_CHECKING:
    from ._retry_record import OnRetry, RetryRecord
    from .rate_limit_store import RateLimitStore
    from .redis_store import RedisStore
    from .tracing import Tracing

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

# What the default chain does without.
_HOMES: Final = {
    "OnRetry": "_retry_record",
    "RateLimitStore": "rate_limit_store",
    "RedisStore": "redis_store",
    "RetryRecord": "_retry_record",
    "Tracing": "tracing",
}

__getattr__, __dir__ = from_homes(__name__, _HOMES)
