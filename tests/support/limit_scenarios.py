"""Services with rate limits of many kinds, on virtual time, and the scenarios that the rate limit must withstand.

`SCENARIOS` has one entry per row of the table in ``docs/explanation/rate-limiting.md``. Rejected requests count like
accepted ones, and Retry-After is in whole seconds unless a service says otherwise.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

import attrs

from tests.support import requests, virtual_time
from tripwire_async._http.messages import Request, Response
from tripwire_async._http.pipeline import compose
from tripwire_async.middleware import RateLimit, Retry

if TYPE_CHECKING:
    from tripwire_async._http.pipeline import Handler

FOREVER = math.inf


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
    seed: int = 0
    accepted: list[float] = attrs.field(factory=list)
    rejected: list[float] = attrs.field(factory=list)
    in_progress: int = 0
    _random: random.Random = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a simulation

    async def __call__(self, request: Request) -> Response:
        request.stats.attempts += 1
        await asyncio.sleep(self._random.uniform(*self.latency) / 2)
        response = self.respond(asyncio.get_running_loop().time())
        if response.status == 200:
            self.in_progress += 1
        await asyncio.sleep(self._random.uniform(*self.latency) / 2)
        if response.status == 200:
            self.in_progress -= 1
        return response

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


@attrs.frozen
class Result:
    """Result of a simulated run: seconds, rejected requests, and failed calls."""

    seconds: float
    rejected: int
    lost: int


Load: TypeAlias = Callable[[Service, "Handler"], Awaitable[int]]
"""Makes the calls of a scenario through a handler, and returns how many of them failed."""


def at_once(count: int) -> Load:
    """Make *count* calls at once."""

    async def run(_: Service, handler: Handler) -> int:
        return await _failures([_call(handler) for _ in range(count)])

    return run


def beside_another_client(count: int, per_second: int) -> Load:
    """Make *count* calls while another client sends *per_second* requests and ignores the limit."""

    async def run(service: Service, handler: Handler) -> int:
        async def other() -> None:
            while True:
                service.counter.count(asyncio.get_running_loop().time())
                await asyncio.sleep(1 / per_second)

        task = asyncio.create_task(other())
        try:
            return await at_once(count)(service, handler)
        finally:
            task.cancel()

    return run


def while_the_limit_changes(count: int, changes: dict[float, int]) -> Load:
    """Make *count* calls; at each time of *changes* the limit takes the value given there."""

    async def run(service: Service, handler: Handler) -> int:
        loop = asyncio.get_running_loop()
        for when, limit in changes.items():
            loop.call_at(when, setattr, service.counter, "limit", limit)
        return await at_once(count)(service, handler)

    return run


def one_per_second(until: float) -> Load:
    """Make a call each second until one succeeds, for *until* seconds at most."""

    async def run(service: Service, handler: Handler) -> int:
        tasks: list[asyncio.Task[bool]] = []
        while not service.accepted and len(tasks) < until:
            tasks.append(
                asyncio.create_task(_succeeds(_call(handler, deadline=asyncio.get_running_loop().time() + 300)))
            )
            await asyncio.sleep(1)
        for task in tasks:
            task.cancel()
        return 0 if service.accepted else 1

    return run


async def _call(handler: Handler, deadline: float = math.inf) -> Response:
    request = requests.request("POST", deadline=deadline)
    return await handler(request)


async def _succeeds(call: Awaitable[Response]) -> bool:
    return (await call).status == 200


async def _failures(calls: list[Awaitable[Response]]) -> int:
    results = await asyncio.gather(*calls, return_exceptions=True)
    return sum(not isinstance(result, Response) or result.status != 200 for result in results)


@attrs.frozen
class Scenario:
    """One row of the table of required bounds.

    Attributes:
        name: The condition that is simulated.
        service: Makes the service for a seed.
        load: Makes the calls.
        least: Seconds that no client can beat.
        seconds: The bound on the time.
        rejected: The bound on rejected requests.
        lost: The bound on calls that fail; one that is rejected four times does.
    """

    name: str
    service: Callable[[int], Service]
    load: Load
    least: float
    seconds: float
    rejected: float = math.inf
    lost: float = math.inf

    def run(self, seed: int) -> Result:
        """Run the scenario with the default `Retry` and `RateLimit`."""
        service = self.service(seed)
        rng = random.Random(seed)  # noqa: S311 - a simulation
        handler = compose([Retry(random=rng.random), RateLimit(jitter=rng.random)], service)

        async def main() -> Result:
            lost = await self.load(service, handler)
            return Result(asyncio.get_running_loop().time(), len(service.rejected), lost)

        return virtual_time.run(main())


def _service(counter: Callable[[], Counter], **options: object) -> Callable[[int], Service]:
    return lambda seed: Service(counter(), seed=seed, **options)  # type: ignore[arg-type] - named by the scenarios


def _usual() -> Counter:
    return RollingWindow(60, 2.0)


def _long() -> Counter:
    return RollingWindow(600, 60.0)


def _scenarios() -> list[Scenario]:
    rows = [Scenario("nothing odd", _service(_usual), at_once(300), 8, 8.8, 3, 0)]
    for rate, least, seconds in ((0.05, 10, 20), (0.1, 10, 25), (0.2, 12, 45)):
        rows.append(
            Scenario(
                f"{rate:.0%} rejected otherwise",
                _service(_usual, other_rate=rate),
                at_once(300),
                least,
                seconds,
                lost=3,
            )
        )
    for rate, seconds in ((0.05, 20), (0.1, 25), (0.2, 45)):
        rows.append(
            Scenario(f"{rate:.0%} by a proxy", _service(_usual, proxy_rate=rate), at_once(300), 8, seconds, lost=3)
        )
    for rate, least, seconds in ((0.05, 60, 75), (0.1, 60, 130), (0.2, 120, 190)):
        rows.append(
            Scenario(
                f"600 per 60 s, {rate:.0%} rejected otherwise",
                _service(_long, other_rate=rate),
                at_once(1000),
                least,
                seconds,
                lost=10,
            )
        )
    rows += [
        Scenario(
            "600 per 60 s and a hidden 10 per 1 s",
            lambda seed: Service(_long(), hidden=RollingWindow(10, 1.0), seed=seed),
            at_once(300),
            30,
            60,
            350,
            9,
        ),
        Scenario(
            "600 per 60 s, 20 at once",
            _service(_long, max_concurrent=20, latency=(0.2, 0.3)),
            at_once(300),
            4,
            30,
            350,
        ),
        Scenario("another client: 15 of 30 a second", _service(_usual), beside_another_client(300, 15), 18, 35, 100),
        Scenario("another client: 25 of 30 a second", _service(_usual), beside_another_client(300, 25), 58, 110, 120),
        Scenario(
            "limit 60, then 10, then 600",
            _service(_usual),
            while_the_limit_changes(600, {3.0: 10, 13.0: 600}),
            13,
            20,
            80,
        ),
        Scenario("fixed window", _service(lambda: FixedWindow(60, 2.0)), at_once(300), 8, 10, 120),
        Scenario("token bucket", _service(lambda: TokenBucket(60, 2.0)), at_once(300), 8, 10, 120),
    ]
    for trip in (0.2, 0.5, 0.8):
        rows.append(
            Scenario(
                f"round trip {trip} s",
                _service(_usual, latency=(0.95 * trip, 1.05 * trip)),
                at_once(300),
                8 + 2 * trip,
                8 + 8 * trip + 0.5,
                3,
            )
        )
    for trip in (0.2, 0.8):
        rows.append(
            Scenario(
                f"600 per 60 s, round trip {trip} s",
                _service(_long, latency=(0.95 * trip, 1.05 * trip)),
                at_once(1500),
                120 + 2 * trip,
                121 + 6 * trip,
                3,
            )
        )
    rows.append(
        Scenario("Retry-After 1e9 once", _service(_usual, retry_after_once="1000000000"), one_per_second(400), 0, 305)
    )
    return rows


SCENARIOS = _scenarios()
