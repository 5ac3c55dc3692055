"""Four processes that share a key, with and without a shared rate limit.

Run ``python -m tests.benchmarks.bench_shared_limit``; it needs Debian's redis-server.

Each process makes 200 calls at once against one server that allows 100 requests per second and counts rejected ones.
"""

from __future__ import annotations

import asyncio

from tests.support.processes import most_in_a_window, run
from tests.support.redis_server import RedisServer
from tripwire_async.testing import TripwireServer


async def measure(what: str, redis: str, *, learned: bool = False) -> None:
    async with TripwireServer(limit=100, window=1.0) as server:
        if learned:
            await run(server, redis, processes=2, calls=100)
        before, refused = len(server.requests), server.rate_limited
        ran = await run(server, redis, processes=4, calls=200)
        times = sorted(request.time for request in list(server.requests)[before:])
        print(
            f"{what:36} succeeded {sum(ran.succeeded)}  rejected {server.rate_limited - refused:3}  "
            f"in a second {most_in_a_window(times, 1.0):3}  "
            f"seconds {max(ran.seconds):4.1f}, the fastest process {min(ran.seconds):4.1f}"
        )


async def main() -> None:
    with RedisServer() as redis:
        await measure("a limit in each process", "")
        await measure("a limit in Redis", f"{redis.url}?db=1")
        await measure("the same, once it has been learned", f"{redis.url}?db=2", learned=True)


if __name__ == "__main__":
    asyncio.run(main())
