"""Count retries, switch them off, and decide what to do when a request may have been sent."""

from __future__ import annotations

import asyncio

from tripwire_async import AsyncTripwire
from tripwire_async.errors import ServerError, TransportError
from tripwire_async.middleware import (
    BearerAuth,
    RateLimit,
    RequestLog,
    Retry,
    RetryDetails,
    RetryQuota,
)
from tripwire_async.testing import Fault, TripwireServer


# [hook]
def count(details: RetryDetails) -> None:
    """Print one line per retry; a metric would be incremented here."""
    reason = details.status or type(details.error).__name__
    print(f"{details.operation}: attempt {details.attempt} failed with {reason}")


def make_middleware() -> list[RequestLog | Retry | RateLimit | BearerAuth]:
    """Return the default middleware with a smaller retry budget and the hook."""
    retry = Retry(max_attempts=3, quota=RetryQuota(50), on_retry=[count])
    return [RequestLog(), retry, RateLimit(), BearerAuth()]


# [off]
async def list_once(tripwire: AsyncTripwire, organization: str) -> None:
    """Make one attempt only, for example because another layer of the program retries."""
    try:
        await tripwire.with_options(max_attempts=1).webhooks.list_endpoints(organization)
    except ServerError as error:
        print(f"failed with {error.status} after {error.attempts} attempt")


# [sent]
async def create_endpoint(tripwire: AsyncTripwire, organization: str, url: str) -> None:
    """Create an endpoint, and after a lost response look whether it exists."""
    try:
        await tripwire.webhooks.create_endpoint(
            organization, name="ours", url=url, event_types=["session.result.persisted"]
        )
    except TransportError as error:
        if not error.maybe_sent:
            raise
        endpoints = await tripwire.webhooks.list_endpoints(organization)
        print("created:", url in [endpoint.url for endpoint in endpoints])


# [main]
async def main() -> None:
    """Use a test server that fails."""
    async with (
        TripwireServer() as server,
        AsyncTripwire(
            server.secret_key, base_url=server.base_url, middleware=make_middleware()
        ) as tripwire,
    ):
        with server.fail("listWebhookEndpoints", Fault.status(503), times=2):
            await tripwire.webhooks.list_endpoints(server.organization_id)
        with server.fail("listWebhookEndpoints", Fault.status(503)):
            await list_once(tripwire, server.organization_id)
        with server.fail("createWebhookEndpoint", Fault.lost_response(), times=1):
            await create_endpoint(tripwire, server.organization_id, "https://example.com/hook")


if __name__ == "__main__":
    asyncio.run(main())
