"""The control API of the server, from the view of another process."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from tripwire_async import FOIL, TRIPWIRE
from tripwire_async.receiver import verify_signature
from tripwire_async.testing import DeliveryOutcome, Fault, ManualClock, TripwireServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import aiohttp

    from tests.testing.conftest import Api, Receiver


@attrs.frozen
class Control:
    """Requests to the control API of a server."""

    server: TripwireServer
    session: aiohttp.ClientSession

    async def __call__(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body)
        async with self.session.request(
            method, f"{self.server.base_url}{path}", data=data, headers=headers
        ) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    async def state(self) -> Any:
        return (await self("GET", "/_test/state"))[1]

    async def message(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        status, error = await self(method, path, body)
        return status, error["error"]["message"]


@pytest.fixture
async def server() -> AsyncIterator[TripwireServer]:
    async with TripwireServer() as server:
        yield server


@pytest.fixture
def control(server: TripwireServer, session: aiohttp.ClientSession) -> Control:
    return Control(server, session)


async def test_health_and_state_show_what_the_server_holds(control: Control, api: Api, server: TripwireServer) -> None:
    """Endpoints, deliveries, requests and faults, newest first, without any secret."""
    assert (200, "ok") == ((health := await control("GET", "/_test/health"))[0], health[1]["status"])
    endpoint = server.add_endpoint("https://example.com/", name="shop")
    server.set_outcome(DeliveryOutcome("failed", 500))
    server.fail("getSession", Fault.status(503), times=2)
    await api("POST", f"~/webhooks/endpoints/{endpoint.id}/test")
    await api("GET", "~/events")
    state = await control.state()
    assert [("shop", "failed")] == [(item["name"], item["outcome"]) for item in state["endpoints"]]
    assert [("failed", 500, "shop")] == [
        (item["status"], item["response_status"], item["endpoint_name"]) for item in state["deliveries"]
    ]
    assert ["listEvents", "sendTestWebhook"] == [item["operation"] for item in state["requests"]]
    assert state["requests"][0]["id"].startswith("req_")
    assert [("status 503", "getSession", 2, 0)] == [
        (item["fault"], item["operation"], item["times"], item["hits"]) for item in state["faults"]
    ]
    assert {"limit": 600, "window": 60.0, "used": 2} == state["limit"]
    assert {"deliveries": 1, "requests": 2, "rate_limited": 0} == state["totals"]
    text = json.dumps(state)
    assert server.secret_key not in text
    assert endpoint.signing_secret not in text


async def test_a_test_is_sent_without_the_limit_and_without_faults(control: Control, server: TripwireServer) -> None:
    """A person at the page does not take a permit from the program under test."""
    endpoint = server.add_endpoint("https://example.com/")
    server.set_outcome(DeliveryOutcome("succeeded"))
    server.fail(None, Fault.status(503))
    status, sent = await control("POST", "/_test/send", {"endpoint_id": endpoint.id})
    assert (202, "succeeded") == (status, server.deliveries[sent["delivery_ids"][0]].status)
    assert (0, [], 0) == (server.received, list(server.requests), server.limit_use()["used"])


async def test_events_endpoints_and_outcomes_can_be_set(control: Control, receiver: Receiver) -> None:
    """Another process adds its receiver, emits an event, and verifies it with the secret of the response."""
    status, endpoint = await control("POST", "/_test/endpoints", {"url": receiver.url, "name": "mine"})
    assert (201, "mine") == (status, endpoint["name"])
    status, event = await control("POST", "/_test/emit", {"type": "session.result.persisted"})
    await control.server.delivered()
    [webhook] = receiver.received
    verify_signature(webhook.body, webhook.headers, endpoint["signing_secret"])
    assert (202, event["event_id"]) == (status, json.loads(webhook.body)["id"])
    latency = (await control.state())["deliveries"][0]["latency"]
    assert 0 < latency < 5
    outcome = {"endpoint_id": endpoint["id"], "status": "failed", "response_status": 410, "after": 0}
    assert 200 == (await control("POST", "/_test/outcomes", outcome))[0]
    await control("POST", "/_test/send", {"endpoint_id": endpoint["id"]})
    assert 410 == (await control.state())["deliveries"][0]["response_status"]
    await control("POST", "/_test/outcomes", {"endpoint_id": endpoint["id"], "status": None})
    assert [None] == [item["outcome"] for item in (await control.state())["endpoints"]]


async def test_faults_are_added_and_removed(control: Control, api: Api) -> None:
    """The id of the response removes the fault."""
    await control("POST", "/_test/faults", {"kind": "delay", "seconds": 0, "operation": "getSession"})
    status, fault = await control("POST", "/_test/faults", {"status": 503, "retry_after": 2, "operation": "listEvents"})
    answer = await api("GET", "~/events")
    assert (201, 503, "2") == (status, answer.status, answer.headers["Retry-After"])
    await control("POST", "/_test/faults", {"status": 500, "operation": "getSession"})
    assert (204, None) == await control("DELETE", f"/_test/faults/{fault['id']}")
    assert ["getSession", "getSession"] == [rule.describe()["operation"] for rule in control.server.faults.rules]
    assert 200 == (await api("GET", "~/events")).status
    assert (404, f"There is no fault {fault['id']}.") == await control.message("DELETE", f"/_test/faults/{fault['id']}")


@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        ("closed_connection", None),
        ("delay", None),
        ("empty", None),
        ("html", None),
        ("lost_response", None),
        ("missing_cursor", "listSessions"),
        ("not_found_at_first", "retrieveEvent"),
        ("null_latest_delivery", "sendTestWebhook"),
        ("rate_limited", None),
        ("repeated_cursor", "listSessions"),
        ("slow_endpoint", "sendTestWebhook"),
        ("stuck_pending", "sendTestWebhook"),
        ("truncated_body", None),
    ],
)
async def test_each_kind_of_fault_has_a_fitting_operation(control: Control, kind: str, operation: str | None) -> None:
    """A fault that changes the response of one operation applies to that operation."""
    status, fault = await control("POST", "/_test/faults", {"kind": kind, "times": 1})
    assert (201, operation, 1) == (status, fault["operation"], fault["times"])


async def test_a_slow_endpoint_delays_deliveries(control: Control, api: Api, server: TripwireServer) -> None:
    """Posted deliveries and fixed outcomes alike; the response to the send is not delayed."""
    await control("POST", "/_test/faults", {"kind": "slow_endpoint", "seconds": 60})
    endpoint = server.add_endpoint("https://example.com/")
    for outcome in (DeliveryOutcome("succeeded"), None):
        server.set_outcome(outcome)
        assert 202 == (await api("POST", f"~/webhooks/endpoints/{endpoint.id}/test")).status
    assert ["pending", "pending"] == [delivery.status for delivery in server.deliveries.values()]


async def test_a_delivery_has_a_payload_to_replay(control: Control, server: TripwireServer) -> None:
    """It is signed when it is read; the curl command contains the same headers and body."""
    endpoint = server.add_endpoint("https://example.com/it's")
    server.set_outcome(DeliveryOutcome("succeeded", after=60))
    _, sent = await control("POST", "/_test/send", {"endpoint_id": endpoint.id})
    path = f"/_test/deliveries/{sent['delivery_ids'][0]}"
    webhook = (await control("GET", path))[1]["webhook"]
    verify_signature(webhook["body"].encode(), webhook["headers"], endpoint.signing_secret)
    assert webhook["headers"]["X-Tripwire-Signature"] in webhook["curl"]
    assert webhook["curl"].startswith("curl --request POST ")
    status, settled = await control("POST", f"{path}/settle", {"status": "failed", "response_status": 500})
    assert (200, "failed", 500) == (status, settled["status"], settled["response_status"])
    for method, missing in (("GET", "/_test/deliveries/wdlv_1"), ("POST", "/_test/deliveries/wdlv_1/settle")):
        body = {"status": "failed"} if method == "POST" else None
        assert (404, "There is no delivery wdlv_1.") == await control.message(method, missing, body)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("send", {"endpoint_id": "nope"}, "unknown endpoint id 'nope': the server has no endpoints yet."),
        ("send", {}, "Object missing required field `endpoint_id`."),
        ("emit", {"type": "session.result.persistet"}, "did you mean session.result.persisted?"),
        ("faults", {"operation": "send_test", "status": 503}, "did you mean sendTestWebhook?"),
        ("faults", {"status": 503, "operaton": "x"}, "unknown field `operaton`. Did you mean operation?"),
        ("faults", {"kind": "lost_respons"}, "Did you mean lost_response?"),
        ("faults", {"kind": "quokka"}, "Choose from: closed_connection, delay, "),
        ("faults", {"status": 200}, "Expected `int` >= 400 - at `$.status`."),
        ("faults", {"operation": "listEvents"}, "Give the status of a response, or the kind of a fault: closed_"),
        ("outcomes", {"status": "succeded"}, "Did you mean succeeded?"),
        ("endpoints", {"url": "http://127.0.0.1/", "event_types": ["webhook"]}, 'unknown event type "webhook"'),
        ("clock", {"advance": -1}, "Expected `float` >= 0.0 - at `$.advance`."),
    ],
)
async def test_a_mistake_is_a_422_with_advice(control: Control, path: str, body: object, message: str) -> None:
    """The message names the wrong value and similar names; nothing is changed."""
    status, text = await control.message("POST", f"/_test/{path}", body)
    assert (422, True) == (status, message in text), text
    assert [] == control.server.faults.rules


async def test_a_path_or_method_that_does_not_exist_is_named(control: Control) -> None:
    """With similar paths, or with the methods that exist."""
    assert (404, "The control API has no /_test/sate. Try /_test/state.") == await control.message("GET", "/_test/sate")
    assert 404 == (await control("GET", "/_test/quokka/1/2/3"))[0]
    assert (405, "/_test/faults supports POST.") == await control.message("GET", "/_test/faults")
    assert (405, "/ supports GET.") == await control.message("POST", "/")
    async with control.session.post(f"{control.server.base_url}/_test/send", data="{") as response:
        assert (400, "request.malformed") == (response.status, (await response.json())["error"]["code"])


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"Host": "example.com"},
        {"Host": "127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_other_websites_cannot_control_the_server(control: Control, headers: dict[str, str]) -> None:
    """A page of another website, also one with a name that leads to this machine, gets 403 and no CORS header."""
    status, error = await control("POST", "/_test/reset", headers=headers)
    assert (403, "auth.forbidden") == (status, error["error"]["code"])
    url = f"{control.server.base_url}/_test/state"
    async with control.session.get(url, headers=headers) as response:
        assert (403, None) == (response.status, response.headers.get("Access-Control-Allow-Origin"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_the_page_of_the_server_may_control_it(control: Control, host: str) -> None:
    """Under both names of this machine."""
    port = control.server.base_url.rpartition(":")[2]
    headers = {"Host": f"{host}:{port}", "Origin": f"http://{host}:{port}", "Sec-Fetch-Site": "same-origin"}
    assert 200 == (await control("POST", "/_test/reset", headers=headers))[0]


async def test_the_page_is_one_file_with_a_strict_policy(control: Control) -> None:
    """It contains its style and script, and no key; the policy permits nothing else."""
    server = control.server
    async with control.session.get(server.base_url) as response:
        text, policy = await response.text(), response.headers["Content-Security-Policy"]
    assert (200, "text/html; charset=utf-8") == (response.status, response.headers["Content-Type"])
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "EventSource" in text
    assert server.secret_key not in text
    assert server.received == 0


async def test_the_clock_can_be_advanced_if_it_is_manual(control: Control, session: aiohttp.ClientSession) -> None:
    """A delivery whose time has come settles; real time cannot be moved."""
    status, message = await control.message("POST", "/_test/clock", {"advance": 1})
    assert (409, True) == (status, "runs on real time" in message)
    async with TripwireServer(clock=ManualClock()) as server:
        other = Control(server, session)
        endpoint = server.add_endpoint("https://example.com/")
        server.set_outcome(DeliveryOutcome("succeeded", after=60))
        await other("POST", "/_test/send", {"endpoint_id": endpoint.id})
        assert (200, {"now": 60.0}) == await other("POST", "/_test/clock", {"advance": 60})
        state = await other.state()
        assert ("succeeded", True) == (state["deliveries"][0]["status"], state["clock"]["manual"])


async def test_a_reset_keeps_keys_and_endpoints(control: Control, api: Api, server: TripwireServer) -> None:
    """Deliveries in progress end, and the limit is unused again."""
    endpoint = server.add_endpoint("https://example.com/")
    server.fail(None, Fault.delay(0))
    for outcome in (DeliveryOutcome("succeeded", after=60), None):
        server.set_outcome(outcome)
        await api("POST", f"~/webhooks/endpoints/{endpoint.id}/test")
    server.set_outcome(DeliveryOutcome("failed"))
    assert (200, {"status": "ok"}) == await control("POST", "/_test/reset")
    state = await control.state()
    assert [[], [], []] == [state[name] for name in ("deliveries", "requests", "faults")]
    assert (0, None) == (state["limit"]["used"], state["endpoints"][0]["outcome"])
    assert 200 == (await api("GET", "~/events")).status


async def events(control: Control, count: int) -> AsyncIterator[tuple[str, Any]]:
    """Yield the first *count* events of the stream."""
    async with control.session.get(f"{control.server.base_url}/_test/events") as response:
        assert "text/event-stream" == response.headers["Content-Type"]
        for _ in range(count):
            lines = (await response.content.readuntil(b"\n\n")).decode().splitlines()
            yield lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: "))


async def test_the_stream_sends_the_state_and_then_changes(control: Control, api: Api) -> None:
    """Of the lists, only new and changed items."""
    await api("GET", "~/events")
    stream = events(control, 3)
    kind, state = await anext(stream)
    assert ("state", 1) == (kind, len(state["requests"]))
    await api("GET", "~/webhooks/endpoints")
    kind, change = await anext(stream)
    assert ("change", ["listWebhookEndpoints"]) == (kind, [item["operation"] for item in change["requests"]])
    assert "endpoints" not in change
    await control("POST", "/_test/reset")
    assert [] == (await anext(stream))[1]["requests"]
    await stream.aclose()


async def test_an_open_stream_does_not_keep_the_server(session: aiohttp.ClientSession) -> None:
    """The server ends the streams when it is closed."""
    server = TripwireServer()
    await server.start()
    async with session.get(f"{server.base_url}/_test/events") as response:
        await response.content.readuntil(b"\n\n")
        async with asyncio.timeout(1):
            await server.aclose()
            assert b"" == await response.content.read()


async def test_a_stream_whose_page_is_gone_is_forgotten(control: Control, api: Api) -> None:
    """Later changes are sent to the open streams only."""
    for _ in range(2):
        stream = events(control, 1)
        await anext(stream)
        await stream.aclose()
    assert 200 == (await api("GET", "~/events")).status


@pytest.mark.parametrize("profile", [TRIPWIRE, FOIL], ids=lambda profile: profile.name)
async def test_the_document_describes_both_apis(session: aiohttp.ClientSession, profile: Any) -> None:
    """It has the operations of the profile, the control API, and references that lead somewhere."""
    async with TripwireServer(profile=profile) as server:
        _, document = await Control(server, session)("GET", "/_test/openapi.json")
        assert server.base_url == document["servers"][0]["url"]
    operations = {
        operation["operationId"]
        for path in document["paths"].values()
        for method, operation in path.items()
        if method in {"get", "post", "put", "patch", "delete"}
    }
    assert profile.operations == {name for name in operations if not name.startswith("control")}
    assert {"controlSend", "controlAddFault", "controlState"} <= operations
    schemas = document["components"]["schemas"]
    assert schemas["NewFault"]["properties"]["rate"]["maximum"] == 1
    for text in json.dumps(document).split('"$ref": "#/components/schemas/')[1:]:
        assert text.partition('"')[0] in schemas
