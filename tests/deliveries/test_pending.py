"""A delivery that was sent and is awaited: first with plain functions on virtual time, then over the wire."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from tests.support.scripted_delivery import (
    DELIVERY,
    ENDPOINT,
    EVENT,
    OTHER,
    REFERENCE,
    Script,
    delivery,
    handle_of,
    pending,
)
from tripwire_async import PollSchedule
from tripwire_async.errors import (
    AuthenticationError,
    DeliveryTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    TransportError,
)
from tripwire_async.testing import DeliveryOutcome, Fault, TripwireServer

if TYPE_CHECKING:
    from tripwire_async import AsyncTripwire
    from tripwire_async._http.api_calls import ApiRequest, ApiResponse
    from tripwire_async.models import (
        WebhookDelivery,
    )

QUICK = PollSchedule(first=0.02, longest=0.05)
ANYTHING_PASSING = [
    TransportError("lost", maybe_sent=True),
    RateLimitedError("slow down", status=429),
    ServerError("failed", status=502),
]


@pytest.mark.virtual_time
async def test_a_timeout_that_is_no_number_is_refused() -> None:
    """Nothing is ever later than that, and the wait would not end."""
    with pytest.raises(ValueError, match="nan"):
        await pending("pending").settled(math.nan)


@pytest.mark.virtual_time
async def test_a_wait_without_a_timeout_of_its_own_ends_after_five_minutes() -> None:
    """Both kinds of wait, each from its own start."""
    handle = pending("pending")
    for number, wait in enumerate((handle.settled, handle.wait), 1):
        with pytest.raises(DeliveryTimeoutError, match="after 300 seconds"):
            await wait()
        assert 300.0 * number == pytest.approx(asyncio.get_running_loop().time())


@pytest.mark.virtual_time
async def test_awaiting_ends_when_the_delivery_has_left_pending() -> None:
    """``delivering`` comes after ``pending`` and is not the end: `await pending` returns it."""
    assert "delivering" == (await pending("pending", "delivering", "succeeded")).status


@pytest.mark.virtual_time
@pytest.mark.parametrize("end", ["succeeded", "failed", "skipped"])
async def test_settled_ends_on_every_end_and_on_nothing_before(end: str) -> None:
    """Between its attempts, the status may be ``pending`` again; only the three final statuses count."""
    handle = pending("delivering", "pending", "delivering", end)
    assert not handle.is_settled
    assert end == (await handle.settled()).status
    assert handle.is_settled


@pytest.mark.virtual_time
async def test_an_unknown_status_has_left_pending_is_not_settled_and_is_reported_as_itself() -> None:
    """A status that the service adds later is not final and not hidden."""
    handle = pending("queued_elsewhere", "succeeded")
    assert "queued_elsewhere" == (await handle).status
    assert not handle.is_settled
    assert "queued_elsewhere" in repr(handle)
    assert "succeeded" == (await handle.settled()).status


@pytest.mark.virtual_time
async def test_a_delivery_that_is_settled_already_is_not_read() -> None:
    """The response to the send is sufficient."""
    handle = pending(AuthenticationError("never asked", status=401), latest="succeeded")
    assert "succeeded" == (await handle.settled()).status


@pytest.mark.virtual_time
async def test_a_missing_delivery_is_looked_for_at_once() -> None:
    """If ``latest_delivery`` was null, the first read does not wait."""
    handle = pending("delivering", latest=None)
    assert handle.latest is None
    assert "unread" in repr(handle)
    await handle
    assert 0.0 == asyncio.get_running_loop().time()


@pytest.mark.virtual_time
@pytest.mark.parametrize("temporary", ANYTHING_PASSING, ids=lambda error: type(error).__name__)
async def test_a_temporary_error_does_not_end_a_wait(temporary: Exception) -> None:
    """A lost connection, a 429 or a 5xx after all retries: the next read may succeed."""
    assert "succeeded" == (await pending(temporary, temporary, "succeeded")).status


@pytest.mark.virtual_time
@pytest.mark.parametrize("temporary", ANYTHING_PASSING, ids=lambda error: type(error).__name__)
async def test_a_wait_that_runs_out_says_what_it_saw_and_what_kept_it(temporary: Exception) -> None:
    """The error contains the delivery as it was last read, and its cause is the last error."""
    handle = pending("pending", temporary)
    with pytest.raises(
        DeliveryTimeoutError, match=r"not settled after 5 seconds: it reads pending \(attempts: 1\)"
    ) as caught:
        await handle.settled(timeout=5)
    assert isinstance(caught.value, TimeoutError)
    assert delivery("pending") == caught.value.latest
    assert temporary is caught.value.__cause__


@pytest.mark.virtual_time
async def test_a_read_that_the_end_of_the_wait_cuts_off_does_not_hide_what_was_wrong() -> None:
    """The rejection before it is more informative than the timeout."""
    refused = ServerError("down", status=503)
    handle = pending(refused, RequestTimeoutError("no answer within 1 second", maybe_sent=True))
    with pytest.raises(DeliveryTimeoutError) as caught:
        await handle.settled(timeout=5)
    assert refused is caught.value.__cause__


@pytest.mark.virtual_time
async def test_a_wait_that_ran_out_can_be_taken_up_again() -> None:
    """The handle is as good as before."""
    handle = pending(*["pending"] * 5, "succeeded")
    with pytest.raises(DeliveryTimeoutError, match="had not left pending after 1 seconds"):
        await handle.wait(timeout=1)
    assert "succeeded" == (await handle.wait(timeout=60)).status


@pytest.mark.virtual_time
async def test_a_wait_that_saw_nothing_says_so() -> None:
    """Not recorded yet is another thing than pending."""
    with pytest.raises(DeliveryTimeoutError, match="it was not recorded yet") as caught:
        await pending(NotFoundError("no such event", status=404), latest=None).wait(timeout=5)
    assert caught.value.latest is None


@pytest.mark.virtual_time
async def test_a_refusal_ends_the_wait_at_once() -> None:
    """A key without ``webhooks:read`` will not get it by waiting."""
    with pytest.raises(PermissionDeniedError):
        await pending(PermissionDeniedError("needs webhooks:read", status=403, code="missing_scope"))
    assert pytest.approx(0.5) == asyncio.get_running_loop().time()


@pytest.mark.virtual_time
async def test_refresh_reads_once_and_returns_what_it_found() -> None:
    """The caller gets the current state, and a wait sees it too."""
    handle = pending("delivering")
    assert "delivering" == getattr(await handle.refresh(), "status", None)
    assert "delivering" == getattr(handle.latest, "status", None)


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    "temporary", [*ANYTHING_PASSING, NotFoundError("no such event", status=404)], ids=lambda error: type(error).__name__
)
async def test_refresh_raises_also_what_a_wait_would_sit_out(temporary: Exception) -> None:
    """One read has one outcome."""
    handle = pending(temporary)
    with pytest.raises(type(temporary)):
        await handle.refresh()


@pytest.mark.virtual_time
async def test_of_several_deliveries_the_one_that_has_come_least_far_counts() -> None:
    """A test queued as several deliveries has left ``pending`` when all have."""
    reference = replace(REFERENCE, delivery_ids=(DELIVERY, OTHER))
    states = [("succeeded", "pending"), ("succeeded", "delivering"), ("succeeded", "new"), ("succeeded", "failed")]
    finds: list[str | Exception | list[WebhookDelivery]] = [
        [delivery(one), delivery(two, delivery_id=OTHER)] for one, two in states
    ]
    handle = handle_of(Script(finds), None, reference=reference)
    seen = [getattr(await handle.refresh(), "status", None) for _ in states]
    assert ["pending", "delivering", "new"] == seen[:3]
    assert handle.is_settled


@pytest.mark.virtual_time
async def test_deliveries_of_others_in_the_same_event_are_passed_over() -> None:
    """An event may have several endpoints; the delivery is found by its id, or by the endpoint without an id."""
    other_client = delivery("succeeded", delivery_id=OTHER, endpoint_id="we_" + "9" * 32)
    by_id = handle_of(Script([[other_client]]), None)
    assert await by_id.refresh() is None
    script = Script([[other_client, delivery("failed")]])
    nameless = handle_of(script, None, reference=replace(REFERENCE, delivery_ids=()))
    assert "failed" == getattr(await nameless.refresh(), "status", None)


@pytest.mark.virtual_time
async def test_a_wait_without_time_reads_nothing() -> None:
    """A timeout of zero returns only a known result."""
    script = Script(["succeeded"])
    with pytest.raises(DeliveryTimeoutError):
        await handle_of(script).settled(timeout=0)
    assert 0 == script.reads


@pytest.mark.virtual_time
async def test_a_slow_response_does_not_undo_a_newer_one() -> None:
    """Two reads at once may end in the wrong order; the one that was sent last counts."""
    script = Script(["delivering", "succeeded"], seconds=[2.0, 0.1])
    handle = handle_of(script)
    slow = asyncio.create_task(handle.refresh())
    await asyncio.sleep(0.5)
    assert "succeeded" == getattr(await handle.refresh(), "status", None)
    assert "succeeded" == getattr(await slow, "status", None)


@pytest.mark.virtual_time
async def test_a_read_is_as_old_as_its_request_and_not_as_its_wait_for_the_rate_limit() -> None:
    """The service has seen the delivery later than the call began."""
    script = Script(["pending"], seconds=[3.0])

    async def limited(request: ApiRequest[Any]) -> ApiResponse[Any]:
        response = await script(request)
        response.stats.rate_limit_wait = 2.5
        return response

    handle = handle_of(limited)
    await handle.refresh()
    with pytest.raises(DeliveryTimeoutError, match=r"last read 0\.5 seconds before the timeout"):
        await handle.settled(0)


@pytest.mark.virtual_time
async def test_a_refresh_wakes_the_waits_that_it_is_for() -> None:
    """Its read counts for all, and its error is its own."""
    script = Script([ServerError("down", status=503), "succeeded"])
    handle = handle_of(script)
    waits = [asyncio.create_task(handle.settled()) for _ in range(3)]
    await asyncio.sleep(0.1)
    with pytest.raises(ServerError):
        await handle.refresh()
    assert "succeeded" == getattr(await handle.refresh(), "status", None)
    await asyncio.gather(*waits)
    assert (2, 0.1) == (script.reads, pytest.approx(asyncio.get_running_loop().time()))


def test_a_handle_says_what_it_is() -> None:
    """The ids are attributes, and part of the repr."""
    handle = pending("succeeded")
    assert (EVENT, ENDPOINT, (DELIVERY,)) == (handle.event_id, handle.endpoint_id, handle.delivery_ids)
    assert REFERENCE == handle.reference
    assert f"<PendingDelivery pending event_id='{EVENT}' endpoint_id='{ENDPOINT}'>" == repr(handle)


async def test_a_test_webhook_is_sent_awaited_and_settled(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """The main job, over the wire: 202, polls, the end."""
    endpoint = tripwire_server.add_endpoint("http://127.0.0.1:9/")
    tripwire_server.set_outcome(DeliveryOutcome("succeeded", response_status=200))
    handle = await tripwire.webhooks.send_test(tripwire_server.organization_id, endpoint.id, poll=QUICK)
    assert handle.request_id is not None
    assert handle.request_id.startswith("req_")
    assert 200 == (await handle.settled(timeout=30)).response_status
    assert endpoint.id == handle.endpoint_id


async def test_a_wait_is_taken_over_from_its_token(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """`resume` takes only the token, and sends no request before it is awaited."""
    endpoint = tripwire_server.add_endpoint("http://127.0.0.1:9/")
    tripwire_server.set_outcome(DeliveryOutcome("failed", response_status=500))
    sent = await tripwire.webhooks.send_test(tripwire_server.organization_id, endpoint.id)
    resumed = tripwire.webhooks.resume(sent.to_token(), poll=QUICK)
    assert resumed.latest is None
    assert resumed.request_id is None
    assert "failed" == (await resumed.settled(timeout=30)).status


async def test_an_answer_without_a_delivery_and_an_event_that_comes_late_are_waited_for(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Null ``latest_delivery`` and 404 at first, both from the service itself."""
    endpoint = tripwire_server.add_endpoint("http://127.0.0.1:9/")
    tripwire_server.set_outcome(DeliveryOutcome("succeeded"))
    with (
        tripwire_server.fail("sendTestWebhook", Fault.null_latest_delivery()),
        tripwire_server.fail("retrieveEvent", Fault.not_found_at_first(times=2)) as late,
    ):
        handle = await tripwire.webhooks.send_test(tripwire_server.organization_id, endpoint.id, poll=QUICK)
        assert handle.latest is None
        assert "succeeded" == (await handle.settled(timeout=30)).status
    assert late.hits >= 2


