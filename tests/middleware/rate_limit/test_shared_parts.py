"""Tests of the parts that processes receive while all of them wait, on virtual time."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import pytest

from tests.support import requests, virtual_time
from tests.support.limit_services import RollingWindow, Service
from tests.support.virtual_store import ScriptRunner, VirtualStore
from tripwire_async._http.pipeline import compose
from tripwire_async.middleware import RateLimit, Retry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.redis_server import RedisServer

NEAR, FAR = (0.0, 0.001), (0.03, 0.03)
NAMES = itertools.count()


@pytest.fixture
def runner(server: RedisServer) -> Iterator[ScriptRunner]:
    """Return a runner of the script with its own name."""
    runner = ScriptRunner(server.url, f"parts.{next(NAMES)}")
    yield runner
    runner.close()


def accepted(
    runner: ScriptRunner, counter: RollingWindow, delays: Sequence[tuple[float, float]], *, after: float, until: float
) -> list[int]:
    """Return how many requests of each process are accepted in a time; all of them have calls that wait until then."""
    service = Service(counter, latency=(0.001, 0.005))

    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        counts = [0] * len(delays)

        async def call(index: int, limit: RateLimit) -> None:
            handler = compose([Retry(max_attempts=50), limit], service)
            while True:
                response = await handler(requests.request("POST"))
                counts[index] += response.status == 200 and loop.time() >= after

        tasks: list[asyncio.Task[None]] = []
        for index, delay in enumerate(delays):
            limit = RateLimit(store=VirtualStore(runner, delay, seed=index))
            tasks += [asyncio.create_task(call(index, limit)) for _ in range(2 * counter.limit)]
        await asyncio.sleep(until)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return counts

    return virtual_time.run(main())


def test_processes_that_all_wait_receive_equal_parts(runner: ScriptRunner) -> None:
    """To the request, and the limit is used; the first window has no parts, because its length is unknown."""
    counts = accepted(runner, RollingWindow(100, 1.0), [NEAR] * 4, after=1.0, until=7.0)
    assert sum(counts) >= 570
    assert max(counts) - min(counts) <= 2


@pytest.mark.parametrize(("limit", "processes"), [(60, 8), (10, 4), (2, 4)])
def test_what_cannot_be_divided_goes_around(runner: ScriptRunner, limit: int, processes: int) -> None:
    """Each process receives its part within two requests, also where the limit is less than one for each."""
    counts = accepted(runner, RollingWindow(limit, 1.0), [NEAR] * processes, after=2.0, until=18.0)
    assert sum(counts) >= 0.9 * limit * 16
    assert max(counts) - min(counts) <= 4


@pytest.mark.parametrize("limit", [100, 5])
def test_a_process_far_from_the_store_receives_its_part(runner: ScriptRunner, limit: int) -> None:
    """Its requests for slots are later than those of the others, which do not use its part."""
    *near, far = accepted(runner, RollingWindow(limit, 1.0), [NEAR] * 3 + [FAR], after=2.0, until=12.0)
    assert far >= 0.8 * min(near)
    assert max(near) - min(near) <= 3
