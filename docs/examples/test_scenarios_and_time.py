"""Test code with scenarios, assertions, a clock that jumps over waits, and no sockets."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tripwire_async import AsyncTripwire
from tripwire_async.middleware import default_middleware
from tripwire_async.testing import DeliveryOutcome, ManualClock, RecordingProxy, TripwireServer


async def main() -> None:
    """Run the examples of the guide."""
    # [memory]
    clock = ManualClock(autojump=True)
    server = TripwireServer(clock=clock)
    chain = [*default_middleware(server.secret_key, clock=clock), server.handler]
    tripwire = AsyncTripwire(middleware=chain, clock=clock)
    # [scenario]
    endpoint = server.add_endpoint("https://example.com/hook")
    server.set_outcome(DeliveryOutcome("failed", response_status=500, after=3600))
    with server.scenario("throttled") as scenario:
        pending = await tripwire.webhooks.send_test(server.organization_id, endpoint.id)
        delivery = await pending.settled(timeout=7200)
    print(f"{delivery.status} after an hour: {clock.now() > 3600}, {scenario.hits > 0}")
    # [assertions]
    server.assert_called("sendTestWebhook", endpoint_id=endpoint.id)
    server.assert_delivered(endpoint.id, status="failed", times=1)
    server.assert_no_unexpected()
    try:
        server.assert_called("createWebhookEndpoint")
    except AssertionError as error:
        print(str(error).partition(".")[0])
    # [state]
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder, "state.json")
        server.save(state)
        copy = TripwireServer.load(state)
        print(f"{len(copy.deliveries)} delivery in the file")
        # [record]
        async with (
            copy,
            RecordingProxy(copy.base_url, Path(folder, "exchanges.jsonl")) as proxy,
            AsyncTripwire(copy.secret_key, base_url=proxy.base_url) as recorded,
        ):
            await recorded.sessions.list(limit=1)
            print(f"{proxy.recorded} exchange recorded")
    # [end]
    await server.aclose()


if __name__ == "__main__":
    asyncio.run(main())