@pytest.mark.serial
async def test_the_timeout_of_a_wait_bounds_the_retries_inside_it(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """A service that only fails cannot hold a wait beyond its end by retries, whatever they would still take."""
    endpoint = tripwire_server.add_endpoint("http://127.0.0.1:9/")
    handle = await tripwire.webhooks.send_test(tripwire_server.organization_id, endpoint.id, poll=QUICK)
    loop = asyncio.get_running_loop()
    started = loop.time()
    with (
        tripwire_server.fail("retrieveEvent", Fault.status(503, retry_after=30)),
        pytest.raises(DeliveryTimeoutError) as caught,
    ):
        await handle.settled(timeout=0.3)
    assert loop.time() - started < 5
    assert isinstance(caught.value.__cause__, ServerError)
    assert 30.0 == caught.value.__cause__.retry_after


async def test_a_key_that_may_not_read_says_which_scope_it_lacks(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Sending works with ``webhooks:manage``; the error of the wait names the missing scope."""
    endpoint = tripwire_server.add_endpoint("http://127.0.0.1:9/")
    tripwire.use_key(tripwire_server.add_key(["webhooks:manage"]).secret)
    handle = await tripwire.webhooks.send_test(tripwire_server.organization_id, endpoint.id, poll=QUICK)
    with pytest.raises(PermissionDeniedError, match="webhooks:read"):
        await handle


async def test_a_stuck_delivery_runs_into_the_timeout(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """A delivery that stays ``pending`` ends in an error that states it, and does not hang."""
    endpoint = tripwire_server.add_endpoint("http://127.0.0.1:9/")
    with tripwire_server.fail("sendTestWebhook", Fault.stuck_pending()):
        handle = await tripwire.webhooks.send_test(tripwire_server.organization_id, endpoint.id, poll=QUICK)
    with pytest.raises(DeliveryTimeoutError, match="it reads pending"):
        await handle.wait(timeout=0.2)


async def test_many_waiters_of_one_delivery_cost_the_reads_of_one(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """A hundred tasks wait; the server sees one stream of reads."""
    endpoint = tripwire_server.add_endpoint("http://127.0.0.1:9/")
    tripwire_server.set_outcome(DeliveryOutcome("succeeded", after=0.1))
    handle = await tripwire.webhooks.send_test(tripwire_server.organization_id, endpoint.id, poll=QUICK)
    async with asyncio.TaskGroup() as group:
        for _ in range(100):
            group.create_task(handle.settled(timeout=30))
    reads = sum(request.operation == "retrieveEvent" for request in tripwire_server.requests)
    assert reads < 10
