"""Reads that fail, and events that cannot be decoded, while deliveries are awaited."""

from __future__ import annotations

import asyncio
import traceback
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.support.delivery_service import ORGANIZATION, endpoint
from tests.support.event_store import EventStore, answering, client_of, constant, rejection, send
from tripwire_async._http.api_calls import ApiResponse
from tripwire_async._http.messages import CallStats, Response
from tripwire_async.deliveries._event_page import EventPage, RawEventPage, decode_page
from tripwire_async.errors import (
    AuthenticationError,
    DeliveryError,
    DeliveryTimeoutError,
    PermissionDeniedError,
    ResponseDecodeError,
    ServerError,
)

if TYPE_CHECKING:
    from tripwire_async._http.messages import Request


def damaged(body: bytes) -> bytes:
    """Return *body* with the status of the first event's delivery made a number."""
    return body.replace(b'"status": "pending"', b'"status": 5', 1).replace(b'"status": "succeeded"', b'"status": 5', 1)


class _Damaged(EventStore):
    """A store whose first event cannot be decoded, on pages, singly, or both."""

    where: frozenset[str] = frozenset({"listEvents"})

    def serve(self, request: Request, now: float) -> Response:
        response = super().serve(request, now)
        name = request.operation.id
        if name not in self.where or (name == "retrieveEvent" and not request.url.name.endswith("0" * 31 + "0")):
            return response
        body = response.body
        if name == "listEvents":
            head, separator, tail = body.rpartition(b'{"object": "event", "id": "wevt_' + b"0" * 32)
            body = head + separator + damaged(tail)
        else:
            body = damaged(body)
        return Response(response.status, response.headers, body)


@pytest.mark.virtual_time
async def test_one_event_that_cannot_be_decoded_does_not_invalidate_the_page() -> None:
    """The others settle by pages; the one is read singly, and settles too."""
    store = _Damaged(constant(2.0))
    handles = await send(client_of(store), 20)
    await asyncio.gather(*(handle.settled(60.0) for handle in handles))
    assert {0} == {number for _, number in store.reads if number is not None}
    assert store.singles <= 4


class _Renamed(EventStore):
    """A store whose pages name the subject of an event, its data and its type otherwise."""

    def serve(self, request: Request, now: float) -> Response:
        response = super().serve(request, now)
        if request.operation.id != "listEvents":
            return response
        body = response.body.replace(b'"subject": {', b'"about": {').replace(b'"data": {}', b'"data": 5')
        return Response(response.status, response.headers, body.replace(b'"type": "webhook.test"', b'"kind": "test"'))


@pytest.mark.virtual_time
async def test_only_the_id_and_the_deliveries_of_the_events_of_a_page_matter() -> None:
    """All settle by pages, whatever else an event contains."""
    store = _Renamed(constant(2.0))
    await asyncio.gather(*(handle.settled(60.0) for handle in await send(client_of(store), 20)))
    assert 0 == store.singles


