"""Four processes use one key at once, and Redis keeps them within its limit; give Redis' address in REDIS_URL."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

from tripwire_async import AsyncTripwire
from tripwire_async.middleware import BearerAuth, RateLimit, RedisStore, RequestLog, Retry
from tripwire_async.testing import TripwireServer


async def read(base_url: str, secret_key: str, organization_id: str, calls: int) -> int:
    """Make many calls at once; return how many succeeded."""
    store = RedisStore(os.environ["REDIS_URL"], name="example")
    layers = (RequestLog(), Retry(), RateLimit(store=store), BearerAuth(secret_key))
    async with AsyncTripwire(base_url=base_url, middleware=layers) as tripwire:
        reads = [tripwire.webhooks.list_endpoints(organization_id) for _ in range(calls)]
        lists = await asyncio.gather(*reads)
    await store.aclose()
    return len(lists)


def work(base_url: str, secret_key: str, organization_id: str, calls: int) -> int:
    """Do so in a process of its own."""
    return asyncio.run(read(base_url, secret_key, organization_id, calls))


async def main() -> None:
    """Start the API with a limit of 40 requests in any second, and four processes that make 30 calls each."""
    async with TripwireServer(limit=40, window=1.0) as server:
        arguments = (server.base_url, server.secret_key, server.organization_id, 30)
        loop = asyncio.get_running_loop()
        with ProcessPoolExecutor(4, multiprocessing.get_context("spawn")) as pool:
            counts = await asyncio.gather(*(loop.run_in_executor(pool, work, *arguments) for _ in range(4)))
        print(sum(counts), "calls succeeded")
        print("at most one was refused:", server.rate_limited <= 1)


if __name__ == "__main__":
    asyncio.run(main())
