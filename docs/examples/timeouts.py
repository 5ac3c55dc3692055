"""Limit the time of an attempt, of a call and of a delivery."""

from __future__ import annotations

import asyncio

from tripwire_async import AsyncTripwire
from tripwire_async.errors import DeliveryTimeoutError, RequestTimeoutError
from tripwire_async.testing import DeliveryOutcome, Fault, TripwireServer


async def show(tripwire: AsyncTripwire, organization: str, endpoint: str) -> None:
    """Exceed the limits of a call and of a delivery."""
    quick = tripwire.with_options(timeout=0.2, deadline=5)
    try:
        await quick.webhooks.list_endpoints(organization)
    except RequestTimeoutError as error:
        print(f"no response in {error.attempts} attempts")

    pending = await tripwire.webhooks.send_test(organization, endpoint)
    try:
        await pending.settled(timeout=0.5)
    except DeliveryTimeoutError:
        print("still pending")
    later = tripwire.webhooks.resume(pending.to_token())
    print((await later.settled(timeout=30)).status)


# [main]
async def main() -> None:
    """Use a test server that does not respond to one operation and delivers slowly."""
    async with (
        TripwireServer() as server,
        AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
    ):
        endpoint = server.add_endpoint("https://example.com/hook")
        server.set_outcome(DeliveryOutcome("succeeded", after=1.0))
        with server.fail("listWebhookEndpoints", Fault.delay(60)):
            await show(tripwire, server.organization_id, endpoint.id)


if __name__ == "__main__":
    asyncio.run(main())
