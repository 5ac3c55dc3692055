"""Middleware that every call passes, and the types for writing your own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async._http.messages import CallStats, Request, Response
from tripwire_async._http.pipeline import Handler, Middleware, compose
from tripwire_async._lazy import lazy_exports

from .auth import BearerAuth
from .defaults import default_middleware
from .rate_limit import RateLimit, RateLimitState, RateLimitTotals
from .request_log import RequestLog
from .retry import Retry, RetryQuota

if TYPE_CHECKING:
    from .metrics import Metrics
    from .rate_limit import RateLimitStore, RedisStore
    from .retry import OnRetry, RetryDetails
    from .tracing import Tracing

__all__ = [
    "BearerAuth",
    "CallStats",
    "Handler",
    "Metrics",
    "Middleware",
    "OnRetry",
    "RateLimit",
    "RateLimitState",
    "RateLimitStore",
    "RateLimitTotals",
    "RedisStore",
    "Request",
    "RequestLog",
    "Response",
    "Retry",
    "RetryDetails",
    "RetryQuota",
    "Tracing",
    "compose",
    "default_middleware",
]

# Imported on first use: the default chain does not need these.
_EXPORTS: Final = {
    "Metrics": ".metrics",
    "OnRetry": ".retry",
    "RateLimitStore": ".rate_limit",
    "RedisStore": ".rate_limit",
    "RetryDetails": ".retry",
    "Tracing": ".tracing",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
