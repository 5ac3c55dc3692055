"""Webhook endpoints and events, over the wire."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tripwire_async import PendingDelivery
from tripwire_async.errors import TransportError, ValidationFailedError
from tripwire_async.models import WebhookDeliveryEventType, WebhookEndpointStatus, WebhookEventType
from tripwire_async.testing.faults import Fault

if TYPE_CHECKING:
    from tripwire_async import AsyncTripwire
    from tripwire_async.testing import TripwireServer

URL = "https://hooks.example/tripwire"
TYPE = "session.result.persisted"


def sent(server: TripwireServer) -> Any:
    """Return the body of the latest request."""
    return json.loads(server.requests[-1].body)


async def test_an_endpoint_is_created_with_a_secret_that_hides(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Types as text and as members; the secret is there this once."""
    endpoint = await tripwire.webhooks.create_endpoint(
        tripwire_server.organization_id, name="Mine", url=URL, event_types=(one for one in (TYPE,))
    )
    assert {"name": "Mine", "url": URL, "event_types": [TYPE]} == sent(tripwire_server)
    assert (URL, (WebhookEventType(TYPE),)) == (endpoint.url, endpoint.event_types)
    assert endpoint.signing_secret is not None
    assert endpoint.signing_secret.reveal() not in repr(endpoint)
    (listed,) = await tripwire.webhooks.list_endpoints(tripwire_server.organization_id)
    assert listed.id == endpoint.id
    assert listed.signing_secret is None


@pytest.mark.parametrize(
    ("change", "body"),
    [
        ({}, {}),
        ({"name": "New"}, {"name": "New"}),
        ({"url": URL}, {"url": URL}),
        ({"status": "active"}, {"status": "active"}),
        ({"status": WebhookEndpointStatus("active")}, {"status": "active"}),
        ({"event_types": [TYPE]}, {"event_types": [TYPE]}),
    ],
)
async def test_an_update_sends_what_was_given_and_no_more(
    change: dict[str, Any], body: dict[str, Any], tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Fields that are left out keep their values."""
    endpoint = tripwire_server.add_endpoint(URL)
    updated = await tripwire.webhooks.update_endpoint(tripwire_server.organization_id, endpoint.id, **change)
    assert body == sent(tripwire_server)
    assert endpoint.id == updated.id


async def test_an_endpoint_is_disabled_and_brought_back(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Nothing is erased."""
    endpoint = tripwire_server.add_endpoint(URL)
    disabled = await tripwire.webhooks.disable_endpoint(tripwire_server.organization_id, endpoint.id)
    assert "disabled" == disabled.status
    back = await tripwire.webhooks.update_endpoint(tripwire_server.organization_id, endpoint.id, status="active")
    assert "active" == back.status


async def test_a_rotation_brings_another_secret(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """Shown this once."""
    endpoint = tripwire_server.add_endpoint(URL)
    before = endpoint.signing_secret
    rotated = await tripwire.webhooks.rotate_secret(tripwire_server.organization_id, endpoint.id)
    assert rotated.signing_secret is not None
    assert before != rotated.signing_secret.reveal()


async def test_a_rotation_whose_answer_was_lost_is_not_repeated(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """A second one would make the secret of the first worthless."""
    endpoint = tripwire_server.add_endpoint(URL)
    with tripwire_server.fail(None, Fault.lost_response()), pytest.raises(TransportError) as caught:
        await tripwire.webhooks.rotate_secret(tripwire_server.organization_id, endpoint.id)
    assert caught.value.maybe_sent
    assert 1 == len(tripwire_server.requests)


async def test_events_are_listed_by_endpoint_type_and_number(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Missing arguments are not sent; the list has no cursor, so an iteration is one page."""
    organization = tripwire_server.organization_id
    one, other = tripwire_server.add_endpoint(URL), tripwire_server.add_endpoint(URL)
    first = await tripwire.webhooks.send_test(organization, one.id)
    second = await tripwire.webhooks.send_test(organization, other.id)
    events = tripwire.webhooks.list_events(organization)
    assert [second.event_id, first.event_id] == [event.id async for event in events]
    mine = await tripwire.webhooks.list_events(organization, endpoint_id=one.id, type="webhook.test", limit=1)
    assert [first.event_id] == [event.id for event in mine]
    member = WebhookDeliveryEventType("webhook.test")
    assert 1 == len(await tripwire.webhooks.list_events(organization, type=member, limit=1))
    event = await tripwire.webhooks.retrieve_event(organization, first.event_id)
    assert (first.event_id, "webhook.test") == (event.id, event.type)


@pytest.mark.parametrize("limit", [0, 201, -1, 1.0, "5", True])
async def test_a_limit_beyond_its_bounds_is_refused_before_anything_is_sent(
    limit: Any, tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """From 1 to 200, and a number."""
    with pytest.raises(ValueError, match="limit must be a whole number from 1 to 200"):
        tripwire.webhooks.list_events(tripwire_server.organization_id, limit=limit)
    assert [] == list(tripwire_server.requests)


async def test_an_unknown_value_is_refused_unless_it_is_meant(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """A typing error names what would do; a member is sent on purpose."""
    organization = tripwire_server.organization_id
    endpoint = tripwire_server.add_endpoint(URL)
    update = tripwire.webhooks.update_endpoint
    with pytest.raises(ValueError, match="unknown WebhookEndpointStatus 'activ': choose from 'active'"):
        await update(organization, endpoint.id, status="activ")
    with pytest.raises(ValueError, match="unknown WebhookEventType 'session'"):
        await update(organization, endpoint.id, event_types=["session"])
    with pytest.raises(ValueError, match="put it in a list"):
        await update(organization, endpoint.id, event_types=TYPE)
    with pytest.raises(ValueError, match="unknown WebhookDeliveryEventType 'test'"):
        tripwire.webhooks.list_events(organization, type="test")
    assert [] == list(tripwire_server.requests)
    with pytest.raises(ValidationFailedError, match="type"):
        await tripwire.webhooks.list_events(organization, type=WebhookDeliveryEventType("of.tomorrow"))
    assert 1 == len(tripwire_server.requests)


@pytest.mark.parametrize("wrong", [None, 5, b"x"])
async def test_a_name_that_is_no_text_is_refused_before_anything_is_sent(
    wrong: Any, tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """None and bytes are not converted into the name of an endpoint."""
    with pytest.raises(ValueError, match="name"):
        await tripwire.webhooks.create_endpoint(
            tripwire_server.organization_id, name=wrong, url=URL, event_types=[TYPE]
        )
    assert [] == list(tripwire_server.requests)


async def test_a_test_is_sent_once_and_can_be_taken_over(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """A handle with the ids and the request's id, and a token for another process."""
    endpoint = tripwire_server.add_endpoint(URL)
    pending = await tripwire.webhooks.send_test(tripwire_server.organization_id, endpoint.id)
    assert isinstance(pending, PendingDelivery)
    assert endpoint.id == pending.endpoint_id
    assert 1 == len(tripwire_server.requests)
    taken = tripwire.webhooks.resume(pending.to_token())
    assert (pending.event_id, pending.delivery_ids) == (taken.event_id, taken.delivery_ids)
    assert 1 == len(tripwire_server.requests)
    await taken.refresh()
    assert taken.latest is not None


@pytest.mark.parametrize("token", ["", "x", "{}", "e30", "\ud800", "A" * 10_000])
async def test_a_token_that_is_none_is_refused(token: str, tripwire: AsyncTripwire) -> None:
    """Before anything is requested."""
    with pytest.raises(ValueError):  # noqa: PT011 - any message
        tripwire.webhooks.resume(token)