@pytest.mark.virtual_time
async def test_no_page_is_read_for_an_event_that_cannot_be_decoded() -> None:
    """It is read singly from the first page on, also where it could not have been pushed off that page."""
    store = _Damaged(lambda rng: 20.0 if store.events else 2.0)
    waits = [asyncio.create_task(handle.settled(60.0)) for handle in await send(client_of(store), 20)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    assert (1, 5) == (store.singles, store.pages)
    await asyncio.wait(waits)


@pytest.mark.virtual_time
async def test_a_wait_fails_after_three_single_reads_of_its_own_event_that_cannot_be_decoded() -> None:
    """The other waits continue."""
    store = _Damaged(constant(2.0))
    store.where = frozenset({"listEvents", "retrieveEvent"})
    handles = await send(client_of(store), 5)
    ends = await asyncio.gather(*(handle.settled(60.0) for handle in handles), return_exceptions=True)
    assert [ResponseDecodeError] == [type(end) for end in ends if isinstance(end, Exception)]
    assert 3 == store.singles


def page_of(data: bytes) -> EventPage:
    return decode_page(ApiResponse(RawEventPage(msgspec.Raw(data)), 200, {}, b"", "req_1", CallStats()))


@pytest.mark.parametrize("data", [b"5", b'{"events": []}', b"["])
def test_the_error_of_a_page_that_is_not_a_list_concerns_the_whole_page(data: bytes) -> None:
    """Also if the JSON itself is malformed."""
    with pytest.raises(ResponseDecodeError) as caught:
        page_of(data)
    assert ("$", "req_1") == (caught.value.path, caught.value.request_id)


def test_the_error_of_an_event_names_the_field() -> None:
    """Values that are not even an event with an id have no error."""
    page = page_of(b'["x", {"id": 7}, {"object": 5, "id": "wevt_1"}]')
    assert ({"wevt_1": "$.object"}, 3) == ({id_: error.path for id_, error in page.undecodable.items()}, page.count)


@pytest.mark.parametrize(("count", "is_full"), [(199, False), (200, True)])
def test_a_page_of_200_events_has_no_room_for_more(count: int, is_full: bool) -> None:
    """Also if some of them could not be decoded."""
    assert is_full == page_of(b"[" + b",".join([b"5"] * count) + b"]").is_full


class _Deleting(EventStore):
    """A store that deletes its first event after a second."""

    def result(self, request: Request, now: float) -> tuple[int, bytes]:
        if now < 1.0 or not self.events:
            return super().result(request, now)
        if request.operation.id == "retrieveEvent" and request.url.name.endswith("0" * 32):
            return 404, rejection(404).body
        kept = self.events
        self.events = self.events[1:] if request.operation.id == "listEvents" else kept
        try:
            return super().result(request, now)
        finally:
            self.events = kept


@pytest.mark.virtual_time
@pytest.mark.parametrize("count", [1, 5])
async def test_an_event_that_is_deleted_during_a_run_is_one_unknown_outcome(count: int) -> None:
    """The run does not wait for it until its timeout, and the other outcomes are those of their deliveries."""
    store = _Deleting(constant(10.0))
    run = client_of(store).send_tests(ORGANIZATION, [endpoint(number) for number in range(count)], timeout=600.0)
    outcomes = await run
    assert [*["succeeded"] * (count - 1), "unknown"] == sorted(outcome.state for outcome in outcomes)
    (error,) = (outcome.error for outcome in outcomes if outcome.state == "unknown")
    assert isinstance(error, DeliveryError)
    assert "may have been deleted" in str(error)
    assert asyncio.get_running_loop().time() < 60.0


HTML = Response(200, {}, b"<html>maintenance</html>")


@pytest.mark.virtual_time
async def test_a_page_of_html_is_read_again() -> None:
    """It has no information about the deliveries; without a later read it is the cause of a timeout."""
    store = EventStore(constant(2.0), fail=answering("listEvents", HTML, HTML, None))
    await asyncio.gather(*(handle.settled(60.0) for handle in await send(client_of(store), 10)))
    assert 0 == store.singles
    store = EventStore(constant(2.0), fail=answering("listEvents", HTML))
    ends = await asyncio.gather(
        *(handle.settled(20.0) for handle in await send(client_of(store), 5)), return_exceptions=True
    )
    assert {(DeliveryTimeoutError, ResponseDecodeError)} == {
        (type(end), type(end.__cause__)) for end in ends if isinstance(end, BaseException)
    }


@pytest.mark.virtual_time
@pytest.mark.parametrize("body", [b'{"data": 5}', b'{"data": "x", "meta": {}}', b'{"events": []}'])
async def test_where_pages_have_another_shape_the_awaited_events_are_read_singly(body: bytes) -> None:
    """For half a minute; then a page is tried again."""
    store = EventStore(constant(2.0), fail=answering("listEvents", Response(200, {}, body)))
    await asyncio.gather(*(handle.settled(60.0) for handle in await send(client_of(store), 10)))
    assert 10 <= store.singles <= 50


@pytest.mark.virtual_time
async def test_an_event_without_an_id_is_passed_over() -> None:
    """Its waits end with an error."""
    event = EventStore().accept(endpoint(0), 0.0)
    page = b'{"data": [{"object": "event"}, 5, ' + event.body(9.0).encode() + b"]}"
    store = EventStore(constant(2.0), fail=answering("listEvents", Response(200, {}, page)))
    handles = await send(client_of(store), 4)
    ends = await asyncio.gather(*(handle.settled(60.0) for handle in handles))
    assert {"succeeded"} == {end.status for end in ends}
    assert {1, 2, 3} == {number for _, number in store.reads if number is not None}


@pytest.mark.virtual_time
@pytest.mark.parametrize(("operation", "count"), [("listEvents", 5), ("retrieveEvent", 2)])
@pytest.mark.parametrize(("status", "error"), [(401, AuthenticationError), (403, PermissionDeniedError)])
async def test_a_key_that_is_rejected_ends_all_waits(
    operation: str, count: int, status: int, error: type[Exception]
) -> None:
    """Waiting does not make it valid."""
    store = EventStore(fail=answering(operation, rejection(status)))
    handles = await send(client_of(store), count)
    ends = await asyncio.gather(*(handle.settled(60.0) for handle in handles), return_exceptions=True)
    assert [error] * count == [type(end) for end in ends]


@pytest.mark.virtual_time
async def test_an_error_that_ends_many_waits_has_the_traceback_of_one() -> None:
    """Otherwise the frames of thousands of waits would be kept, and printed for each of them."""
    store = EventStore(fail=answering("listEvents", rejection(403)))
    handles = await send(client_of(store), 100)
    ends = await asyncio.gather(*(handle.settled(60.0) for handle in handles), return_exceptions=True)
    errors = [end for end in ends if isinstance(end, PermissionDeniedError)]
    assert 100 == len(errors)
    for error in errors:
        functions = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        assert 1 == functions.count("settled")
        assert "_make" in functions


@pytest.mark.virtual_time
@pytest.mark.parametrize(("operation", "count"), [("listEvents", 5), ("retrieveEvent", 2)])
async def test_a_firewall_that_rejects_a_read_ends_no_wait(operation: str, count: int) -> None:
    """Its response is not the service's own, so it does not mean that the key is invalid."""
    store = EventStore(constant(2.0), fail=answering(operation, rejection(403, None), None))
    handles = await send(client_of(store), count)
    assert {"succeeded"} == {end.status for end in await asyncio.gather(*(handle.settled(60.0) for handle in handles))}


@pytest.mark.virtual_time
async def test_another_rejection_of_a_single_read_ends_the_waits_for_that_event_alone() -> None:
    """Such as a 410 for one of two."""
    store = EventStore(constant(2.0), fail=answering("retrieveEvent", rejection(410), None))
    ends = await asyncio.gather(
        *(handle.settled(60.0) for handle in await send(client_of(store), 2)), return_exceptions=True
    )
    assert 1 == sum(isinstance(end, Exception) for end in ends)


@pytest.mark.virtual_time
async def test_a_failed_refresh_is_the_cause_of_a_later_timeout() -> None:
    """The time of the last information about the delivery."""
    store = EventStore(constant(1000.0), fail=answering("retrieveEvent", rejection(503)))
    (handle,) = await send(client_of(store), 1)
    with pytest.raises(ServerError):
        await handle.refresh()
    with pytest.raises(DeliveryTimeoutError) as caught:
        await handle.settled(0.1)
    assert isinstance(caught.value.__cause__, ServerError)


@pytest.mark.virtual_time
async def test_a_page_that_is_due_when_all_waits_end_is_not_read() -> None:
    """No wait needs it any more."""
    store = EventStore(constant(9.0), latency=(0.0, 0.0), fail=answering("listEvents", rejection(503)))
    ends = await asyncio.gather(
        *(handle.settled(1.0004) for handle in await send(client_of(store), 3)), return_exceptions=True
    )
    assert [DeliveryTimeoutError] * 3 == [type(end) for end in ends]
    await asyncio.sleep(5.0)
    assert asyncio.get_running_loop().time() == pytest.approx(6.0, abs=0.01)
