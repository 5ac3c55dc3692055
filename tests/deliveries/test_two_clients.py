"""Lost responses of clients that test the same endpoint at the same time."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.delivery_service import ORGANIZATION, Service, endpoint, lose, webhooks

SEND = "sendTestWebhook"


@pytest.mark.virtual_time
@pytest.mark.parametrize("clients", [1, 2])
async def test_only_one_client_knows_whose_event_it_is(clients: int) -> None:
    """One client gives no event to two of its sends. Another client cannot know, but the event ids show it."""
    service = Service(fault=lose(SEND, "before", 0))
    first = webhooks(service)
    second = first if clients == 1 else webhooks(service)
    lost = asyncio.create_task(first.send_test(ORGANIZATION, endpoint(1), reconcile=True))
    # The request that is lost is the first one.
    await asyncio.sleep(0.1)
    other = await second.send_test(ORGANIZATION, endpoint(1), reconcile=True)
    found = await lost
    assert (clients == 2) is (found.event_id == other.event_id)
    assert 3 - clients == len(service.sent)
