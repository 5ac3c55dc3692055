"""Reads that are slow or wait for the rate limit: how that changes the times of later reads."""

from __future__ import annotations

import asyncio
import gc
import math
from typing import TYPE_CHECKING

import pytest
from yarl import URL

from tests.support.delivery_service import ORGANIZATION, endpoint, internal_sender
from tests.support.event_store import EventStore, client_of, constant, send
from tests.support.virtual_time import now
from tests.support.waits import settle
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.caller import ApiCaller
from tripwire_async._http.options import CallOptions
from tripwire_async.deliveries.reference import DeliveryReference
from tripwire_async.resources.webhooks import Webhooks

if TYPE_CHECKING:
    from tripwire_async._http.messages import Request, Response

pytestmark = pytest.mark.virtual_time


def with_slow_pages(store: EventStore, seconds: float, *, by_limit: bool, until: float = math.inf) -> Webhooks:
    """Return the resource on *store*, whose pages take some more seconds, in the queue of the limit or on the wire."""

    async def handle(request: Request) -> Response:
        if request.operation.id == "listEvents" and now() < until:
            await asyncio.sleep(seconds)
            request.stats.rate_limit_wait += seconds * by_limit
        return await store(request)

    return Webhooks(ApiCaller(handle, URL("https://api.example"), CallOptions()), LOOP_CLOCK)


async def test_the_last_page_of_a_wait_is_requested_earlier_where_pages_wait_for_the_limit() -> None:
    """A page that waits for five seconds would come too late if it were requested one second before the end."""
    store = EventStore(constant(30.0))
    client = with_slow_pages(store, 5.0, by_limit=True)
    await settle(await send(client, 50))
    gc.collect()  # no poller is left of the first batch
    store.durations = constant(3.0)
    await settle(await send(client, 50), timeout=20.0)


async def test_a_last_read_that_was_early_for_no_reason_is_made_again() -> None:
    """The reads of the batch before had to wait for the limit, and those of this one do not."""
    store = EventStore(constant(30.0))
    client = with_slow_pages(store, 5.0, by_limit=True, until=100.0)
    await settle(await send(client, 50))
    await asyncio.sleep(100.0)
    store.durations = constant(18.5)
    await settle(await send(client, 50), timeout=20.0)


async def test_the_wait_for_the_limit_is_no_part_of_the_seconds_that_a_read_takes() -> None:
    """Else the first page after quick deliveries would be read later than these have ended, as if reads were slow."""
    store = EventStore(constant(0.1))
    client = with_slow_pages(store, 0.3, by_limit=True)
    await settle(await send(client, 50))
    gc.collect()  # no poller is left of the first batch
    handles, started = await send(client, 50), now()
    await settle(handles)
    assert now() - started < 0.7


async def test_an_open_delivery_counts_as_no_older_than_it_is() -> None:
    """One that was seen open after half a second, and ends a little later, has not taken a second."""
    client = client_of(EventStore(constant(0.75)))
    await settle(await send(client, 50))
    assert 0.75 == internal_sender(client).times.median


async def test_a_read_that_was_put_off_by_a_page_in_progress_counts_once() -> None:
    """The only wait for an event that is read singly reads a page for the others, which takes two seconds."""
    store = EventStore(constant(20.0))
    client = with_slow_pages(store, 2.0, by_limit=False)
    *handles, alone = await send(client, 5)
    # The send of a resumed test is unknown without its time, and the event is then read singly.
    reference = DeliveryReference(organization_id=ORGANIZATION, endpoint_id=endpoint(4), event_id=alone.event_id)
    resumed = client.resume(reference.to_token())
    await asyncio.gather(resumed.settled(60.0), *(handle.settled(30.0) for handle in handles))
    poller = internal_sender(client).poller(ORGANIZATION)
    assert {"events": 0, "on_page": 0, "waits": 0, "reads": 0, "timers": 0} == poller.statistics()
