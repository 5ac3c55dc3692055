"""The layers that a call goes through, and what it takes to write another one."""

from __future__ import annotations

from tripwire_async._messages import Request, Response, Trace
from tripwire_async._pipeline import Handler, Middleware, compose

from ._default import default_middleware
from ._quota import RetryQuota
from ._retry_record import OnRetry, RetryRecord
from .bearer_auth import BearerAuth
from .rate_limit import RateLimit, RateLimitState
from .request_log import RequestLog
from .retry import Retry
from .tracing import Tracing

__all__ = [
    "BearerAuth",
    "Handler",
    "Middleware",
    "OnRetry",
    "RateLimit",
    "RateLimitState",
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
