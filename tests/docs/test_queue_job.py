"""The job of the guide to task queues; the session ``queue`` runs it in arq."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from docs.examples.queue_job import work
from tests.support.redis_server import RedisServer
from tripwire_async import AsyncTripwire
from tripwire_async.testing import DeliveryOutcome, TripwireServer, WebhookSettings

if TYPE_CHECKING:
    import pytest


async def test_two_jobs_share_a_run_and_continue_it(capsys: pytest.CaptureFixture[str]) -> None:
    """A job whose time is up reports that the run is not finished. Each endpoint receives one webhook."""
    with RedisServer() as redis:
        async with TripwireServer(limit=20, window=0.5, webhooks=WebhookSettings(enabled=False)) as server:
            for number in range(60):
                server.add_endpoint(f"http://127.0.0.1:9/{number}")
            server.set_outcome(DeliveryOutcome("succeeded"))

            async def job(seconds: float) -> bool:
                async with AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire:
                    return await work(tripwire, redis.url, "nightly", server.organization_id, seconds=seconds)

            assert not await job(0.7)
            assert [True, True] == await asyncio.gather(job(60.0), job(60.0))
            assert await job(1.0)
            counts = Counter(delivery.endpoint.id for delivery in server.deliveries.values())
    assert {1: 60} == Counter(counts.values())
    lines = capsys.readouterr().out.splitlines()
    assert 60 == len({line.split()[1] for line in lines})
