"""Many deliveries settled with few reads, on virtual time."""

from __future__ import annotations

import asyncio
import gc
import random
import weakref
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.delivery_service import ORGANIZATION, Service, endpoint, internal_sender, lose, now, webhooks
from tests.support.virtual_time import run
from tests.support.waits import send, settle
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.messages import Response
from tripwire_async.deliveries import PendingDelivery, PollSchedule
from tripwire_async.deliveries._settle_times import SettleTimes
from tripwire_async.deliveries.delivery_poller import DeliveryPoller
from tripwire_async.errors import DeliveryError, DeliveryTimeoutError, PermissionDeniedError, RequestTimeoutError

if TYPE_CHECKING:
    from tripwire_async._http.messages import Request

pytestmark = pytest.mark.virtual_time


def refusal(status: int) -> Response:
    return Response(status, {}, b'{"error": {"code": "x", "message": "no", "status": 403, "retryable": false}}')


@pytest.mark.parametrize("count", [1, 2])
async def test_one_or_two_are_read_each_by_itself(count: int) -> None:
    """On their own schedule: half a second, then half as long again each time."""
    service = Service(takes=1.5)
    await settle(await send(webhooks(service), count))
    assert (0, 3 * count) == (service.count("listEvents"), service.count("retrieveEvent"))


@pytest.mark.parametrize("count", [3, 10, 200])
async def test_several_are_read_together(count: int) -> None:
    """A few pages tell of all of them, and nothing is read by itself."""
    service = Service(takes=5.0)
    await settle(await send(webhooks(service), count))
    assert 0 == service.count("retrieveEvent")
    assert service.count("listEvents") <= 8
    assert now() <= 8.2


async def test_the_first_read_waits_for_as_long_as_deliveries_usually_take() -> None:
    """The second round uses the durations of the first: one page, just after the last delivery has ended."""
    service = Service(takes=5.0)
    client = webhooks(service)
    await settle(await send(client, 50))
    pages, started = service.count("listEvents"), now()
    await settle(await send(client, 50))
    assert pages + 1 == service.count("listEvents")
    assert 5.0 < now() - started < 5.5


async def test_a_page_for_others_puts_off_nobodys_own_time() -> None:
    """A read of a delivery that cannot have ended does not change the time of the next read."""
    service = Service(takes=5.0)
    client = webhooks(service)
    await settle(await send(client, 50))
    pages, started = service.count("listEvents"), now()
    waits = [asyncio.create_task(handle.settled()) for handle in await send(client, 4)]
    await asyncio.sleep(2)
    waits += [asyncio.create_task(handle.settled()) for handle in await send(client, 20)]
    await asyncio.gather(*waits)
    assert pages + 2 == service.count("listEvents")
    assert now() - started < 7.4


async def test_those_that_no_page_tells_of_any_more_are_read_once_each() -> None:
    """A page holds 200 events: of 300 sent together a hundred cost a request each, when they have probably ended."""
    service = Service(takes=5.0)
    await settle(await send(webhooks(service), 300))
    assert 100 == service.count("retrieveEvent")
    assert now() < 7


async def test_those_beyond_the_page_that_never_end_are_not_read_all_the_time() -> None:
    """However many they are, five requests in a second read them all."""
    service = Service(takes=lambda number: 1e9 if number < 100 else 1.0)
    waits = [asyncio.create_task(handle.settled(60.0)) for handle in await send(webhooks(service), 300)]
    ends = await asyncio.gather(*waits, return_exceptions=True)
    assert 100 == sum(isinstance(end, DeliveryTimeoutError) for end in ends)
    assert service.count("retrieveEvent") < 5 * 60 + 100


async def test_nothing_is_known_beyond_the_page_after_a_while() -> None:
    """Without a page that shows durations, deliveries beyond it are still read, after ten seconds."""
    service = Service(takes=lambda number: 1.0 if number < 50 else 1e9)
    handles = await send(webhooks(service), 250)
    waits = [asyncio.create_task(handle.settled(20.0)) for handle in handles]
    ends = await asyncio.gather(*waits, return_exceptions=True)
    assert 50 == sum(not isinstance(end, DeliveryTimeoutError) for end in ends)


