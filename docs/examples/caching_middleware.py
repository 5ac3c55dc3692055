"""Middleware that caches successful responses for a number of seconds; a class, because it has state."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from tripwire_async.middleware import Handler, Request, Response


class CacheResponses:
    """Return the cached response to the same GET if it is less than *seconds* old.

    The cache holds at most *size* responses, all with status 200. Polls are never cached: a task that waits
    for a delivery needs the current state.
    """

    def __init__(self, seconds: float, *, size: int = 1_000, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._size = size
        self._now = now
        self._cache: dict[Hashable, tuple[float, Response]] = {}

    async def __call__(self, request: Request, call_next: Handler) -> Response:
        if request.operation.method != "GET" or request.priority == "poll":
            return await call_next(request)
        # The credentials are part of the key: a tenant must not see the response to another one.
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
