"""Both ends of a delivery in one process, over the wire."""

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
async def receiver(tripwire: AsyncTripwire) -> AsyncIterator[LoopbackEndpoint]:
    async with tripwire.webhooks.loopback_endpoint() as receiver:
        yield receiver


async def post(receiver: LoopbackEndpoint, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(receiver.url + "any/path", data=body, headers=headers) as response,
    ):
        return response.status, await response.text()


async def test_a_test_is_seen_to_arrive(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer, receiver: LoopbackEndpoint
) -> None:
    """The same event on both sides, the signature right, and how long it took."""
    endpoint = tripwire_server.add_endpoint(receiver.url + "hook")
    received = await receiver.test_and_receive(tripwire_server.organization_id, endpoint.id, endpoint.signing_secret)
    assert ("succeeded", received.event.id) == (received.delivery.status, received.delivery.event_id)
    assert isinstance(received.event, WebhookTestEvent)
    # The server waits 50 ms before it posts.
    assert 0.05 <= received.latency < 5
    assert not receiver._expected


async def test_many_are_tested_at_once(tripwire_server: TripwireServer, receiver: LoopbackEndpoint) -> None:
    """Each with a secret of its own, and two at a time with the same."""
    endpoints = [tripwire_server.add_endpoint(receiver.url) for _ in range(10)]
    received = await asyncio.gather(
        *(
            receiver.test_and_receive(tripwire_server.organization_id, one.id, Secret(one.signing_secret))
            for one in endpoints * 2
        )
    )
    assert 20 == len({one.event.id for one in received})
    assert [one.id for one in endpoints * 2] == [one.delivery.endpoint_id for one in received]


async def test_a_lost_answer_is_no_trouble(tripwire_server: TripwireServer, receiver: LoopbackEndpoint) -> None:
    """The webhook comes before the event is found; it is kept until then."""
    endpoint = tripwire_server.add_endpoint(receiver.url)
    with tripwire_server.fail("sendTestWebhook", Fault.lost_response()):
        received = await receiver.test_and_receive(
            tripwire_server.organization_id, endpoint.id, endpoint.signing_secret
        )
    assert "succeeded" == received.delivery.status
    assert 1 == len(tripwire_server.deliveries)


async def test_another_secret_is_a_signature_error(tripwire_server: TripwireServer, receiver: LoopbackEndpoint) -> None:
    """The webhook was refused, and the service says that it has failed: but it is known why."""
    endpoint = tripwire_server.add_endpoint(receiver.url)
    with pytest.raises(SignatureError, match="does not match"):
        await receiver.test_and_receive(tripwire_server.organization_id, endpoint.id, "whsec_other")
    [delivery] = tripwire_server.deliveries.values()
    assert ("failed", 401) == (delivery.status, delivery.response_status)


async def test_a_wrong_signature_is_told_of_when_time_is_up_too(
    tripwire_server: TripwireServer, receiver: LoopbackEndpoint
) -> None:
    """The service would still try for a while."""
    endpoint = tripwire_server.add_endpoint(receiver.url)
    with pytest.raises(SignatureError, match="does not match"):
        await receiver.test_and_receive(tripwire_server.organization_id, endpoint.id, "whsec_other", timeout=0.3)


async def test_the_secret_of_another_endpoint_will_not_do(
    tripwire_server: TripwireServer, receiver: LoopbackEndpoint
) -> None:
    """Although it is expected at the same time, for a test of that endpoint."""
    mine, other = (tripwire_server.add_endpoint(receiver.url) for _ in range(2))
    crossed = [
        receiver.test_and_receive(tripwire_server.organization_id, mine.id, other.signing_secret),
        receiver.test_and_receive(tripwire_server.organization_id, other.id, mine.signing_secret),
    ]
    for end in await asyncio.gather(*crossed, return_exceptions=True):
        assert isinstance(end, SignatureError)
        assert "another secret" in str(end)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (DeliveryOutcome("succeeded"), "not here"),
        (DeliveryOutcome("failed", error="no route"), "has failed and never came here: no route"),
        (DeliveryOutcome("skipped"), "has skipped and never came here: without a reason"),
    ],
)
async def test_what_never_came_here_is_a_delivery_error(
    tripwire_server: TripwireServer, receiver: LoopbackEndpoint, outcome: DeliveryOutcome, said: str
) -> None:
    """Whatever the service says of it; its URL leads somewhere else."""
    tripwire_server.set_outcome(outcome)
    endpoint = tripwire_server.add_endpoint("https://example.com/hook")
    with pytest.raises(DeliveryError, match=said):
        await receiver.test_and_receive(tripwire_server.organization_id, endpoint.id, endpoint.signing_secret)


