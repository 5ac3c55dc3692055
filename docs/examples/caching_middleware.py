"""A middleware that keeps good answers for some seconds: an object, because it remembers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from tripwire_async.middleware import Handler, Request, Response


class CacheAnswers:
    """Answer a GET with what the same GET was answered less than *seconds* ago.

    Only answers of 200 are kept, *size* of them at the most. Polls always go through: whoever waits for a delivery
    wants to see it change.
    """

    def __init__(self, seconds: float, *, size: int = 1_000, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._size = size
        self._now = now
        self._kept: dict[Hashable, tuple[float, Response]] = {}

    async def __call__(self, request: Request, call_next: Handler) -> Response:
        if request.operation.method != "GET" or request.priority == "poll":
            return await call_next(request)
        # Whoever asks is a part of the question: one tenant must never see what another was answered.
        key = (request.url, request.bearer)
        found = self._kept.get(key)
        if found is not None and self._now() < found[0]:
            return found[1]
        response = await call_next(request)
        if response.status == 200:
            # Nothing is awaited from here on, so that other tasks see the cache before or after, never in between.
            self._kept.pop(key, None)
            if len(self._kept) >= self._size:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = (self._now() + self._seconds, response)
        return response
