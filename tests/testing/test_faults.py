"""Injected faults, from the view of a client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.testing.conftest import Api
from tripwire_async.testing import DeliveryOutcome, Fault, ManualClock, TripwireServer

if TYPE_CHECKING:
    from tripwire_async.testing._service.messages import Reply

EVENTS = "~/events"


async def raw(api: Api, path: str = EVENTS, method: str = "GET") -> tuple[int, aiohttp.typedefs.LooseHeaders, bytes]:
    """Send a request without checking its response against the document."""
    url = api.server.base_url + path.replace("~", f"/v1/organizations/{api.server.organization_id}")
    headers = {"Authorization": f"Bearer {api.server.secret_key}"}
    async with api.session.request(method, url, headers=headers) as response:
        return response.status, response.headers, await response.read()


@pytest.fixture
def send_path(server: TripwireServer) -> str:
    server.set_outcome(DeliveryOutcome("succeeded"))
    return f"~/webhooks/endpoints/{server.add_endpoint('https://example.com/').id}/test"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 429, 500, 503])
async def test_a_status_by_script_is_an_error_of_the_api(api: Api, server: TripwireServer, status: int) -> None:
    """The envelope is the API's own; retryable follows from the status."""
    server.fail("listEvents", Fault.status(status), times=1)
    answer = await api("GET", EVENTS)
    assert (status, status == 429 or status >= 500) == (answer.status, answer.body["error"]["retryable"])
    assert 200 == (await api("GET", EVENTS)).status


async def test_a_status_can_be_dressed_as_wanted(api: Api, server: TripwireServer) -> None:
    """The fault sets the code, message, retryable, next action and Retry-After, also to invalid values."""
    fault = Fault.status(
        503, code="a.b", message="m", retryable=False, retry_after="soon", next_action="contact_support"
    )
    server.fail(None, fault)
    answer = await api("GET", EVENTS)
    error = answer.body["error"]
    assert ("a.b", "m", False, "contact_support", "soon") == (
        error["code"],
        error["message"],
        error["retryable"],
        error["details"]["next_action"],
        answer.headers["Retry-After"],
    )


async def test_html_and_nothing_come_from_something_in_between(api: Api, server: TripwireServer) -> None:
    """The response of a proxy has no headers of the API."""
    server.fail(None, Fault.html(502), times=1)
    status, headers, body = await raw(api)
    assert (502, "text/html", True) == (status, headers["Content-Type"], body.startswith(b"<html>"))
    assert not any(name.startswith("X-") for name in headers)
    server.fail(None, Fault.empty(504), times=1)
    assert (504, b"") == (await raw(api))[::2]


async def test_work_is_done_before_an_answer_is_lost_and_not_before_a_closed_connection(
    api: Api, server: TripwireServer, send_path: str
) -> None:
    """Both look the same to the client, so a POST must not be retried."""
    for fault, events in ((Fault.closed_connection(), 0), (Fault.lost_response(), 1)):
        server.fail("sendTestWebhook", fault, times=1)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await raw(api, send_path, "POST")
        assert events == len(server.state.events)
        assert server.requests[-1].status is None


@pytest.mark.parametrize(("at", "received"), [(None, None), (7, 7)])
async def test_a_body_can_be_cut_off(api: Api, server: TripwireServer, at: int | None, received: int | None) -> None:
    """Status and length arrive, the body in part."""
    server.fail(None, Fault.truncated_body(at))
    with pytest.raises(aiohttp.ClientPayloadError, match=f"received {received}" if received else "received"):
        await raw(api)


async def test_a_delay_goes_by_the_clock_of_the_server(clock: ManualClock, session: aiohttp.ClientSession) -> None:
    """The response is sent when the clock has advanced."""
    async with TripwireServer(clock=clock) as server:
        server.fail(None, Fault.delay(30))
        task = asyncio.create_task(Api(server, session)("GET", EVENTS))
        await server.until(lambda: len(server.requests) == 1 and server.faults.rules[0].hits == 1)
        await clock.advance(29.9)
        assert not task.done()
        await clock.advance(0.1)
        assert 200 == (await task).status


async def test_fields_can_be_malformed_or_missing(api: Api, server: TripwireServer, send_path: str) -> None:
    """A path leads through objects and lists; errors are left as they are."""
    import json

    event = (await api("POST", send_path)).data["event_id"]
    with server.fail("retrieveEvent", Fault.malformed("data.webhook_deliveries.0.attempts", "one")):
        body = json.loads((await raw(api, f"{EVENTS}/{event}"))[2])
        assert "one" == body["data"]["webhook_deliveries"][0]["attempts"]
        assert 404 == (await api("GET", f"{EVENTS}/wevt_{'0' * 32}")).status
    with server.fail("retrieveEvent", Fault.malformed("data.webhook_deliveries.0", None)):
        assert [None] == json.loads((await raw(api, f"{EVENTS}/{event}"))[2])["data"]["webhook_deliveries"]
    with server.fail("retrieveEvent", Fault.missing("data.id")):
        assert "id" not in json.loads((await raw(api, f"{EVENTS}/{event}"))[2])["data"]
    assert event == (await api("GET", f"{EVENTS}/{event}")).data["id"]


