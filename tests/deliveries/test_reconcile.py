"""A test send whose answer is lost: looked for, and sent again only if it left no trace."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

import pytest

from tests.support import delivery_service as simulation
from tests.support.delivery_service import ORGANIZATION, Service, endpoint, lose, now, webhooks
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


def answer(status: int, body: object, *, operation: str = SEND) -> Callable[[Request, str], Response | None]:
    """Have *operation* answer so, once the work was done."""

    def spoil(request: Request, when: str) -> Response | None:
        if request.operation.id == operation and when == "after":
            return Response(status, {}, json.dumps(body).encode())
        return None

    return spoil


def _refuse_sends(refusal: Response, request: Request, when: str) -> Response | None:
    return refusal if request.operation.id == SEND else None


def problem(*, retryable: bool) -> dict[str, object]:
    return {"error": {"code": "x", "message": "m", "status": 500, "retryable": retryable, "request_id": "req_1"}}


@pytest.mark.virtual_time
async def test_a_lost_answer_is_an_error_unless_reconciling_was_asked_for() -> None:
    """A plain send makes one request, and says that the test may have been sent."""
    service = Service(spoil=lose(SEND, "after"))
    with pytest.raises(TransportError) as caught:
        await webhooks(service).send_test(ORGANIZATION, endpoint(1))
    assert (True, 1, 0) == (caught.value.maybe_sent, len(service.sent), service.reads)


@pytest.mark.virtual_time
async def test_the_event_that_has_appeared_since_is_adopted() -> None:
    """Nothing is sent again, and the handle leads to the delivery."""
    service = Service(spoil=lose(SEND, "after"))
    handle = await send(service)
    assert (service.sent[0].event_id, endpoint(1), None) == (handle.event_id, handle.endpoint_id, handle.request_id)
    assert "succeeded" == (await handle.settled()).status
    assert 1 == service.count(SEND)


@pytest.mark.virtual_time
async def test_a_send_that_left_no_trace_is_sent_again() -> None:
    """After three looks, three seconds after it was lost."""
    service = Service(spoil=lose(SEND, "before", 0))
    await send(service)
    assert (2, 1, 3) == (service.count(SEND), len(service.sent), service.count("listEvents"))
    assert 3.0 <= now() < 3.5


@pytest.mark.virtual_time
@pytest.mark.parametrize("ahead", [-600.0, 0.0, 600.0])
async def test_what_was_there_before_is_not_adopted(ahead: float) -> None:
    """By the service's own clock, however far it is from ours, and from whomever the older event is."""
    service = Service(ahead=ahead, spoil=lose(SEND, "before", 0))
    await asyncio.sleep(5.02)
    service.take(endpoint(1))
    await asyncio.sleep(1.1)
    handle = await send(service)
    assert service.sent[1].event_id == handle.event_id
    assert 2 == len(service.sent)


@pytest.mark.virtual_time
async def test_an_earlier_answer_tells_the_time_to_milliseconds() -> None:
    """The Date header knows whole seconds; the date of a delivery that was sent before is better."""
    service = Service(ahead=100.4, dates=False)
    client = webhooks(service)
    await client.send_test(ORGANIZATION, endpoint(7))
    service.take(endpoint(1))
    await asyncio.sleep(0.15)
    service.spoil = lose(SEND, "before", 0)
    handle = await client.send_test(ORGANIZATION, endpoint(1), reconcile=True)
    assert service.sent[2].event_id == handle.event_id


@pytest.mark.virtual_time
async def test_without_any_time_of_the_service_nothing_is_guessed() -> None:
    """An event that may be older is neither adopted nor taken for none: the error stands."""
    service = Service(dates=False, spoil=lose(SEND, "after"))
    with pytest.raises(TransportError) as caught:
        await send(service)
    assert (True, 1) == (caught.value.maybe_sent, len(service.sent))


