"""Sends and waits for many deliveries at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.support.delivery_service import ORGANIZATION, endpoint

if TYPE_CHECKING:
    from tripwire_async.deliveries import PendingDelivery
    from tripwire_async.resources.webhooks import Webhooks


async def send(client: Webhooks, count: int) -> list[PendingDelivery]:
    """Send the given number of tests at once."""
    return await asyncio.gather(*(client.send_test(ORGANIZATION, endpoint(number)) for number in range(count)))


async def settle(handles: list[PendingDelivery], timeout: float | None = 300.0) -> None:
    """Wait for all, each in its own task."""
    for delivery in await asyncio.gather(*(asyncio.create_task(handle.settled(timeout)) for handle in handles)):
        assert delivery.status == "succeeded"
    assert 1 == len(asyncio.all_tasks())
