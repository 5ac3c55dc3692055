"""The worker of the guide, in arq: a worker is killed, and the others finish the run."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path

from tests.support.redis_server import RedisServer, free_port
from tripwire_async.testing import DeliveryOutcome, Fault, TripwireServer, WebhookSettings

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
ENQUEUE = "import asyncio, sys, arq_worker; asyncio.run(arq_worker.enqueue('nightly', sys.argv[1], workers=2))"


async def test_a_killed_worker_of_arq_is_replaced_by_the_others() -> None:
    """Each endpoint receives one webhook."""
    async with TripwireServer(limit=10_000, webhooks=WebhookSettings(enabled=False)) as server:
        for number in range(120):
            server.add_endpoint(f"http://127.0.0.1:9/{number}")
        server.set_outcome(DeliveryOutcome("succeeded"))
        server.fail("sendTestWebhook", Fault.delay(0.3))
        with RedisServer(port=free_port()) as redis:
            environment = {
                **os.environ,
                "REDIS_URL": redis.tcp_url,
                "TRIPWIRE_SECRET_KEY": server.secret_key,
                "TRIPWIRE_BASE_URL": server.base_url,
                "PYTHONPATH": str(EXAMPLES),
            }

            async def start(*arguments: str) -> asyncio.subprocess.Process:
                return await asyncio.create_subprocess_exec(sys.executable, *arguments, env=environment)

            assert 0 == await (await start("-c", ENQUEUE, server.organization_id)).wait()
            workers = [await start("-m", "arq", "arq_worker.WorkerSettings") for _ in range(2)]
            await server.until(lambda: len(server.deliveries) > 20)
            workers[0].kill()
            await workers[0].wait()
            async with asyncio.timeout(90):
                await server.until(lambda: len({each.endpoint.id for each in server.deliveries.values()}) == 120)
            workers[1].terminate()
            await workers[1].wait()
        counts = Counter(delivery.endpoint.id for delivery in server.deliveries.values())
    assert {1: 120} == Counter(counts.values())