@pytest.mark.virtual_time
async def test_an_event_that_shows_late_is_waited_for() -> None:
    """The service may still be at work when its answer is lost."""
    service = Service(lag=0.9, spoil=lose(SEND, "after"))
    await send(service)
    assert (1, 2) == (len(service.sent), service.count("listEvents"))


@pytest.mark.virtual_time
async def test_no_event_is_adopted_twice() -> None:
    """Two sends to one endpoint, whose answers are both lost, end with an event each."""
    service = Service(spoil=lose(SEND, "after"))
    client = webhooks(service)
    sends = [client.send_test(ORGANIZATION, endpoint(1), reconcile=True) for _ in range(2)]
    handles = await asyncio.gather(*sends)
    assert {one.event_id for one in service.sent} == {handle.event_id for handle in handles}


@pytest.mark.virtual_time
async def test_the_event_of_a_send_that_is_being_answered_is_not_adopted() -> None:
    """One was lost on its way and another worked on: they must not share its event, or a test would be lost."""
    service = Service(spoil=lose(SEND, "before", 0))

    async def slow(request: Request, call_next: Handler) -> Response:
        response = await call_next(request)
        if request.operation.id == SEND and len(service.sent) == 1:
            await asyncio.sleep(2.0)
        return response

    client = webhooks(service, slow)
    lost = asyncio.create_task(client.send_test(ORGANIZATION, endpoint(1), reconcile=True))
    await asyncio.sleep(0.1)
    handles = [await client.send_test(ORGANIZATION, endpoint(1)), await lost]
    assert [one.event_id for one in service.sent] == [handle.event_id for handle in handles]
    assert 2 == len(service.sent)
    assert 0 == client._sender.reconciler.statistics().unanswered


@pytest.mark.virtual_time
async def test_the_deadline_ends_the_wait_for_the_answers_of_others() -> None:
    """Whose event it is cannot be told by then: the error stands, and nothing is sent again."""
    service = Service(spoil=lose(SEND, "before", 0))

    async def stuck(request: Request, call_next: Handler) -> Response:
        response = await call_next(request)
        if request.operation.id == SEND:
            await asyncio.sleep(1000)
        return response

    sender = webhooks(service, stuck)._sender
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
async def test_so_many_sends_to_one_endpoint_that_a_look_does_not_reach_them_all(count: int) -> None:
    """Each adopts an event of its own; none is sent twice because newer ones hide its event, page or no page."""
    service = Service(spoil=lose(SEND, "after", *range(count)))
    client = webhooks(service)
    sends = [client.send_test(ORGANIZATION, endpoint(1), reconcile=True) for _ in range(count)]
    ends = await asyncio.gather(*sends, return_exceptions=True)
    assert count == len(service.sent)
    found = [end.event_id for end in ends if isinstance(end, PendingDelivery)]
    assert len(set(found)) == len(found) == min(count, 200)


