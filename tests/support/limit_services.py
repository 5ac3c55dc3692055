"""Services with rate limits of many kinds, on virtual time.

Rejected requests count like accepted ones, and Retry-After is in whole seconds unless a service says otherwise.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from typing import TYPE_CHECKING, Protocol

import attrs

from tripwire_async._http.messages import Response

if TYPE_CHECKING:
    from tripwire_async._http.messages import Request


class Counter(Protocol):
    """Counts requests by one rule."""

    limit: int

    def count(self, now: float) -> tuple[int, float | None]:
        """Count a request that arrives *now*; return what remains and, if it is rejected, the seconds to wait."""
        ...


@attrs.define
class RollingWindow:
    """Accepts *limit* requests in any *window* seconds."""

    limit: int
    window: float
    counted: deque[float] = attrs.field(factory=deque)

    def count(self, now: float) -> tuple[int, float | None]:
        counted = self.counted
        while counted and counted[0] + self.window <= now:
            counted.popleft()
        counted.append(now)
        remaining = self.limit - len(counted)
        if remaining >= 0:
            return remaining, None
        return 0, counted[len(counted) - self.limit] + self.window - now


@attrs.define
class FixedWindow:
    """Accepts *limit* requests in each period of *window* seconds."""

    limit: int
    window: float
    period: int = -1
    used: int = 0

    def count(self, now: float) -> tuple[int, float | None]:
        period = math.floor(now / self.window)
        if period != self.period:
            self.period, self.used = period, 0
        self.used += 1
        remaining = self.limit - self.used
        return max(0, remaining), None if remaining >= 0 else (period + 1) * self.window - now


@attrs.define
class TokenBucket:
    """Holds *limit* tokens and gains as many per *window* seconds; a rejected request takes none."""

    limit: int
    window: float
    tokens: float = math.inf
    filled_at: float = 0.0

    def count(self, now: float) -> tuple[int, float | None]:
        rate = self.limit / self.window
        self.tokens = min(self.limit, self.tokens + (now - self.filled_at) * rate)
        self.filled_at = now
        if self.tokens < 1:
            return 0, (1 - self.tokens) / rate
        self.tokens -= 1
        return int(self.tokens), None


@attrs.define
class Service:
    """A service on virtual time; a handler for the end of a middleware chain.

    Attributes:
        counter: The rate limit that the headers describe.
        latency: Least and most seconds of a round trip; each way is random.
        other_rate: Fraction of requests rejected by a rule that the headers do not describe; Remaining stays positive.
        other_retry_after: Retry-After of these rejections.
        proxy_rate: Fraction rejected by a proxy in front, without limit headers and without being counted.
        hidden: A second rate limit, which no header describes.
        max_concurrent: The most requests in progress at the service; further ones are rejected.
        retry_after_once: Retry-After of the first request, which is rejected; None rejects nothing.
        connect: Round trips that a cold connection costs before the request is sent.
    """

    counter: Counter
    latency: tuple[float, float] = (0.02, 0.06)
    other_rate: float = 0.0
    other_retry_after: str = "0.5"
    proxy_rate: float = 0.0
    hidden: RollingWindow | None = None
    max_concurrent: float = math.inf
    retry_after_once: str | None = None
    connect: float = 0.0
    seed: int = 0
    accepted: list[float] = attrs.field(factory=list)
    rejected: list[float] = attrs.field(factory=list)
    in_progress: int = 0
    idle_connections: int = 0
    _random: random.Random = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a simulation

    async def __call__(self, request: Request) -> Response:
        request.stats.attempts += 1
        if self.connect:
            await self._connect(request)
        await asyncio.sleep(self._random.uniform(*self.latency) / 2)
        response = self.respond(asyncio.get_running_loop().time())
        if response.status == 200:
            self.in_progress += 1
        await asyncio.sleep(self._random.uniform(*self.latency) / 2)
        if response.status == 200:
            self.in_progress -= 1
        self.idle_connections += 1
        return response

    async def _connect(self, request: Request) -> None:
        """Take an idle connection, or make one; note when it is at hand, like the transport does."""
        request.stats.connected_at = math.inf
        if self.idle_connections:
            self.idle_connections -= 1
        else:
            await asyncio.sleep(self.connect * self._random.uniform(*self.latency))
        request.stats.connected_at = asyncio.get_running_loop().time()

    def respond(self, now: float) -> Response:
        """Count a request that arrives *now*, and return the response to it."""
        if self._random.random() < self.proxy_rate:
            return self._reject(now, {"Retry-After": "1"})
        remaining, wait = self.counter.count(now)
        headers = {"X-RateLimit-Limit": str(self.counter.limit), "X-RateLimit-Remaining": str(remaining)}
        if self.retry_after_once is not None:
            value, self.retry_after_once = self.retry_after_once, None
            return self._reject(now, headers | {"Retry-After": value})
        if wait is not None:
            return self._reject(now, headers | {"Retry-After": str(max(1, math.ceil(wait)))})
        if self._random.random() < self.other_rate:
            return self._reject(now, headers | {"Retry-After": self.other_retry_after})
        if self.hidden is not None and (wait := self.hidden.count(now)[1]) is not None:
            return self._reject(now, headers | {"Retry-After": str(max(1, math.ceil(wait)))})
        if self.in_progress >= self.max_concurrent:
            return self._reject(now, headers | {"Retry-After": "1"})
        self.accepted.append(now)
        return Response(200, headers, b"")

    def _reject(self, now: float, headers: dict[str, str]) -> Response:
        self.rejected.append(now)
        return Response(429, headers, b"")
