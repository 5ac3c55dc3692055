"""Handle the errors that a program can react to."""

from __future__ import annotations

import asyncio

from tripwire_async import AsyncTripwire, errors
from tripwire_async.testing import Fault, TripwireServer


async def try_to_send(tripwire: AsyncTripwire, organization: str, endpoint: str) -> str:
    """Send a test and return a sentence about the result."""
    try:
        delivery = await (await tripwire.webhooks.send_test(organization, endpoint)).settled(
            timeout=60
        )
    except errors.NotFoundError:
        return "the endpoint does not exist"
    except errors.RateLimitedError as error:
        return f"try again in {error.retry_after} seconds"
    except errors.APIError as error:
        return f"rejected with {error.code}; quote {error.request_id} to support"
    except errors.TransportError as error:
        return (
            "no response: the test may have been sent"
            if error.maybe_sent
            else "nothing was sent"
        )
    except errors.DeliveryTimeoutError as error:
        return f"{error.event_id} is still pending"
    return f"the status is {delivery.status}"


async def main() -> None:
    """Cause several errors with a test server."""
    async with (
        TripwireServer() as server,
        AsyncTripwire(server.secret_key, base_url=server.base_url, deadline=10) as tripwire,
    ):
        organization = server.organization_id
        endpoint = server.add_endpoint("https://example.com/hook").id
        print(await try_to_send(tripwire, organization, "we_" + 32 * "0"))
        with server.fail("sendTestWebhook", Fault.status(403)):
            print((await try_to_send(tripwire, organization, endpoint))[:29])
        with server.fail("sendTestWebhook", Fault.closed_connection()):
            print(await try_to_send(tripwire, organization, endpoint))
        with server.fail("sendTestWebhook", Fault.status(429, retry_after=60)):
            print(await try_to_send(tripwire, organization, endpoint))


if __name__ == "__main__":
    asyncio.run(main())
