"""The rate limit of one key, kept in this process or shared with others through a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async._lazy import lazy_exports

from .rate_limit import RateLimit, RateLimitState, RateLimitTotals

if TYPE_CHECKING:
    from .redis_store import RedisStore
    from .store import RateLimitStore

__all__ = ["RateLimit", "RateLimitState", "RateLimitStore", "RateLimitTotals", "RedisStore"]

_EXPORTS: Final = {"RateLimitStore": ".store", "RedisStore": ".redis_store"}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