async def test_an_event_that_is_too_new_for_the_page_is_waited_for() -> None:
    """Nothing is read by itself only because the copy that the page comes from lags behind."""
    service = Service(takes=1.0, lag=2.0)
    await settle(await send(webhooks(service), 10))
    assert 0 == service.count("retrieveEvent")


async def test_an_event_that_never_appears_is_an_error_for_those_who_wait_for_it_alone() -> None:
    """The others on the page settle."""
    service = Service(takes=1.0)
    handles = await send(webhooks(service), 4)
    service.sent = [one for one in service.sent if one.number]
    ends = await asyncio.gather(*(handle.settled() for handle in handles), return_exceptions=True)
    assert 1 == sum(isinstance(end, DeliveryError) for end in ends)
    assert 3 == sum(not isinstance(end, BaseException) for end in ends)


async def test_an_event_that_never_appears_is_looked_for_by_itself() -> None:
    """Also while others are waited for: only its own read can tell that it is not there."""
    service = Service(takes=40.0)
    handles = await send(webhooks(service), 5)
    service.sent = [one for one in service.sent if one.number]
    ends = await asyncio.gather(*(handle.settled() for handle in handles), return_exceptions=True)
    assert 1 == sum(isinstance(end, DeliveryError) for end in ends)


async def test_a_missing_scope_ends_every_wait() -> None:
    """A rejected page ends all the waits that it was read for, with its error."""
    service = Service()
    client = webhooks(service)
    handles = await send(client, 5)
    service.fault = lambda request, when: refusal(403)
    ends = await asyncio.gather(*(asyncio.create_task(handle.settled()) for handle in handles), return_exceptions=True)
    assert [PermissionDeniedError] * 5 == [type(end) for end in ends]
    assert 1 == service.reads


async def test_a_page_that_is_lost_is_read_again() -> None:
    """A temporary error ends no wait."""
    service = Service(takes=1.0)

    async def direct(request: Request, call_next: object) -> Response:
        return await service(request)

    client = webhooks(service, direct)
    handles = await send(client, 5)
    service.fault = lose("listEvents", "after", 0, 1)
    await settle(handles)


async def test_a_limit_of_the_leaders_own_ends_no_other_wait() -> None:
    """Its read is cut short with it, and the next one reads."""
    service = Service(takes=0.4, latency=(2.0, 2.0))
    client = webhooks(service)
    await send(client, 5)
    first, *others = [
        await client.send_test(
            ORGANIZATION, endpoint(number), poll=PollSchedule(first=0.12 if number else 0.1, factor=10.0, jitter=0.0)
        )
        for number in range(5)
    ]
    started = now()
    short = asyncio.create_task(first.settled(1.5))
    waits = [asyncio.create_task(handle.settled()) for handle in others]
    with pytest.raises(DeliveryTimeoutError):
        await short
    assert now() - started < 1.6
    await asyncio.gather(*waits)
    # Not after the pause that follows an error.
    assert now() - started < 3.7


async def test_waits_end_by_their_timeout_whatever_task_leads() -> None:
    """The leader and the followers each have their own timeout."""
    service = Service(takes=100.0)
    handles = await send(webhooks(service), 20)
    started = now()
    waits = [asyncio.create_task(handle.settled(3.0 + number / 10)) for number, handle in enumerate(handles)]
    for number, wait in enumerate(waits):
        with pytest.raises(DeliveryTimeoutError):
            await wait
        assert now() - started == pytest.approx(3.0 + number / 10, abs=0.01)


async def test_when_the_others_have_left_the_last_is_read_by_itself() -> None:
    """It does not wait for a page that is not worth its price."""
    service = Service(takes=4.0)
    client = webhooks(service)
    await settle(await send(client, 3))
    handles = await send(client, 3)
    waits = [asyncio.create_task(handle.settled()) for handle in handles]
    await asyncio.sleep(2)
    reads = service.count("retrieveEvent")
    for wait in waits[:2]:
        wait.cancel()
    await waits[2]
    assert service.count("retrieveEvent") > reads


