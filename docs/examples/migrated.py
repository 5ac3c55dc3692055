"""Send a test to each endpoint, as a program with the synchronous SDK does."""

from __future__ import annotations

import asyncio

from tripwire_async import AsyncTripwire
from tripwire_async.errors import APIError
from tripwire_async.testing import TripwireServer


async def send_all(client: AsyncTripwire, organization: str) -> None:
    """Send a test to each endpoint and print the errors of the API."""
    for endpoint in await client.webhooks.list_endpoints(organization):
        try:
            test = await client.webhooks.send_test(organization, endpoint.id)
        except APIError as error:
            print(error.status, error.code)
        else:
            print(
                endpoint.name,
                "was sent" if test.event_id.startswith("wevt_") else "has no event",
            )


# [end]
async def main() -> None:
    """Send tests to two endpoints of a test server."""
    async with (
        TripwireServer() as server,
        AsyncTripwire(server.secret_key, base_url=server.base_url) as client,
    ):
        server.add_endpoint("https://example.com/one", name="one")
        server.add_endpoint("https://example.com/two", name="two")
        await send_all(client, server.organization_id)


if __name__ == "__main__":
    asyncio.run(main())
