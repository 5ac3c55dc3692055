"""Test sends whose response is lost: reconciliation, and another send only if no event was found."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.support import delivery_service as simulation
from tests.support.delivery_service import ORGANIZATION, Service, endpoint, lose, now, sender_of, webhooks
from tripwire_async import PendingDelivery, errors
from tripwire_async._http.messages import Response
from tripwire_async.errors import TransportError
from tripwire_async.testing import DeliveryOutcome, Fault, TripwireServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async import AsyncTripwire
    from tripwire_async._http.messages import Request
    from tripwire_async._http.pipeline import Handler

SEND = "sendTestWebhook"


async def send(service: Service, *, deadline: float = 300.0) -> PendingDelivery:
    return await webhooks(service, deadline=deadline).send_test(ORGANIZATION, endpoint(1), reconcile=True)


def respond(status: int, body: object, *, operation: str = SEND) -> Callable[[Request, str], Response | None]:
    """Return a fault that replaces the response of *operation* after it was processed."""

    def fail(request: Request, when: str) -> Response | None:
        if request.operation.id == operation and when == "after":
            return Response(status, {}, json.dumps(body).encode())
        return None

    return fail


def _refuse_sends(refusal: Response, request: Request, when: str) -> Response | None:
    return refusal if request.operation.id == SEND else None


def problem(*, retryable: bool) -> dict[str, object]:
    return {"error": {"code": "x", "message": "m", "status": 500, "retryable": retryable, "request_id": "req_1"}}


@pytest.mark.virtual_time
async def test_a_lost_response_is_an_error_without_reconciliation() -> None:
    """A plain send makes one request, and its error states that the test may have been sent."""
    service = Service(fault=lose(SEND, "after"))
    with pytest.raises(TransportError) as caught:
        await webhooks(service).send_test(ORGANIZATION, endpoint(1))
    assert (True, 1, 0) == (caught.value.maybe_sent, len(service.sent), service.reads)


@pytest.mark.virtual_time
async def test_the_event_that_has_appeared_since_the_send_is_adopted() -> None:
    """The test is not sent again, and the handle has the delivery."""
    await asyncio.sleep(1000.0)
    service = Service(fault=lose(SEND, "after"))
    handle = await send(service)
    assert handle.latest is not None
    assert time.time() - (handle.reference.sent_at or 0.0) == pytest.approx(now() - 1000.0, abs=0.5)
    assert (service.sent[0].event_id, endpoint(1), None) == (handle.event_id, handle.endpoint_id, handle.request_id)
    assert "succeeded" == (await handle.settled()).status
    assert 1 == service.count(SEND)


@pytest.mark.virtual_time
async def test_a_test_without_an_event_is_sent_again() -> None:
    """After three reads of the events, three seconds after the loss."""
    service = Service(fault=lose(SEND, "before", 0))
    await send(service)
    assert (2, 1, 3) == (service.count(SEND), len(service.sent), service.count("listEvents"))
    assert 3.0 <= now() < 3.5


@pytest.mark.virtual_time
@pytest.mark.parametrize("ahead", [-600.0, 0.0, 600.0])
async def test_an_older_event_is_not_adopted(ahead: float) -> None:
    """Events are compared by the service's clock, whatever its offset is and whichever client sent the older test."""
    service = Service(ahead=ahead, fault=lose(SEND, "before", 0))
    await asyncio.sleep(5.02)
    service.take(endpoint(1))
    await asyncio.sleep(1.1)
    handle = await send(service)
    assert service.sent[1].event_id == handle.event_id
    assert 2 == len(service.sent)


@pytest.mark.virtual_time
async def test_an_earlier_response_gives_the_time_in_milliseconds() -> None:
    """The Date header has whole seconds; the date of an earlier delivery is more exact."""
    service = Service(ahead=100.4, dates=False)
    client = webhooks(service)
    await client.send_test(ORGANIZATION, endpoint(7))
    service.take(endpoint(1))
    await asyncio.sleep(0.15)
    service.fault = lose(SEND, "before", 0)
    handle = await client.send_test(ORGANIZATION, endpoint(1), reconcile=True)
    assert service.sent[2].event_id == handle.event_id


