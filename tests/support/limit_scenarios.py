"""The scenarios that the rate limit must withstand, on virtual time.

`SCENARIOS` has one entry per row of the table in ``docs/explanation/rate-limiting.md``.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

import attrs
from msgspec.structs import replace

from tests.support import requests, virtual_time
from tests.support.limit_services import FixedWindow, RollingWindow, Service, TokenBucket
from tripwire_async._http.messages import Response
from tripwire_async._http.pipeline import compose
from tripwire_async.middleware import RateLimit, Retry

if TYPE_CHECKING:
    from tests.support.limit_services import Counter
    from tripwire_async._http.messages import Priority
    from tripwire_async._http.pipeline import Handler

FOREVER = math.inf


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


def after_single_calls(single: int, pause: float, count: int, priority: Priority = "interactive") -> Load:
    """Make *single* calls with pauses after each, and then *count* calls at once."""

    async def run(_: Service, handler: Handler) -> int:
        failed = 0
        for _ in range(single):
            failed += await _failures([_call(handler, priority=priority)])
            await asyncio.sleep(pause)
        return failed + await _failures([_call(handler, priority=priority) for _ in range(count)])

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


async def _call(handler: Handler, deadline: float = math.inf, priority: Priority = "interactive") -> Response:
    return await handler(replace(requests.request("POST", deadline=deadline), priority=priority))


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
    rows = [
        Scenario("nothing odd", _service(_usual), at_once(300), 8, 8.8, 3, 0),
        Scenario("after 4 calls, one a minute", _service(_usual), after_single_calls(4, 60.0, 300), 248, 248.8, 3, 0),
    ]
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
    rows.append(
        Scenario(
            "round trip 0.8 s, cold connections",
            _service(_usual, latency=(0.76, 0.84), connect=2.0),
            at_once(300),
            8 + 4 * 0.8,
            17,
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
