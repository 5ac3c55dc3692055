"""Tell the errors apart that a program can do something about."""

from __future__ import annotations

import asyncio

from tripwire_async import AsyncTripwire, errors
from tripwire_async.testing import Fault, TripwireServer


async def try_to_send(tripwire: AsyncTripwire, organization: str, endpoint: str) -> str:
    """Send a test, and say in a sentence what became of it."""
    try:
        delivery = await (await tripwire.webhooks.send_test(organization, endpoint)).settled(timeout=60)
    except errors.NotFoundError:
        return "there is no such endpoint"
    except errors.RateLimitedError as error:
        return f"come back in {error.retry_after} seconds"
    except errors.APIError as error:
        return f"refused with {error.code}; quote {error.request_id} to support"
    except errors.TransportError as error:
        return "no answer: it may have been sent" if error.maybe_sent else "no answer: nothing was sent"
    except errors.DeliveryTimeoutError as error:
        return f"{error.event_id} is still on its way"
    return f"the delivery has {delivery.status}"


async def main() -> None:
    """Meet some of them, one after the other."""
    async with (
        TripwireServer() as server,
        AsyncTripwire(server.secret_key, base_url=server.base_url, deadline=10) as tripwire,
    ):
        organization = server.organization_id
        endpoint = server.add_endpoint("https://example.com/hook").id
        print(await try_to_send(tripwire, organization, "we_" + 32 * "0"))
        with server.fail("sendTestWebhook", Fault.status(403, code="auth.insufficient_scope")):
            print((await try_to_send(tripwire, organization, endpoint))[:37])
        with server.fail("sendTestWebhook", Fault.closed_connection()):
            print(await try_to_send(tripwire, organization, endpoint))
        with server.fail("sendTestWebhook", Fault.status(429, retry_after=60)):
            print(await try_to_send(tripwire, organization, endpoint))


if __name__ == "__main__":
    asyncio.run(main())
