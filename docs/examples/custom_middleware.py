"""Middleware that adds a header, and middleware that caches responses."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from tripwire_async import AsyncTripwire
from tripwire_async.middleware import default_middleware
from tripwire_async.testing import TripwireServer

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from tripwire_async.middleware import Handler, Middleware, Request, Response


# [function]
async def name_the_tenant(request: Request, call_next: Handler) -> Response:
    """Send the name of the tenant with each request."""
    return await call_next(request.with_header("X-Tenant", "acme"))


# [arguments]
def add_header(name: str, value: str) -> Middleware:
    """Return a middleware that adds one header."""

    async def middleware(request: Request, call_next: Handler) -> Response:
        return await call_next(request.with_header(name, value))

    return middleware


# [state]
class CacheResponses:
    """Return the cached response to the same GET if it is less than *seconds* old.

    The cache holds at most *size* responses, all with status 200. Polls are never cached: a
    task that waits for a delivery needs the current state.
    """

    def __init__(
        self, seconds: float, *, size: int = 1_000, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._size = size
        self._now = now
        self._cache: dict[Hashable, tuple[float, Response]] = {}

    async def __call__(self, request: Request, call_next: Handler) -> Response:
        if request.operation.method != "GET" or request.priority == "poll":
            return await call_next(request)
        # The credentials are part of the key: tenants must not see the responses of others.
        key = (request.url, request.bearer)
        cached = self._cache.get(key)
        if cached is not None and self._now() < cached[0]:
            return cached[1]
        response = await call_next(request)
        if response.status == 200:
            # No await below this line, so other tasks do not see the cache in between.
            self._cache.pop(key, None)
            if len(self._cache) >= self._size:
                del self._cache[next(iter(self._cache))]
            self._cache[key] = (self._now() + self._seconds, response)
        return response


# [main]
async def main() -> None:
    """Make the same call twice; the second response is cached."""
    async with TripwireServer() as server:
        log, *rest = default_middleware(server.secret_key)
        chain: list[Middleware] = [name_the_tenant, log, CacheResponses(60), *rest]
        async with AsyncTripwire(base_url=server.base_url, middleware=chain) as tripwire:
            for _ in range(2):
                await tripwire.webhooks.list_endpoints(server.organization_id)
        print(server.received, "request for the tenant", server.requests[0].headers["x-tenant"])


if __name__ == "__main__":
    asyncio.run(main())
