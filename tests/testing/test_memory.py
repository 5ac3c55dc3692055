"""A client and a server in one process, without sockets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.support.virtual_time import now
from tripwire_async import AsyncTripwire
from tripwire_async.errors import AuthenticationError, RateLimitedError, RequestTimeoutError, TransportError
from tripwire_async.middleware import compose, default_middleware
from tripwire_async.testing import DeliveryOutcome, Fault, ManualClock, TripwireServer, WebhookSettings

if TYPE_CHECKING:
    from tripwire_async.middleware import Request


def client_of(server: TripwireServer) -> AsyncTripwire:
    return AsyncTripwire(middleware=[*default_middleware(server.secret_key), server.handler])


@pytest.mark.virtual_time
async def test_a_client_needs_no_socket_and_no_real_time() -> None:
    """The whole chain works: an hour of waiting passes at once on a loop with virtual time."""
    server = TripwireServer()
    endpoint = server.add_endpoint("https://example.com/")
    server.set_outcome(DeliveryOutcome("succeeded", after=3600))
    async with client_of(server) as tripwire:
        pending = await tripwire.webhooks.send_test(server.organization_id, endpoint.id)
        delivery = await pending.settled(timeout=None)
        assert ("succeeded", True) == (delivery.status, now() >= 3600)
        assert 3 == len(await tripwire.sessions.list(limit=3))
    server.assert_called("sendTestWebhook", times=1, endpoint_id=endpoint.id)
    assert "/v1/sessions" == server.requests[-1].path
    await server.aclose()


@pytest.mark.virtual_time
async def test_faults_and_limits_apply_in_memory() -> None:
    """A lost response may have been sent, a truncated one too; a delay runs into the timeout."""
    server = TripwireServer(limit=100)
    async with client_of(server) as tripwire:
        single = tripwire.with_options(max_attempts=1, timeout=2)
        for fault, error in (
            (Fault.lost_response(), TransportError),
            (Fault.truncated_body(), TransportError),
            (Fault.delay(3), RequestTimeoutError),
        ):
            with server.fail(None, fault), pytest.raises(error) as caught:
                await single.sessions.list(limit=1)
            assert caught.value.maybe_sent
        server.limits.limit = 1
        with pytest.raises(RateLimitedError):
            await single.sessions.list(limit=1)
        server.limits.limit = 100
    async with AsyncTripwire(middleware=[*default_middleware("sk_test_wrong"), server.handler]) as stranger:
        with pytest.raises(AuthenticationError):
            await stranger.sessions.list()


@pytest.mark.virtual_time
async def test_the_handler_completes_a_chain_and_calls_the_hooks_of_a_request() -> None:
    """As the last handler of `compose`, with the checks before the request is sent, and a compressed response."""
    server = TripwireServer()
    requests: list[Request] = []
    client = AsyncTripwire(
        middleware=[lambda request, _: requests.append(request) or server.handler(request)], base_url="http://127.0.0.1"
    )
    with pytest.raises(AuthenticationError):
        await client.sessions.list(limit=1)
    order: list[str] = []

    async def before_wire(_: float) -> None:
        order.append("wire")

    request = msgspec.structs.replace(
        requests[0].with_header("authorization", f"bearer {server.secret_key}"),
        before_wire=before_wire,
        before_write=lambda: order.append("write"),
    )
    server.fail(None, Fault.gzip_bomb(2**20))
    response = await compose([], server.handler)(request)
    assert ((200, 2**20), ["wire", "write"]) == ((response.status, len(response.body)), order)


async def test_an_autojump_clock_skips_the_waits_of_client_and_server(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer, tripwire_clock: ManualClock
) -> None:
    """With the fixture ``tripwire_clock``: cooldowns, backoff, polls and deliveries take no real time."""
    tripwire_server.webhooks = WebhookSettings(enabled=False)
    endpoint = tripwire_server.add_endpoint("https://example.com/")
    tripwire_server.set_outcome(DeliveryOutcome("failed", 500, after=3600))
    tripwire_server.fail("sendTestWebhook", Fault.status(503, retryable=True), times=2)
    tripwire_server.fail("retrieveEvent", Fault.status(429, retry_after=60), times=1)
    async with asyncio.timeout(20):
        pending = await tripwire.webhooks.send_test(tripwire_server.organization_id, endpoint.id)
        delivery = await pending.settled(timeout=7200)
    assert ("failed", True) == (delivery.status, tripwire_clock.now() >= 3600)