async def test_what_does_not_come_in_time_is_a_timeout(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """The service has not settled it, and nothing was refused here."""
    tripwire_server.webhooks = WebhookSettings(enabled=False)
    endpoint = tripwire_server.add_endpoint("https://example.com/hook")
    async with tripwire.webhooks.loopback_endpoint() as receiver:
        with pytest.raises(DeliveryTimeoutError):
            await receiver.test_and_receive(
                tripwire_server.organization_id, endpoint.id, endpoint.signing_secret, timeout=0.2
            )


async def test_what_nobody_expects_is_refused(receiver: LoopbackEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a signature, or when no test is under way; and no more of it is kept than there is room for."""
    monkeypatch.setattr("tripwire_async.deliveries.loopback._REMEMBERED", 2)
    assert 400 == (await post(receiver, b"?", {}))[0]
    body = (
        b'{"object": "webhook_event", "id": "wevt_%d", "type": "new", "created": "2026-03-24T20:00:00.000Z", "data": 1}'
    )
    for number in range(4):
        assert (401, "no webhook was expected") == await post(receiver, body % number, sign_webhook(body, "whsec_1"))
    assert 2 == len(receiver._refused)
    assert 413 == (await post(receiver, b" " * 70_000, {}))[0]


async def test_whoever_has_another_secret_does_not_stand_in_the_way(
    tripwire_server: TripwireServer, receiver: LoopbackEndpoint
) -> None:
    """A webhook for the same event that another endpoint's secret has signed, and that comes first, changes nothing."""
    tripwire_server.webhooks = WebhookSettings(delay=0.5)
    mine = tripwire_server.add_endpoint(receiver.url)
    test = receiver.test_and_receive(tripwire_server.organization_id, mine.id, mine.signing_secret)
    with receiver._expecting(Secret("whsec_other")):
        waiting = asyncio.create_task(test)
        await tripwire_server.until(lambda: bool(tripwire_server.state.events))
        [event_id] = tripwire_server.state.events
        body = (
            b'{"object": "webhook_event", "id": "%s", "type": "new", "created": "2026-03-24T20:00:00.000Z", "data": 1}'
            % event_id.encode()
        )
        assert 200 == (await post(receiver, body, sign_webhook(body, "whsec_other")))[0]
        received = await waiting
    assert isinstance(received.event, WebhookTestEvent)


async def test_as_many_arrivals_are_kept_as_are_waited_for(
    tripwire_server: TripwireServer, receiver: LoopbackEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few are remembered otherwise: none is said to have gone somewhere else."""
    monkeypatch.setattr("tripwire_async.deliveries.loopback._REMEMBERED", 2)
    endpoints = [tripwire_server.add_endpoint(receiver.url) for _ in range(8)]
    tests = [
        receiver.test_and_receive(tripwire_server.organization_id, one.id, one.signing_secret) for one in endpoints
    ]
    assert 8 == len({received.event.id for received in await asyncio.gather(*tests)})


async def test_a_test_that_is_cancelled_leaves_nothing(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Nothing is expected any more, and the port is free at once."""
    tripwire_server.set_outcome(DeliveryOutcome("succeeded", after=10.0))
    async with tripwire.webhooks.loopback_endpoint() as receiver:
        one = tripwire_server.add_endpoint(receiver.url)
        test = receiver.test_and_receive(tripwire_server.organization_id, one.id, one.signing_secret)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(test, 0.2)
        assert not receiver._expected
    async with tripwire.webhooks.loopback_endpoint(port=receiver.port) as again:
        assert receiver.port == again.port


async def test_an_old_webhook_is_refused(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """By a clock that the caller may give."""
    async with tripwire.webhooks.loopback_endpoint(tolerance=10, now=lambda: time.time() + 60) as receiver:
        endpoint = tripwire_server.add_endpoint(receiver.url)
        with pytest.raises(SignatureError, match="more than 10 s"):
            await receiver.test_and_receive(tripwire_server.organization_id, endpoint.id, endpoint.signing_secret)


async def test_a_receiver_must_be_entered(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """Before, and after it was left, nothing is sent."""
    receiver = tripwire.webhooks.loopback_endpoint()
    async with receiver:
        pass
    with pytest.raises(RuntimeError, match="async with"):
        await receiver.test_and_receive(tripwire_server.organization_id, "we_" + 32 * "0", "whsec_1")
    assert 0 == len(tripwire_server.requests)


async def test_a_port_that_is_taken_is_an_error(tripwire: AsyncTripwire, receiver: LoopbackEndpoint) -> None:
    """And leaves nothing behind."""
    with pytest.raises(OSError, match="address already in use"):
        await tripwire.webhooks.loopback_endpoint(port=receiver.port).__aenter__()
