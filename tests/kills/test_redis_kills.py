"""At least 100 kills of workers that share a journal in Redis; the server counts the webhooks of each endpoint."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import redis.asyncio

from tests.support.kills import Result, Scenario, run
from tests.support.redis_server import RedisServer, watched

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = 12
TOTAL: list[int] = []


@pytest.fixture(scope="module", autouse=True)
def total() -> Iterator[None]:
    """Print the number of kills, and require 100 if all tests have run."""
    yield
    print(f"\n{sum(TOTAL)} kills in {len(TOTAL)} runs")  # noqa: T201 - the result of the session
    assert len(TOTAL) < RUNS + 6 or sum(TOTAL) >= 100


def check(result: Result) -> None:
    TOTAL.append(result.kills)
    assert [] == result.errors
    assert {} == result.others


@pytest.mark.parametrize("seed", range(RUNS))
async def test_workers_are_killed_and_stopped(seed: int) -> None:
    """At random times, in every second run at the first request, and one of them for longer than its lease."""
    with RedisServer("--appendonly", "yes") as server:
        scenario = Scenario(
            journal=server.url, kills=8, stops=1, first=seed % 2 == 0, latency=seed % 3 * 0.2, seed=seed
        )
        check(await run(scenario))


@pytest.mark.parametrize("seed", range(3))
async def test_redis_is_restarted(seed: int) -> None:
    """With an append-only file. The workers wait for it."""
    with RedisServer("--appendonly", "yes") as server:

        async def restart() -> None:
            server.kill()
            await asyncio.sleep(0.5)
            server.start()

        check(await run(Scenario(journal=server.url, kills=4, disturb=restart, seed=seed)))


@pytest.mark.parametrize("seed", range(3))
async def test_redis_fails_over_and_loses_its_last_writes(seed: int) -> None:
    """The replica is half a second behind. The workers find the new primary through a Sentinel."""
    async with watched() as (primary, sentinel):

        async def fail_over() -> None:
            async with redis.asyncio.Redis.from_url(primary.url) as admin:
                # The replica cannot connect again.
                await admin.execute_command("ACL", "SETUSER", "default", "-psync")
                await admin.execute_command("CLIENT", "KILL", "TYPE", "replica")
            await asyncio.sleep(0.5)
            primary.kill()

        check(await run(Scenario(journal=f"sentinel://{sentinel.port}", kills=4, disturb=fail_over, seed=seed)))
