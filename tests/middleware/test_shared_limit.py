"""One limit for many processes: real processes, a real Redis server, and the clock of the server that counts."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import attrs

from tests.middleware.redis_server import RedisServer
from tripwire_async.testing import TripwireServer


@attrs.define
class Run:
    """How some processes fared."""

    seconds: list[float]
    succeeded: list[int]
    failed: list[str]


async def run(server: TripwireServer, redis: str, *, processes: int, calls: int) -> Run:
    """Have so many *processes* make so many *calls* each, all at once, and begin together."""
    options = {
        "redis": redis,
        "base-url": server.base_url,
        "key": server.secret_key,
        "organization": server.organization_id,
        "calls": str(calls),
    }
    command = [sys.executable, "-m", "tests.middleware.shared_limit_worker"]
    command += [word for name, value in options.items() for word in (f"--{name}", value)]
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    workers = [await asyncio.create_subprocess_exec(*command, **pipes) for _ in range(processes)]
    for worker in workers:
        assert worker.stdout is not None
        assert await worker.stdout.readline() == b"ready\n"
    said = await asyncio.gather(*(worker.communicate(b"go\n") for worker in workers))
    told: list[dict[str, Any]] = [json.loads(line) for line, _ in said]
    return Run(
        seconds=[each["seconds"] for each in told],
        succeeded=[each["succeeded"] for each in told],
        failed=[error for each in told for error in each["failed"]],
    )


def most_in_a_window(times: list[float], window: float) -> int:
    """Return the most of *times* that lie within any *window* seconds."""
    most = first = 0
    for last, time in enumerate(times):
        while times[first] + window <= time:
            first += 1
        most = max(most, last - first + 1)
    return most


async def test_four_processes_of_two_hundred_tasks_never_exceed_the_limit() -> None:
    """All calls succeed and no process starves; what they have to find out costs one refusal, and the next none."""
    with RedisServer() as redis:
        async with TripwireServer(limit=100, window=1.0) as server:
            first = await run(server, redis.url, processes=4, calls=200)
            refused = server.refused
            second = await run(server, redis.url, processes=2, calls=50)
            times = sorted(request.time for request in server.requests)
    assert ([200] * 4, []) == (first.succeeded, first.failed)
    assert ([50] * 2, []) == (second.succeeded, second.failed)
    assert refused <= 1
    assert refused == server.refused
    # The one that is refused counts for the server like any other.
    assert most_in_a_window(times, 1.0) <= 100 + refused
    assert max(first.seconds) <= 1.5 * min(first.seconds)