@pytest.mark.virtual_time
async def test_without_a_date_of_the_service_no_event_is_adopted() -> None:
    """The event may be older than the send, so the test is not sent again either, and the error is raised."""
    service = Service(dates=False, fault=lose(SEND, "after"))
    with pytest.raises(TransportError) as caught:
        await send(service)
    assert (True, 1) == (caught.value.maybe_sent, len(service.sent))


@pytest.mark.virtual_time
async def test_an_event_that_becomes_visible_late_is_found() -> None:
    """The service may still be processing the send when its response is lost."""
    service = Service(lag=0.9, fault=lose(SEND, "after"))
    await send(service)
    assert (1, 2) == (len(service.sent), service.count("listEvents"))


@pytest.mark.virtual_time
async def test_no_event_is_adopted_twice() -> None:
    """Two sends to one endpoint that both lose their response adopt different events."""
    service = Service(fault=lose(SEND, "after"))
    client = webhooks(service)
    sends = [client.send_test(ORGANIZATION, endpoint(1), reconcile=True) for _ in range(2)]
    handles = await asyncio.gather(*sends)
    assert {one.event_id for one in service.sent} == {handle.event_id for handle in handles}


@pytest.mark.virtual_time
async def test_the_event_of_a_send_in_progress_is_not_adopted() -> None:
    """One request was lost and another processed. If they shared its event, a test would be missing."""
    service = Service(fault=lose(SEND, "before", 0))

    async def slow(request: Request, call_next: Handler) -> Response:
        response = await call_next(request)
        if request.operation.id == SEND and len(service.sent) == 1:
            await asyncio.sleep(2.0)
        return response

    sender = sender_of(service, slow)
    lost = asyncio.create_task(sender.send_once(ORGANIZATION, endpoint(1)))
    await asyncio.sleep(0.1)
    handles = [await sender.send(ORGANIZATION, endpoint(1)), await lost]
    assert [one.event_id for one in service.sent] == [handle.event_id for handle in handles]
    assert 2 == len(service.sent)
    assert 0 == sender.reconciler.statistics().unanswered


@pytest.mark.virtual_time
async def test_the_deadline_ends_the_wait_for_other_responses() -> None:
    """The event cannot be attributed, so the error is raised and the test is not sent again."""
    service = Service(fault=lose(SEND, "before", 0))

    async def stuck(request: Request, call_next: Handler) -> Response:
        response = await call_next(request)
        if request.operation.id == SEND:
            await asyncio.sleep(1000)
        return response

    sender = sender_of(service, stuck)
    lost = asyncio.create_task(sender.send_once(ORGANIZATION, endpoint(1), deadline=10.0))
    await asyncio.sleep(0.1)
    other = asyncio.create_task(sender.send(ORGANIZATION, endpoint(1)))
    with pytest.raises(TransportError):
        await lost
    assert (True, 1) == (now() <= 10.0, len(service.sent))
    other.cancel()
    await asyncio.wait([other])
    assert 0 == sender.reconciler.statistics().unanswered


@pytest.mark.virtual_time
@pytest.mark.parametrize("count", [40, 220])
async def test_more_sends_to_one_endpoint_than_a_read_covers(count: int) -> None:
    """Each adopts its own event. None is sent again because newer events hide its event, even beyond a page."""
    service = Service(fault=lose(SEND, "after", *range(count)))
    client = webhooks(service)
    sends = [client.send_test(ORGANIZATION, endpoint(1), reconcile=True) for _ in range(count)]
    ends = await asyncio.gather(*sends, return_exceptions=True)
    assert count == len(service.sent)
    found = [end.event_id for end in ends if isinstance(end, PendingDelivery)]
    assert len(set(found)) == len(found) == min(count, 200)


