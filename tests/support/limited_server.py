"""A service with a rolling limit, on virtual time, and the loop of retries that stands in for `Retry`."""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from typing import TYPE_CHECKING, Literal

import attrs

from tripwire_async._http.headers import parse_retry_after
from tripwire_async._http.messages import Response

if TYPE_CHECKING:
    from tripwire_async._http.messages import Request
    from tripwire_async._http.pipeline import Handler, Middleware


@attrs.define
class LimitedServer:
    """Accepts *limit* requests in any *window* seconds; rejected ones count as well.

    Attributes:
        latency: Least and most seconds of a round trip; each request draws a new value.
        share: The part of it that falls to the way there.
        form: How Retry-After is written: whole seconds, rounded up, or exactly.
        mute: The fraction of successful responses without the limit's headers.
    """

    limit: int
    window: float
    latency: tuple[float, float] = (0.001, 0.005)
    share: float = 0.5
    form: Literal["whole", "exact", "none"] = "whole"
    mute: float = 0.0
    seed: int = 0
    counted: deque[float] = attrs.field(factory=deque)
    accepted: list[float] = attrs.field(factory=list)
    refused: list[float] = attrs.field(factory=list)
    peak: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    priorities: list[str] = attrs.field(factory=list)
    _random: random.Random = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a simulation, no secret

    async def __call__(self, request: Request) -> Response:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            request.stats.attempts += 1
            await asyncio.sleep(self.network_delay(self.share))
            response = self.decide(asyncio.get_running_loop().time(), request.priority)
            await asyncio.sleep(self.network_delay(1 - self.share))
            return response
        finally:
            self.in_flight -= 1

    def network_delay(self, share: float) -> float:
        """Return a random delay in seconds for *share* of a round trip."""
        return share * self._random.uniform(*self.latency)

    def decide(self, now: float, priority: str = "other") -> Response:
        """Count a request that arrives *now*, and return the response."""
        counted = self.counted
        while counted and counted[0] + self.window <= now:
            counted.popleft()
        counted.append(now)
        self.peak = max(self.peak, len(counted))
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.limit - len(counted))),
        }
        if len(counted) <= self.limit:
            self.accepted.append(now)
            self.priorities.append(priority)
            return Response(200, {} if self._random.random() < self.mute else headers, b"")
        self.refused.append(now)
        wait = counted[len(counted) - self.limit] + self.window - now
        if self.form == "whole":
            headers["Retry-After"] = str(max(1, math.ceil(wait)))
        elif self.form == "exact":
            headers["Retry-After"] = f"{math.ceil(wait * 1000) / 1000:.3f}"
        return Response(429, headers, b"")


async def persist(limit: Middleware, handler: Handler, request: Request, attempts: int = 100) -> Response:
    """Send *request* through *limit* until it is accepted, and sleep for Retry-After in between."""
    for _ in range(attempts):
        response = await limit(request, handler)
        if response.status != 429:
            return response
        await asyncio.sleep(parse_retry_after(response.headers) or 1.0)
    raise AssertionError("rejected too often")
