"""Tests that are sent and received in one process, over the wire."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tripwire_async import Secret
from tripwire_async.errors import DeliveryError, DeliveryTimeoutError, SignatureError
from tripwire_async.receiver import WebhookTestEvent, sign_webhook
from tripwire_async.testing import DeliveryOutcome, Fault, TripwireServer, WebhookSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tripwire_async import AsyncTripwire
    from tripwire_async.deliveries.loopback import LoopbackEndpoint


@pytest.fixture
async def loopback(tripwire: AsyncTripwire) -> AsyncIterator[LoopbackEndpoint]:
    async with tripwire.webhooks.loopback_endpoint() as loopback:
        yield loopback


async def post(loopback: LoopbackEndpoint, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(loopback.url + "any/path", data=body, headers=headers) as response,
    ):
        return response.status, await response.text()


async def test_a_test_is_seen_to_arrive(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer, loopback: LoopbackEndpoint
) -> None:
    """The event is the same on both sides, the signature is valid, and the latency is known."""
    endpoint = tripwire_server.add_endpoint(loopback.url + "hook")
    received = await loopback.test_and_receive(tripwire_server.organization_id, endpoint.id, endpoint.signing_secret)
    assert ("succeeded", received.event.id) == (received.delivery.status, received.delivery.event_id)
    assert isinstance(received.event, WebhookTestEvent)
    # The server waits 50 ms before it posts.
    assert 0.05 <= received.latency < 5
    assert 0 == loopback.statistics().expected


async def test_the_latency_contains_no_wait_before_the_send(
    tripwire_server: TripwireServer, loopback: LoopbackEndpoint
) -> None:
    """The first attempt was rejected, and the second one was made 0.3 seconds later."""
    endpoint = tripwire_server.add_endpoint(loopback.url)
    started = time.monotonic()
    with tripwire_server.fail("sendTestWebhook", Fault.status(429, retry_after=0.3), times=1):
        received = await loopback.test_and_receive(
            tripwire_server.organization_id, endpoint.id, endpoint.signing_secret
        )
    assert received.latency <= time.monotonic() - started - 0.3


async def test_many_tests_run_at_once(tripwire_server: TripwireServer, loopback: LoopbackEndpoint) -> None:
    """Each endpoint has its own secret, and two tests at a time use the same one."""
    endpoints = [tripwire_server.add_endpoint(loopback.url) for _ in range(10)]
    received = await asyncio.gather(
        *(
            loopback.test_and_receive(tripwire_server.organization_id, one.id, Secret(one.signing_secret))
            for one in endpoints * 2
        )
    )
    assert 20 == len({one.event.id for one in received})
    assert [one.id for one in endpoints * 2] == [one.delivery.endpoint_id for one in received]


async def test_a_lost_response_is_reconciled(tripwire_server: TripwireServer, loopback: LoopbackEndpoint) -> None:
    """The webhook arrives before the event is found, and is kept until then."""
    endpoint = tripwire_server.add_endpoint(loopback.url)
    with tripwire_server.fail("sendTestWebhook", Fault.lost_response()):
        received = await loopback.test_and_receive(
            tripwire_server.organization_id, endpoint.id, endpoint.signing_secret
        )
    assert "succeeded" == received.delivery.status
    assert 1 == len(tripwire_server.deliveries)


async def test_another_secret_is_a_signature_error(tripwire_server: TripwireServer, loopback: LoopbackEndpoint) -> None:
    """The webhook was rejected and the delivery failed. The error names the cause, which is known here."""
    endpoint = tripwire_server.add_endpoint(loopback.url)
    with pytest.raises(SignatureError, match="does not match"):
        await loopback.test_and_receive(tripwire_server.organization_id, endpoint.id, "whsec_other")
    [delivery] = tripwire_server.deliveries.values()
    assert ("failed", 401) == (delivery.status, delivery.response_status)


async def test_a_wrong_signature_is_reported_at_the_timeout_too(
    tripwire_server: TripwireServer, loopback: LoopbackEndpoint
) -> None:
    """The service would retry the delivery for some time."""
    endpoint = tripwire_server.add_endpoint(loopback.url)
    with pytest.raises(SignatureError, match="does not match"):
        await loopback.test_and_receive(tripwire_server.organization_id, endpoint.id, "whsec_other", timeout=0.3)


async def test_the_secret_of_another_endpoint_is_rejected(
    tripwire_server: TripwireServer, loopback: LoopbackEndpoint
) -> None:
    """Even if a test of that endpoint is in progress."""
    mine, other = (tripwire_server.add_endpoint(loopback.url) for _ in range(2))
    crossed = [
        loopback.test_and_receive(tripwire_server.organization_id, mine.id, other.signing_secret),
        loopback.test_and_receive(tripwire_server.organization_id, other.id, mine.signing_secret),
    ]
    for end in await asyncio.gather(*crossed, return_exceptions=True):
        assert isinstance(end, SignatureError)
        assert "another secret" in str(end)


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (DeliveryOutcome("succeeded"), "did not arrive here; check"),
        (DeliveryOutcome("failed", error="no route"), "failed, and its webhook did not arrive here: no route"),
        (DeliveryOutcome("skipped"), "skipped, and its webhook did not arrive here: the service gives no reason"),
    ],
)
async def test_a_webhook_that_did_not_arrive_is_a_delivery_error(
    tripwire_server: TripwireServer, loopback: LoopbackEndpoint, outcome: DeliveryOutcome, message: str
) -> None:
    """Whatever its status is: the URL of the endpoint leads to another receiver."""
    tripwire_server.set_outcome(outcome)
    endpoint = tripwire_server.add_endpoint("https://example.com/hook")
    with pytest.raises(DeliveryError, match=message):
        await loopback.test_and_receive(tripwire_server.organization_id, endpoint.id, endpoint.signing_secret)


async def test_the_webhook_of_another_test_is_not_taken_for_that_of_a_test_whose_own_did_not_arrive(
    tripwire_server: TripwireServer, loopback: LoopbackEndpoint
) -> None:
    """It has no wrong signature: it was sent to another receiver."""
    arrives = tripwire_server.add_endpoint(loopback.url)
    await loopback.test_and_receive(tripwire_server.organization_id, arrives.id, arrives.signing_secret)
    tripwire_server.set_outcome(DeliveryOutcome("succeeded"))
    elsewhere = tripwire_server.add_endpoint("https://example.com/hook")
    with pytest.raises(DeliveryError, match="did not arrive here; check"):
        await loopback.test_and_receive(tripwire_server.organization_id, elsewhere.id, elsewhere.signing_secret)


async def test_a_delivery_that_does_not_settle_in_time_is_a_timeout(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Nothing was rejected here either."""
    tripwire_server.webhooks = WebhookSettings(enabled=False)
    endpoint = tripwire_server.add_endpoint("https://example.com/hook")
    await tripwire.organizations.get(tripwire_server.organization_id)  # opens a connection
    async with tripwire.webhooks.loopback_endpoint() as loopback:
        with pytest.raises(DeliveryTimeoutError):
            await loopback.test_and_receive(
                tripwire_server.organization_id, endpoint.id, endpoint.signing_secret, timeout=1.0
            )