async def test_a_body_can_be_anything(api: Api, server: TripwireServer) -> None:
    """An invalid body can have a good status."""
    server.fail(None, Fault.body(b"\xff\x00", "text/plain"))
    status, headers, body = await raw(api)
    assert (200, "text/plain", b"\xff\x00") == (status, headers["Content-Type"], body)


async def test_a_gzip_bomb_is_small_on_the_wire(api: Api, server: TripwireServer) -> None:
    """The body on the network is a thousandth of its inflated size."""
    server.fail(None, Fault.gzip_bomb(2**22))
    _, headers, body = await raw(api)
    assert (2**22, True) == (len(body), int(headers["Content-Length"]) < 2**13)


async def test_the_first_delivery_can_be_null(api: Api, server: TripwireServer, send_path: str) -> None:
    """A test send may respond before anything is recorded."""
    server.fail("sendTestWebhook", Fault.null_latest_delivery())
    assert (await api("POST", send_path)).data["latest_delivery"] is None


@pytest.mark.parametrize("outcome", [None, DeliveryOutcome("succeeded", after=1)])
async def test_a_delivery_can_stay_pending_for_good(
    clock: ManualClock, session: aiohttp.ClientSession, outcome: DeliveryOutcome | None
) -> None:
    """A request or an outcome cannot change it any more; a test still can."""
    async with TripwireServer(clock=clock) as server:
        endpoint = server.add_endpoint("https://example.com/")
        server.set_outcome(outcome)
        server.fail("sendTestWebhook", Fault.stuck_pending(), endpoint_id=endpoint.id)
        sent = await Api(server, session)("POST", f"~/webhooks/endpoints/{endpoint.id}/test")
        await clock.advance(3600)
        await server.delivered()
        [delivery] = server.deliveries.values()
        assert "pending" == delivery.status
        server.settle(sent.data["delivery_ids"][0], "failed", response_status=500)
        assert ("failed", 500) == (delivery.status, delivery.response_status)


async def test_fresh_events_can_be_missing_at_first(api: Api, server: TripwireServer, send_path: str) -> None:
    """Each event is missing as often as the script says, on its own account."""
    server.fail("retrieveEvent", Fault.not_found_at_first(times=2))
    for _ in range(2):
        event = (await api("POST", send_path)).data["event_id"]
        assert [404, 404, 200] == [(await api("GET", f"{EVENTS}/{event}")).status for _ in range(3)]


async def test_pagination_can_lead_nowhere_or_round_in_circles(api: Api, server: TripwireServer) -> None:
    """More without a cursor, and the same cursor for ever."""
    with server.fail("listSessions", Fault.missing_cursor()):
        page = (await api("GET", "/v1/sessions?limit=2")).body["pagination"]
        assert {"limit": 2, "has_more": True} == page
    with server.fail("listSessions", Fault.repeated_cursor()):
        first = (await api("GET", "/v1/sessions?limit=2")).body["pagination"]["next_cursor"]
        second = await api("GET", f"/v1/sessions?limit=2&cursor={first}")
        assert (first, True) == (
            second.body["pagination"]["next_cursor"],
            second.body["pagination"]["has_more"],
        )


async def test_a_rate_is_drawn_from_its_seed(api: Api, server: TripwireServer) -> None:
    """The same seed hits the same requests; the share is about the rate."""
    hits = []
    for _ in range(2):
        with server.fail("listEvents", Fault.status(500), rate=0.3, seed=5) as rule:
            hits.append([(await api("GET", EVENTS)).status for _ in range(40)])
        assert hits[-1].count(500) == rule.hits
    assert hits[0] == hits[1]
    assert 4 <= hits[0].count(500) <= 20


async def test_faults_nest_in_the_order_in_which_they_were_added(api: Api, server: TripwireServer) -> None:
    """The outer one sees the response of the inner one; an error of the work passes through both."""
    order: list[str] = []

    def noted(name: str) -> Fault:
        async def act(service: object, call: object, work: object) -> Reply:
            order.append(name)
            return await work()

        return Fault(name, act)

    server.fail(None, noted("outer"))
    server.fail(None, noted("inner"))
    server.fail(None, noted("elsewhere"), when=lambda call: call.operation == "getSession")
    server.fail(None, noted("other endpoint"), endpoint_id=server.add_endpoint("https://example.com/").id)
    assert 404 == (await api("GET", f"{EVENTS}/wevt_{'0' * 32}")).status
    assert ["outer", "inner"] == order
    server.faults.clear()
    assert 200 == (await api("GET", EVENTS)).status
    assert 2 == len(order)
