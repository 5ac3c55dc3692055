"""Test every endpoint with several workers, with Redis at REDIS_URL."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections import Counter

from tripwire_async import AsyncTripwire
from tripwire_async.journal import RedisJournal
from tripwire_async.middleware import BearerAuth, RateLimit, RedisStore, RequestLog, Retry
from tripwire_async.testing import DeliveryOutcome, TripwireServer, WebhookSettings


# [worker]
async def work(base_url: str, secret_key: str, organization: str, run: str) -> int:
    """Work on *run* until it is finished; return the number of outcomes that came here."""
    redis = os.environ["REDIS_URL"]
    store = RedisStore(redis, name="production")
    middleware = (RequestLog(), Retry(), RateLimit(store=store), BearerAuth(secret_key))
    outcomes = 0
    async with (
        AsyncTripwire(base_url=base_url, middleware=middleware) as tripwire,
        RedisJournal(redis, run=run) as journal,
        tripwire.webhooks.send_tests(organization, journal=journal) as tests,
    ):
        async for outcome in tests:  # each outcome comes to one worker
            outcomes += outcome.state == "succeeded"
    await store.aclose()
    return outcomes


# [main]
async def main() -> None:
    """Run a test server and three workers, which could be on three machines."""
    async with TripwireServer(webhooks=WebhookSettings(enabled=False)) as server:
        for number in range(300):
            server.add_endpoint(f"https://example.com/{number}")
        server.set_outcome(DeliveryOutcome("succeeded"))
        arguments = (server.base_url, server.secret_key, server.organization_id)
        run = f"nightly-{uuid.uuid4()}"
        counts = await asyncio.gather(*(work(*arguments, run) for _ in range(3)))
        webhooks = Counter(delivery.endpoint.id for delivery in server.deliveries.values())
    print(sum(counts), "tests succeeded")
    print("webhooks per endpoint:", *set(webhooks.values()))


if __name__ == "__main__":
    asyncio.run(main())
