"""Send a test and receive it in the same process."""

from __future__ import annotations

import asyncio

from tripwire_async import AsyncTripwire
from tripwire_async.testing import TripwireServer


async def main() -> None:
    """Listen on a free port, add an endpoint with its URL, and test it."""
    async with (
        TripwireServer() as server,
        AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
    ):
        organization = server.organization_id
        # [loop]
        async with tripwire.webhooks.loopback_endpoint() as loopback:
            endpoint = server.add_endpoint(loopback.url)
            received = await loopback.test_and_receive(
                organization, endpoint.id, endpoint.signing_secret
            )
            print(f"{received.event.type}: {received.delivery.status}")
            print("in less than a second" if received.latency < 1 else "late")
        # [end]


if __name__ == "__main__":
    asyncio.run(main())