@pytest.mark.virtual_time
@pytest.mark.parametrize("start", [0.02, 0.35, 0.74, 0.9])
async def test_a_service_that_writes_whole_seconds_makes_no_test_go_twice(
    start: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it dates before the send may have come after it: that is adopted or an error, and never sent again."""
    exact = simulation.stamp
    monkeypatch.setattr(
        simulation,
        "stamp",
        lambda moment, *, ahead=0.0: exact(float(int(moment + ahead))),  # as it would cut it
    )
    service = Service(ahead=-600.0, spoil=lose(SEND, "after", 1), latency=(0.01, 0.01))
    client = webhooks(service)
    await asyncio.sleep(699.995)
    await client.send_test(ORGANIZATION, endpoint(7))
    await asyncio.sleep(700 + start - now())
    with contextlib.suppress(TransportError):
        await client.send_test(ORGANIZATION, endpoint(1), reconcile=True)
    assert 2 == len(service.sent)


@pytest.mark.virtual_time
async def test_answers_that_are_lost_again_and_again_are_an_error() -> None:
    """After three sends that left no trace."""
    service = Service(spoil=lose(SEND, "before"))
    with pytest.raises(TransportError):
        await send(service)
    assert 3 == service.count(SEND)


@pytest.mark.virtual_time
async def test_a_send_that_was_never_sent_is_not_looked_for() -> None:
    """The error says so, and `Retry` has tried again already."""

    def spoil(request: Request, when: str) -> Response | None:
        raise TransportError("no connection", maybe_sent=False)

    service = Service(spoil=spoil)
    with pytest.raises(TransportError) as caught:
        await send(service)
    assert (False, 0) == (caught.value.maybe_sent, service.reads)


@pytest.mark.virtual_time
async def test_what_may_not_be_read_is_not_sent_again() -> None:
    """Without the scope there is no telling whether it arrived: the error of the send, and from what it comes."""
    service = Service()
    first, second = lose(SEND, "after"), answer(403, problem(retryable=False), operation="listEvents")
    service.spoil = lambda request, when: first(request, when) or second(request, when)
    with pytest.raises(TransportError) as caught:
        await send(service)
    assert isinstance(caught.value.__cause__, errors.PermissionDeniedError)
    assert 1 == len(service.sent)


@pytest.mark.virtual_time
async def test_no_look_begins_that_would_end_after_the_deadline() -> None:
    """The error comes in time, and nothing is sent again."""
    service = Service(spoil=lose(SEND, "before"))
    sender = webhooks(service)._sender
    with pytest.raises(TransportError):
        await sender.send_once(ORGANIZATION, endpoint(1), deadline=2.0)
    assert now() <= 2.0
    assert 1 == service.count(SEND)


@pytest.mark.virtual_time
async def test_the_test_behind_an_answer_that_makes_no_sense_is_found() -> None:
    """A 202 that cannot be read, or a 5xx after the work: one look, and the event is adopted."""
    for status, body in ((202, {"data": 5}), (502, "bad gateway")):
        service = Service(spoil=answer(status, body))
        handle = await send(service)
        assert (service.sent[0].event_id, 1, 1) == (handle.event_id, len(service.sent), service.count("listEvents"))


@pytest.mark.virtual_time
async def test_a_5xx_that_left_no_trace_is_not_sent_again() -> None:
    """It is an answer, if a bad one; after a 503 that says *again later* nothing is looked for at all."""
    for status, retryable, looks in ((500, False, 1), (503, True, 0)):
        refusal = Response(status, {}, json.dumps(problem(retryable=retryable)).encode())
        service = Service(
            spoil=lambda request, when, refusal=refusal: refusal if request.operation.id == SEND else None
        )
        with pytest.raises(errors.ServerError):
            await send(service)
        assert (0, looks) == (len(service.sent), service.count("listEvents"))


@pytest.mark.virtual_time
async def test_the_ids_of_our_own_events_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that sends tests for years remembers the last few thousand."""
    monkeypatch.setattr("tripwire_async.deliveries.reconcile._MAX_REMEMBERED", 5)
    client = webhooks(Service())
    for number in range(8):
        await client.send_test(ORGANIZATION, endpoint(number))
    assert 5 == client._sender.reconciler.statistics().claimed


async def test_a_thousand_sends_and_one_in_twenty_answers_lost(
    tripwire_server: TripwireServer, tripwire: AsyncTripwire
) -> None:
    """Over the wire: each endpoint is sent exactly one webhook, and every outcome is known."""
    tripwire_server.limit = 100_000
    tripwire_server.set_outcome(DeliveryOutcome("succeeded", after=0.05))
    ids = [tripwire_server.add_endpoint("https://example.com/hook").id for _ in range(1000)]
    with tripwire_server.fail(SEND, Fault.lost_response(), rate=0.05) as rule:
        outcomes = await tripwire.webhooks.send_tests(tripwire_server.organization_id, timeout=60)
    assert rule.hits > 20
    assert {"succeeded"} == {outcome.state for outcome in outcomes}
    assert sorted(ids) == sorted(delivery.endpoint.id for delivery in tripwire_server.deliveries.values())
