"""Share the rate limit of one key between four processes, with Redis at REDIS_URL."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

from tripwire_async import AsyncTripwire
from tripwire_async.middleware import BearerAuth, RateLimit, RedisStore, RequestLog, Retry
from tripwire_async.testing import TripwireServer


async def read(base_url: str, secret_key: str, organization_id: str, calls: int) -> int:
    """Make concurrent calls and return the number of successful ones."""
    store = RedisStore(os.environ["REDIS_URL"], name="example")
    layers = (RequestLog(), Retry(), RateLimit(store=store), BearerAuth(secret_key))
    async with AsyncTripwire(base_url=base_url, middleware=layers) as tripwire:
        reads = [tripwire.webhooks.list_endpoints(organization_id) for _ in range(calls)]
        lists = await asyncio.gather(*reads)
    await store.aclose()
    return len(lists)


def work(base_url: str, secret_key: str, organization_id: str, calls: int) -> int:
    """Run `read` in a worker process."""
    return asyncio.run(read(base_url, secret_key, organization_id, calls))


async def main() -> None:
    """Run a test server with 40 requests per second, and four processes with 30 calls each."""
    async with TripwireServer(limit=40, window=1.0) as server:
        arguments = (server.base_url, server.secret_key, server.organization_id, 30)
        loop = asyncio.get_running_loop()
        with ProcessPoolExecutor(4, multiprocessing.get_context("spawn")) as pool:
            counts = await asyncio.gather(
                *(loop.run_in_executor(pool, work, *arguments) for _ in range(4))
            )
        print(sum(counts), "calls succeeded")
        print("at most one was rate limited:", server.rate_limited <= 1)


if __name__ == "__main__":
    asyncio.run(main())