@pytest.mark.parametrize("tick", [0.0, 1e-6])
@pytest.mark.parametrize(("count", "slow"), [(3, 12), (2, 5), (10, 60)])
def test_an_event_of_the_last_page_is_not_read_again_at_once(count: int, slow: int, tick: float) -> None:
    """Not by another page and not singly, however few are left, and also if the clock advances in between."""

    async def main() -> list[tuple[str, float]]:
        service = Service(takes=lambda number: 2.0 if number < slow else 9.0)
        await settle(await send(webhooks(service), slow + count))
        return service.requests[slow + count :]

    reads = run(main(), tick)
    assert min(later - sooner for (name, sooner), (_, later) in pairwise(reads) if name == "listEvents") > 0.4
    assert len(reads) <= 15


async def test_what_takes_longer_than_most_is_read_when_the_slowest_have_ended() -> None:
    """The last of many are not left to pauses that grow with their age."""
    service = Service(takes=lambda number: 6.0 if number % 10 == 0 else 4.0)
    client = webhooks(service)
    await settle(await send(client, 50))
    started, reads = now(), service.reads
    await settle(await send(client, 30))
    assert service.reads - reads <= 3
    assert now() - started < 6.5


async def test_a_refresh_reads_at_once() -> None:
    """It is not a wait, and does not wait for the page."""
    service = Service(takes=5.0)
    handles = await send(webhooks(service), 5)
    waits = [asyncio.create_task(handle.settled()) for handle in handles]
    await asyncio.sleep(1)
    reads, started = service.count("retrieveEvent"), now()
    delivery = await handles[0].refresh()
    assert delivery is not None
    assert (reads + 1, "pending") == (service.count("retrieveEvent"), delivery.status)
    assert now() - started < 0.1
    await asyncio.gather(*waits)


async def test_a_wait_that_sleeps_until_its_own_read_gets_the_page_of_the_others() -> None:
    """Two that wait already for their own time, and one whose time has come."""
    service = Service(takes=0.3)
    client = webhooks(service)
    handles = await send(client, 30)
    waits = [asyncio.create_task(handle.settled()) for handle in handles[:-1]]
    await asyncio.sleep(0.3)
    late = asyncio.create_task(handles[-1].settled())
    await asyncio.gather(*waits)
    assert now() < 1.0
    assert "succeeded" == (await late).status
    assert now() < 1.0
    assert 1 == service.reads


async def test_resumed_waits_are_read_at_once_and_together() -> None:
    """The times of their sends are unknown."""
    service = Service(takes=1.0)
    client = webhooks(service)
    handles = await send(client, 50)
    await settle(handles)
    started, reads = now(), service.reads
    await settle([client.resume(handle.to_token()) for handle in handles])
    assert now() - started < 1.0
    assert service.reads - reads <= 4


async def test_resumed_waits_that_have_not_ended_are_read_again() -> None:
    """Their age counts from when they were first waited for."""
    service = Service(takes=6.0)
    handles = await send(webhooks(service), 5)
    client = webhooks(service)
    await settle([client.resume(handle.to_token()) for handle in handles])
    assert now() < 12
    assert service.reads < 15


async def test_two_organizations_share_no_page() -> None:
    """A page belongs to one organization; the durations are learned from all."""
    service = Service()
    client = webhooks(service)
    other = "org_" + 26 * "1"
    mine = await send(client, 3)
    theirs = await asyncio.gather(*(client.send_test(other, endpoint(9 + number)) for number in range(3)))
    await settle([*mine, *theirs])
    assert service.count("listEvents") >= 2


