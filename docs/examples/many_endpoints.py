"""Send a test to every endpoint of an organization and print the failures."""

from __future__ import annotations

import asyncio
from collections import Counter

from tripwire_async import AsyncTripwire
from tripwire_async.testing import DeliveryOutcome, TripwireServer


# [run]
async def check_all(tripwire: AsyncTripwire, organization: str) -> None:
    """Print each failure as it is known, and the number of tests per state at the end."""
    counts: Counter[str] = Counter()
    async with tripwire.webhooks.send_tests(organization, timeout=600) as tests:
        plan = await tests.plan()
        print(f"{plan.endpoints} tests, about {plan.requests} requests")
        async for outcome in tests:
            counts[outcome.state] += 1
            if outcome.state != "succeeded":
                print(f"{outcome.state}: {outcome.reason}")
    print(dict(sorted(counts.items())))


# [end]
async def main() -> None:
    """Test 300 endpoints, one of which fails."""
    async with (
        TripwireServer() as server,
        AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
    ):
        server.set_outcome(DeliveryOutcome("succeeded", after=0.2))
        ids = [server.add_endpoint(f"https://example.com/{number}").id for number in range(300)]
        server.set_outcome(
            DeliveryOutcome("failed", error="The endpoint answered 500.", attempts=3),
            endpoint_id=ids[7],
        )
        await check_all(tripwire, server.organization_id)


if __name__ == "__main__":
    asyncio.run(main())
