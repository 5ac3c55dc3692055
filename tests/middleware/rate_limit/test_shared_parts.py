"""Tests of the parts that processes receive while all of them wait, on virtual time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.support import requests, virtual_time
from tests.support.limit_services import RollingWindow, Service
from tests.support.virtual_store import ScriptRunner, VirtualStore
from tripwire_async._http.pipeline import compose
from tripwire_async.middleware import RateLimit, Retry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.redis_server import RedisServer


def accepted(
    runner: ScriptRunner, counter: RollingWindow, delays: Sequence[tuple[float, float]], seconds: float
) -> list[int]:
    """Return how many requests of each process are accepted in *seconds*; calls wait in each of them all the time."""
    service = Service(counter, latency=(0.001, 0.005))

    async def main() -> list[int]:
        counts = [0] * len(delays)

        async def call(index: int, limit: RateLimit) -> None:
            handler = compose([Retry(max_attempts=50), limit], service)
            while True:
                response = await handler(requests.request("POST"))
                counts[index] += response.status == 200

        tasks = []
        for index, delay in enumerate(delays):
            limit = RateLimit(store=VirtualStore(runner, delay, seed=index))
            tasks += [asyncio.create_task(call(index, limit)) for _ in range(2 * counter.limit)]
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return counts

    return virtual_time.run(main())


def test_processes_that_all_wait_receive_equal_parts(server: RedisServer) -> None:
    """The limit is used, and no process receives a tenth more or less than another one."""
    runner = ScriptRunner(server.url, "parts")
    counts = accepted(runner, RollingWindow(100, 1.0), [(0.0, 0.001)] * 4, 10.0)
    runner.close()
    assert sum(counts) >= 950
    assert max(counts) <= 1.1 * min(counts)