async def test_nothing_is_left_of_those_who_waited() -> None:
    """The poller holds no event, wait, read or timer, and goes with the last wait."""
    service = Service(takes=1.0)
    client = webhooks(service)
    handles = await send(client, 5)
    await settle(handles)
    poller = internal_sender(client).poller(ORGANIZATION)
    assert {"events": 0, "on_page": 0, "waits": 0, "reads": 0, "timers": 0} == poller.statistics()
    alive = weakref.ref(poller)
    del handles, poller
    gc.collect()
    assert alive() is None


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32), takes=st.sampled_from([0.05, 1.0, 5.0]))
def test_a_thousand_waits_with_random_cancels_all_end(seed: int, takes: float) -> None:
    """The leader can be cancelled at any time, also with others; the rest get the result, and no task is left."""

    async def main() -> None:
        rng = random.Random(seed)  # noqa: S311 - which waits are cancelled, no secret
        service = Service(takes=lambda number: takes * rng.uniform(0.5, 1.5))
        handles = await send(webhooks(service), 100)
        waits = [asyncio.create_task(rng.choice(handles).settled(600)) for _ in range(1000)]
        cancelled = set()
        for _ in range(rng.randint(1, 30)):
            await asyncio.sleep(rng.uniform(0, takes / 4))
            for wait in rng.sample(waits, rng.choice([1, 30, 200])):
                if wait.cancel():
                    cancelled.add(wait)
        ends = await asyncio.wait_for(asyncio.gather(*waits, return_exceptions=True), 60 + 3 * takes)
        for wait, end in zip(waits, ends, strict=True):
            assert (wait in cancelled) == isinstance(end, asyncio.CancelledError)
        assert 1 == len(asyncio.all_tasks())

    run(main())


async def test_an_unexpected_error_reaches_all_waits() -> None:
    """A middleware that raises another exception ends the waits, and no wait is stuck."""

    async def broken(*args: object, **options: object) -> object:
        raise ZeroDivisionError

    poller = DeliveryPoller(broken, ORGANIZATION, SettleTimes(), LOOP_CLOCK)  # type: ignore[arg-type] - it only raises
    handles = [
        PendingDelivery(handle._record, lambda _: poller)  # noqa: SLF001 - the record that the poller reads
        for handle in await send(webhooks(Service()), 4)
    ]
    ends = await asyncio.gather(*(asyncio.create_task(handle.settled()) for handle in handles), return_exceptions=True)
    assert [ZeroDivisionError] * 4 == [type(end) for end in ends]


async def test_a_transport_error_of_the_page_is_the_cause_for_all() -> None:
    """The error of a timeout contains the reason why the delivery could not be read."""
    service = Service()

    async def direct(request: Request, call_next: object) -> Response:
        return await service(request)

    handles = await send(webhooks(service, direct), 4)
    lost = lose("listEvents", "before", 0)

    def fault(request: Request, when: str) -> Response | None:
        if request.operation.id == "listEvents" and now() > 2:
            raise RequestTimeoutError("too slow", maybe_sent=True)
        return lost(request, when)

    service.fault = fault
    ends = await asyncio.gather(*(handle.settled(5) for handle in handles), return_exceptions=True)
    for end in ends:
        assert isinstance(end, DeliveryTimeoutError)
        assert isinstance(end.__cause__, RequestTimeoutError)


async def test_waits_that_are_shorter_than_deliveries_usually_take_are_read_before_they_end() -> None:
    """Once, a second before the end: a delivery that has ended does not time out."""
    service = Service(takes=20.0)
    client, other_client = webhooks(service), webhooks(service)
    await settle(await send(client, 50))
    await settle(await send(other_client, 50))
    service.takes = 3.0
    pages = service.count("listEvents")
    await settle(await send(client, 50), timeout=10.0)
    assert pages + 1 == service.count("listEvents")
    service.takes = 30.0
    waits = [asyncio.create_task(handle.settled(10.0)) for handle in await send(other_client, 50)]
    await asyncio.wait(waits)
    assert {DeliveryTimeoutError} == {type(wait.exception()) for wait in waits}
    assert pages + 2 == service.count("listEvents")


async def test_deliveries_that_took_an_hour_keep_no_others_from_being_read() -> None:
    """As those to dead endpoints, which the service tries again and again, while the others end at once."""
    service = Service(takes=3600.0)
    client = webhooks(service)
    handles = await send(client, 50)
    await asyncio.sleep(3600.0)
    await settle(handles)
    service.takes, started = 3.0, now()
    await settle(await send(client, 50))
    assert now() - started < 40.0