@pytest.mark.virtual_time
@pytest.mark.parametrize("start", [0.02, 0.35, 0.74, 0.9])
async def test_dates_in_whole_seconds_cause_no_second_send(start: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event dated before the send may be newer than it: it is adopted or an error, and never sent again."""
    exact = simulation.stamp
    monkeypatch.setattr(
        simulation,
        "stamp",
        lambda time, *, ahead=0.0: exact(float(int(time + ahead))),  # truncated
    )
    service = Service(ahead=-600.0, fault=lose(SEND, "after", 1), latency=(0.01, 0.01))
    client = webhooks(service)
    await asyncio.sleep(699.995)
    await client.send_test(ORGANIZATION, endpoint(7))
    await asyncio.sleep(700 + start - now())
    with contextlib.suppress(TransportError):
        await client.send_test(ORGANIZATION, endpoint(1), reconcile=True)
    assert 2 == len(service.sent)


class _Sends:
    """Record of the sends of a test, as a journal keeps one."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def __call__(self, deadline: float) -> None:
        self.calls.append("send")

    def check(self) -> None:
        pass

    def send_again(self) -> None:
        self.calls.append("send again")


@pytest.mark.virtual_time
async def test_three_lost_responses_are_an_error() -> None:
    """The test is sent three times if no event is found. A record of the sends is told before each new one."""
    service, sends = Service(fault=lose(SEND, "before")), _Sends()
    with pytest.raises(TransportError):
        await sender_of(service).send_once(ORGANIZATION, endpoint(1), before_wire=sends)
    assert 3 == service.count(SEND)
    assert ["send", "send again", "send", "send again", "send"] == sends.calls


@pytest.mark.virtual_time
async def test_all_sends_of_a_test_end_by_the_same_deadline() -> None:
    """The second one has what the first one and the search for its event have left."""
    service = Service(fault=lose(SEND, "before", 0))

    async def slow(request: Request, call_next: Handler) -> Response:
        if request.operation.id == SEND and service.count(SEND):
            service.limits.latency = (1e6, 1e6)
        return await call_next(request)

    with pytest.raises(TransportError):
        await sender_of(service, slow).send_once(ORGANIZATION, endpoint(1), deadline=10.0)
    assert 10.0 == now()


@pytest.mark.virtual_time
async def test_an_event_page_that_cannot_be_read_is_not_read_for_ever() -> None:
    """Without a run, no outage is waited for. The error of the send has that of the read as its cause."""
    first, second = lose(SEND, "after"), lose("listEvents", "before")
    service = Service(fault=lambda request, when: first(request, when) or second(request, when))
    with pytest.raises(TransportError) as caught:
        await sender_of(service).send_once(ORGANIZATION, endpoint(1))
    assert isinstance(caught.value.__cause__, TransportError)
    assert (1, True) == (service.count(SEND), now() < 60.0)


@pytest.mark.virtual_time
async def test_a_look_ends_at_the_first_event_that_is_older_than_the_send() -> None:
    """A longer page is not read only because other sends to the endpoint have newer events."""
    service = Service(fault=lose(SEND, "before", 0), latency=(0.005, 0.005))
    for _ in range(30):
        service.take(endpoint(1))
    await asyncio.sleep(60.0)
    sender = sender_of(service)
    lost = asyncio.create_task(sender.send_once(ORGANIZATION, endpoint(1)))
    await asyncio.sleep(0.1)
    others = [await sender.send(ORGANIZATION, endpoint(1)) for _ in range(19)]
    found = await lost
    assert {found.event_id, *(other.event_id for other in others)} == {one.event_id for one in service.sent[30:]}
    assert 3 == service.count("listEvents")


@pytest.mark.virtual_time
async def test_the_time_of_the_server_is_asked_for_once() -> None:
    """A date of the service, from any response to a read, is enough. Without dates the newest event is the only one."""
    service = Service()
    reconciler = sender_of(service).reconciler
    await asyncio.sleep(0.25)
    service.take(endpoint(1))
    passed = simulation.BEGINNING.timestamp() + 0.25
    assert passed <= await reconciler.learn_time(ORGANIZATION) <= passed + 0.01
    assert 0.0 < await reconciler.learn_time(ORGANIZATION) <= passed + 0.01
    assert 1 == service.count("listEvents")


@pytest.mark.virtual_time
async def test_a_request_that_was_not_sent_needs_no_reconciliation() -> None:
    """The error states it, and `Retry` has already retried it."""

    def fail(request: Request, when: str) -> Response | None:
        raise TransportError("no connection", maybe_sent=False)

    service = Service(fault=fail)
    with pytest.raises(TransportError) as caught:
        await send(service)
    assert (False, 0) == (caught.value.maybe_sent, service.reads)


@pytest.mark.virtual_time
async def test_without_the_scope_to_read_the_test_is_not_sent_again() -> None:
    """It is unknown if the test was processed. The error of the send has that of the read as its cause."""
    service = Service()
    first, second = lose(SEND, "after"), respond(403, problem(retryable=False), operation="listEvents")
    service.fault = lambda request, when: first(request, when) or second(request, when)
    with pytest.raises(TransportError) as caught:
        await send(service)
    assert isinstance(caught.value.__cause__, errors.PermissionDeniedError)
    assert 1 == len(service.sent)


@pytest.mark.virtual_time
async def test_no_read_starts_that_would_end_after_the_deadline() -> None:
    """The error is raised in time, and the test is not sent again."""
    service = Service(fault=lose(SEND, "before"))
    sender = sender_of(service)
    with pytest.raises(TransportError):
        await sender.send_once(ORGANIZATION, endpoint(1), deadline=2.0)
    assert now() <= 2.0
    assert 1 == service.count(SEND)


@pytest.mark.virtual_time
async def test_a_read_of_the_events_ends_at_the_deadline() -> None:
    """The error is that of the send."""
    await asyncio.sleep(1000.0)
    service = Service(fault=lose(SEND, "after"))

    async def stuck(request: Request, call_next: Handler) -> Response:
        if request.operation.id != SEND:
            service.limits.latency = (1e6, 1e6)
        return await call_next(request)

    with pytest.raises(TransportError):
        await sender_of(service, stuck).send_once(ORGANIZATION, endpoint(1), deadline=10.0)
    assert 1010.0 == now()


@pytest.mark.virtual_time
async def test_a_malformed_response_is_reconciled() -> None:
    """After a 202 that cannot be read, or a 5xx after processing, one read finds the event."""
    for status, body in ((202, {"data": 5}), (502, "bad gateway")):
        service = Service(fault=respond(status, body))
        handle = await send(service)
        assert (service.sent[0].event_id, 1, 1) == (handle.event_id, len(service.sent), service.count("listEvents"))


@pytest.mark.virtual_time
async def test_a_test_is_not_sent_again_after_a_5xx_without_an_event() -> None:
    """After a 503 that is marked as retryable the events are not read at all."""
    for status, retryable, looks in ((500, False, 1), (503, True, 0)):
        refusal = Response(status, {}, json.dumps(problem(retryable=retryable)).encode())
        service = Service(
            fault=lambda request, when, refusal=refusal: refusal if request.operation.id == SEND else None
        )
        with pytest.raises(errors.ServerError):
            await send(service)
        assert (0, looks) == (len(service.sent), service.count("listEvents"))


@pytest.mark.virtual_time
async def test_a_limited_number_of_event_ids_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that sends tests for years remembers the last few thousand ids."""
    monkeypatch.setattr("tripwire_async.deliveries.reconcile._MAX_REMEMBERED", 5)
    sender = sender_of(Service())
    for number in range(8):
        await sender.send(ORGANIZATION, endpoint(number))
    assert 5 == sender.reconciler.statistics().claimed


async def test_a_thousand_sends_with_one_in_twenty_responses_lost(
    tripwire_server: TripwireServer, tripwire: AsyncTripwire
) -> None:
    """Over the wire, each endpoint receives exactly one webhook, and every outcome is known."""
    tripwire_server.limit = 100_000
    tripwire_server.set_outcome(DeliveryOutcome("succeeded", after=0.05))
    ids = [tripwire_server.add_endpoint("https://example.com/hook").id for _ in range(1000)]
    with tripwire_server.fail(SEND, Fault.lost_response(), rate=0.05) as rule:
        outcomes = await tripwire.webhooks.send_tests(tripwire_server.organization_id, timeout=60)
    assert rule.hits > 20
    assert {"succeeded"} == {outcome.state for outcome in outcomes}
    assert sorted(ids) == sorted(delivery.endpoint.id for delivery in tripwire_server.deliveries.values())
