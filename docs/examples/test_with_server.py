"""Test code that uses the library: outcomes, faults and time, without waiting."""

from __future__ import annotations

import asyncio

from tripwire_async import AsyncTripwire, errors
from tripwire_async.testing import DeliveryOutcome, Fault, ManualClock, TripwireServer


async def main() -> None:
    """Run the examples of the guide."""
    # [outcome]
    async with (
        TripwireServer() as server,
        AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
    ):
        endpoint = server.add_endpoint("https://example.com/hook")
        server.set_outcome(DeliveryOutcome("failed", response_status=500))
        pending = await tripwire.webhooks.send_test(server.organization_id, endpoint.id)
        print((await pending.settled(timeout=5)).status)
        # [fault]
        with server.fail(
            "listWebhookEndpoints", Fault.status(503, retryable=True), times=2
        ) as rule:
            await tripwire.webhooks.list_endpoints(server.organization_id)
        print(f"{rule.hits} faults, then a response")
        with server.fail(None, Fault.closed_connection()):
            try:
                await tripwire.with_options(max_attempts=1).sessions.list()
            except errors.TransportError:
                print("no response")
    # [clock]
    clock = ManualClock()
    async with TripwireServer(clock=clock, limit=1, window=60) as server:
        async with AsyncTripwire(
            server.secret_key, base_url=server.base_url, deadline=1
        ) as tripwire:
            await tripwire.sessions.list(limit=1)
            await clock.advance(60)
            await tripwire.sessions.list(limit=1)
        print(f"{server.rate_limited} requests were rate limited")
    # [end]


if __name__ == "__main__":
    asyncio.run(main())
