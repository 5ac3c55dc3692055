"""Worker of the task queue arq: `arq arq_worker.WorkerSettings`."""

from __future__ import annotations

import os
from typing import Any

import arq
from arq.connections import RedisSettings
from queue_job import work

from tripwire_async import AsyncTripwire
from tripwire_async.middleware import BearerAuth, RateLimit, RedisStore, RequestLog, Retry

REDIS = os.environ["REDIS_URL"]


async def test_webhooks(ctx: dict[str, Any], run: str, organization: str) -> None:
    if not await work(ctx["tripwire"], REDIS, run, organization):
        # Other jobs get their turn, and then the run continues.
        raise arq.Retry(defer=1)


async def start(ctx: dict[str, Any]) -> None:
    ctx["store"] = RedisStore(REDIS, name="production")
    limit = RateLimit(store=ctx["store"])
    ctx["tripwire"] = AsyncTripwire(middleware=[RequestLog(), Retry(), limit, BearerAuth()])


async def stop(ctx: dict[str, Any]) -> None:
    await ctx["tripwire"].close()
    await ctx["store"].aclose()


class WorkerSettings:
    redis_settings = RedisSettings.from_dsn(REDIS)
    functions = (arq.func(test_webhooks, timeout=300, max_tries=100_000),)
    on_startup = start
    on_shutdown = stop


async def enqueue(run: str, organization: str, *, workers: int = 4) -> None:
    """Start *run* on as many workers. A second call has no effect while the jobs exist."""
    queue = await arq.create_pool(WorkerSettings.redis_settings)
    for number in range(workers):
        await queue.enqueue_job("test_webhooks", run, organization, _job_id=f"{run}:{number}")
    await queue.aclose()
