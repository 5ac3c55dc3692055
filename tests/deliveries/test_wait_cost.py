"""Objects that the garbage collector visits for each wait, each call that waits for the limit, and each page.

It visits all of them again and again while their number grows. That was a third of the processor time of 50,000 waits.
The function calls for an event of a page are counted as well.
"""

from __future__ import annotations

import asyncio
import cProfile
import gc
import math

import msgspec
import pytest

from tests.support.delivery_service import endpoint
from tests.support.event_store import PAGE, EventStore, client_of, constant, send
from tests.support.rate_limits import Wire, call
from tripwire_async._http.api_calls import ApiResponse
from tripwire_async._http.messages import CallStats
from tripwire_async.deliveries._event_page import RawEventPage, decode_page
from tripwire_async.deliveries._planned_event import PlannedWait
from tripwire_async.deliveries._read_plan import ReadPlan
from tripwire_async.deliveries._settle_times import SettleTimes
from tripwire_async.middleware.rate_limit import RateLimit

pytestmark = pytest.mark.virtual_time

COUNT = 500


def tracked() -> int:
    """Return the number of objects that the garbage collector visits."""
    gc.collect()
    return len(gc.get_objects())


async def tasks_alone() -> float:
    """Return the objects of a task whose coroutine waits for a future of its own."""

    async def wait() -> None:
        await asyncio.get_running_loop().create_future()

    before = tracked()
    tasks = [asyncio.create_task(wait()) for _ in range(COUNT)]
    await asyncio.sleep(0)
    each = (tracked() - before) / COUNT
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return each


async def test_a_wait_is_six_objects_and_its_task() -> None:
    """A second coroutine; the handle, its record and the delivery; the wait and its event."""
    alone = await tasks_alone()
    client = client_of(EventStore(constant(1000.0)))
    await send(client, COUNT)  # fills the caches of paths
    before = tracked()
    handles = await send(client, COUNT)
    tasks = [asyncio.create_task(handle.settled(300.0)) for handle in handles]
    await asyncio.sleep(0.01)
    assert (tracked() - before) / COUNT - alone < 6.5
    for task in tasks:
        task.cancel()


async def test_an_event_of_a_page_is_two_objects() -> None:
    """Its delivery, and the tuple of that. A page with more starts a collection more often."""
    store = EventStore(constant(1000.0))
    for number in range(PAGE):
        store.accept(endpoint(number), now=0.0)
    data = msgspec.Raw(f"[{', '.join(event.body(1.0) for event in store.events)}]".encode())
    response = ApiResponse(RawEventPage(data), 200, {}, b"", None, CallStats())
    decode_page(response)
    before = tracked()
    gc.disable()
    try:
        page = decode_page(response)
        assert (len(gc.get_objects()) - before) / len(page.events) < 2.5
    finally:
        gc.enable()


def test_a_page_plans_each_event_that_has_not_ended_with_one_estimate() -> None:
    """Another one follows when its delivery may have ended, and one more where it is read singly."""
    plan = ReadPlan(SettleTimes())
    for number in range(PAGE):
        plan.add(PlannedWait(math.inf), f"wevt_{number}", now=0.0, sent_at=0.0)
    found = set(plan.events)
    with cProfile.Profile(builtins=False) as profile:
        plan.page_finished(found, read_at=1.0, now=1.0, is_full=True)
    calls = sum(function.callcount for function in profile.getstats())
    assert calls / PAGE < 13


async def test_a_call_in_the_queue_of_the_limit_is_four_objects_and_its_task() -> None:
    """A second coroutine, the request, its URL and its place in the queue."""
    alone = await tasks_alone()
    limit, wire = RateLimit(), Wire()
    tasks = [asyncio.create_task(limit(call(deadline=300.0), wire))]
    await asyncio.sleep(0.01)
    before = tracked()
    tasks += [asyncio.create_task(limit(call(deadline=300.0), wire)) for _ in range(COUNT)]
    await asyncio.sleep(0.01)
    assert (tracked() - before) / COUNT - alone < 4.5
    for task in tasks:
        task.cancel()