async def test_an_unexpected_webhook_is_rejected(loopback: LoopbackEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Webhooks without a signature, or without a test in progress. A limited number of them is remembered."""
    monkeypatch.setattr("tripwire_async.deliveries.loopback._REMEMBERED", 2)
    assert 400 == (await post(loopback, b"?", {}))[0]
    body = (
        b'{"object": "webhook_event", "id": "wevt_%d", "type": "new", "created": "2026-03-24T20:00:00.000Z", "data": 1}'
    )
    for number in range(4):
        assert (401, "no webhook was expected") == await post(loopback, body % number, sign_webhook(body, "whsec_1"))
    assert 2 == loopback.statistics().rejected
    assert 413 == (await post(loopback, b" " * 70_000, {}))[0]


async def test_the_latest_rejected_webhook_is_remembered(
    tripwire_server: TripwireServer, loopback: LoopbackEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older ones, to which no test belongs, are forgotten for it."""
    monkeypatch.setattr("tripwire_async.deliveries.loopback._REMEMBERED", 2)
    body = (
        b'{"object": "webhook_event", "id": "wevt_%d", "type": "new", "created": "2026-03-24T20:00:00.000Z", "data": 1}'
    )
    for number in range(3):
        await post(loopback, body % number, sign_webhook(body, "whsec_1"))
    endpoint = tripwire_server.add_endpoint(loopback.url)
    with pytest.raises(SignatureError, match="does not match"):
        await loopback.test_and_receive(tripwire_server.organization_id, endpoint.id, "whsec_other")


async def test_a_webhook_signed_by_another_endpoint_does_not_displace_the_real_one(
    tripwire_server: TripwireServer, loopback: LoopbackEndpoint
) -> None:
    """It arrives first, for the same event, while a test of the other endpoint is in progress too."""
    tripwire_server.webhooks = WebhookSettings(delay=0.5)
    mine, other = (tripwire_server.add_endpoint(loopback.url) for _ in range(2))
    tests = [
        asyncio.create_task(loopback.test_and_receive(tripwire_server.organization_id, one.id, one.signing_secret))
        for one in (mine, other)
    ]
    await tripwire_server.until(lambda: len(tripwire_server.deliveries) == 2)
    [event_id] = [one.event.id for one in tripwire_server.deliveries.values() if one.endpoint.id == mine.id]
    body = (
        b'{"object": "webhook_event", "id": "%s", "type": "new", "created": "2026-03-24T20:00:00.000Z", "data": 1}'
        % event_id.encode()
    )
    assert 200 == (await post(loopback, body, sign_webhook(body, other.signing_secret)))[0]
    received, _ = await asyncio.gather(*tests)
    assert isinstance(received.event, WebhookTestEvent)


async def test_an_arrival_is_kept_for_each_test_in_progress(
    tripwire_server: TripwireServer, loopback: LoopbackEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if fewer are remembered otherwise."""
    monkeypatch.setattr("tripwire_async.deliveries.loopback._REMEMBERED", 2)
    endpoints = [tripwire_server.add_endpoint(loopback.url) for _ in range(8)]
    tests = [
        loopback.test_and_receive(tripwire_server.organization_id, one.id, one.signing_secret) for one in endpoints
    ]
    assert 8 == len({received.event.id for received in await asyncio.gather(*tests)})


async def test_a_test_that_is_cancelled_leaves_nothing(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """No webhook is expected any more, and the port is free immediately."""
    tripwire_server.set_outcome(DeliveryOutcome("succeeded", after=10.0))
    async with tripwire.webhooks.loopback_endpoint() as loopback:
        one = tripwire_server.add_endpoint(loopback.url)
        test = loopback.test_and_receive(tripwire_server.organization_id, one.id, one.signing_secret)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(test, 0.2)
        assert 0 == loopback.statistics().expected
    async with tripwire.webhooks.loopback_endpoint(port=loopback.port) as again:
        assert loopback.port == again.port


async def test_an_old_webhook_is_rejected(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """By the clock that the caller passes."""
    async with tripwire.webhooks.loopback_endpoint(tolerance=10, now=lambda: time.time() + 60) as loopback:
        endpoint = tripwire_server.add_endpoint(loopback.url)
        with pytest.raises(SignatureError, match="more than 10 s"):
            await loopback.test_and_receive(tripwire_server.organization_id, endpoint.id, endpoint.signing_secret)


async def test_a_loopback_endpoint_must_be_entered(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """Nothing is sent before its block is entered, or after it is left."""
    loopback = tripwire.webhooks.loopback_endpoint()
    async with loopback:
        pass
    with pytest.raises(RuntimeError, match="async with"):
        await loopback.test_and_receive(tripwire_server.organization_id, "we_" + 32 * "0", "whsec_1")
    assert 0 == len(tripwire_server.requests)


async def test_a_port_that_is_taken_is_an_error(tripwire: AsyncTripwire, loopback: LoopbackEndpoint) -> None:
    """It leaves nothing behind."""
    with pytest.raises(OSError, match="address already in use"):
        await tripwire.webhooks.loopback_endpoint(port=loopback.port).__aenter__()
