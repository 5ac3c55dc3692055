"""The server's own life: start, stop, what it remembers, how it is waited for."""

from __future__ import annotations

import asyncio
import importlib
import io
import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web

import tripwire_async.testing
from tests.testing.conftest import Api, Receiver
from tripwire_async import FOIL, TRIPWIRE
from tripwire_async.cli import main
from tripwire_async.errors import ConfigurationError
from tripwire_async.receiver import verify_signature
from tripwire_async.testing import DeliveryOutcome, Fault, TripwireServer, WebhookSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tripwire_async.testing import ManualClock


async def test_stopping_leaves_nothing_behind(receiver: Receiver, clock: ManualClock) -> None:
    """Deliveries in progress, requests that hang and waiting outcomes end with the server; closing twice is fine."""
    receiver.answers = False
    before = asyncio.all_tasks()
    server = TripwireServer(webhooks=WebhookSettings(delay=0, timeout=60))
    async with server:
        slow = server.add_endpoint("https://example.com/")
        server.set_outcome(DeliveryOutcome("succeeded", after=60), endpoint_id=slow.id)
        server.add_endpoint(receiver.url)
        event = server.emit("session.result.persisted")
        await server.until(lambda: bool(receiver.received) or event.deliveries[1].status == "delivering")
    await server.aclose()
    assert {"pending", "delivering"} == {delivery.status for delivery in event.deliveries}
    assert [] == [task for task in asyncio.all_tasks() - before if "deliver" in task.get_name()]


async def test_a_waiter_that_is_cancelled_is_forgotten(api: Api, server: TripwireServer) -> None:
    """Conditions without a waiting task are not evaluated again."""
    tried: list[int] = []
    task = asyncio.create_task(server.until(lambda: bool(tried.append(1))))
    others = [asyncio.create_task(server.until(lambda: bool(server.requests))) for _ in range(2)]
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await api("GET", "~/events")
    await asyncio.gather(*others)
    assert [1] == tried


async def test_requests_are_remembered_without_secrets(api: Api, server: TripwireServer) -> None:
    """Method, path, operation, status, key and harmless headers; the authorization is dropped."""
    headers = {"Authorization": f"Bearer {server.secret_key}", "X-Client-Request-Id": "mine"}
    async with api.session.get(f"{server.base_url}/v1/sessions?limit=1", headers=headers):
        pass
    [request] = server.requests
    assert ("GET", "/v1/sessions", "listSessions", 200, server.key.id, b"") == (
        request.method,
        request.path,
        request.operation,
        request.status,
        request.key_id,
        request.body,
    )
    assert "mine" == request.headers["x-client-request-id"]
    assert "authorization" not in request.headers
    assert server.secret_key not in repr(server.key)


async def test_remembering_can_be_turned_off(session: aiohttp.ClientSession) -> None:
    """A server for benchmarks keeps no log."""
    async with TripwireServer(record_limit=0) as server:
        assert 200 == (await Api(server, session)("GET", "~/events")).status
        assert [] == list(server.requests)


async def test_a_body_of_more_than_a_mebibyte_is_too_much(api: Api) -> None:
    """A huge request is rejected before it is read to the end."""
    headers = {"Authorization": f"Bearer {api.server.secret_key}"}
    url = f"{api.server.base_url}/v1/organizations"
    async with api.session.post(url, headers=headers, data=io.BytesIO(b" " * 1_100_000)) as response:
        body = await response.json()
        assert (413, "request.too_large") == (response.status, body["error"]["code"])


async def test_a_client_that_disconnects_affects_no_other(clock: ManualClock, session: aiohttp.ClientSession) -> None:
    """A truncated response whose client has disconnected is dropped."""
    async with TripwireServer(clock=clock) as server:
        server.fail(None, Fault.delay(1))
        server.fail(None, Fault.closed_connection())
        task = asyncio.create_task(Api(server, session)("GET", "~/events"))
        await server.until(lambda: bool(server.requests))
        task.cancel()
        await asyncio.wait([task])
        await clock.advance(1)
        server.faults.clear()
        assert 200 == (await Api(server, session)("GET", "~/events")).status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/x", 404),
        ("GET", "/v1", 404),
        ("GET", "/v2/sessions", 404),
        ("GET", "/v1/sessions/", 404),
        ("GET", "/v1/sessions/a/b", 404),
        ("PUT", "/v1/sessions", 405),
    ],
)
async def test_where_nothing_is_served_the_envelope_says_so(
    session: aiohttp.ClientSession, server: TripwireServer, method: str, path: str, status: int
) -> None:
    """Unknown routes and methods return errors of the API."""
    async with session.request(method, server.base_url + path) as response:
        assert (status, status) == (response.status, (await response.json())["error"]["status"])
        assert ("GET" if status == 405 else None) == response.headers.get("Allow")


async def test_a_quoted_id_is_one_id(api: Api) -> None:
    """A slash in an id, quoted as it must be, leads to no other operation."""
    answer = await api("GET", "/v1/sessions/a%2Fb")
    assert (404, True) == (answer.status, "a/b" in answer.body["error"]["message"])


async def test_events_are_made_up_for_the_types_about_sessions(server: TripwireServer, receiver: Receiver) -> None:
    """Endpoints receive the types that they subscribe to; other types require data."""
    server.add_endpoint(receiver.url, event_types=["webhook.test"])
    server.add_endpoint(receiver.url, event_types=["session.result.persisted"])
    server.emit("session.result.persisted")
    await server.delivered()
    [webhook] = receiver.received
    assert "session_result" == json.loads(webhook.body)["data"]["object"]
    with pytest.raises(ValueError, match=r"event_type 'webhook\.test' has no default data: pass data="):
        server.emit("webhook.test")


async def test_fingerprint_events_exist_under_tripwire_only(server: TripwireServer, receiver: Receiver) -> None:
    """Foil rejects the type before anything is sent."""
    server.add_endpoint(receiver.url, event_types=["session.fingerprint.calculated"])
    if server.profile == FOIL:
        with pytest.raises(ValueError, match=r"session\.fingerprint\.calculated is not an event type of Foil"):
            server.emit("session.fingerprint.calculated")
        return
    server.emit("session.fingerprint.calculated")
    await server.delivered()
    [webhook] = receiver.received
    assert "session_fingerprint" == json.loads(webhook.body)["data"]["object"]


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    """An endpoint that sends elsewhere has not received anything."""
    receiver.respond = lambda: web.Response(status=302, headers={"Location": receiver.url})
    async with TripwireServer(webhooks=WebhookSettings(delay=0, max_attempts=1)) as server:
        server.add_endpoint(receiver.url)
        [delivery] = server.emit("session.result.persisted").deliveries
        await server.delivered()
        assert ("failed", 302, 1) == (delivery.status, delivery.response_status, len(receiver.received))


async def test_a_huge_answer_is_read_in_part_only(receiver: Receiver) -> None:
    """An endpoint cannot fill the server's memory."""
    receiver.respond = lambda: web.Response(body=b"x" * 1_000_000)
    async with TripwireServer(webhooks=WebhookSettings(delay=0)) as server:
        server.add_endpoint(receiver.url)
        [delivery] = server.emit("session.result.persisted").deliveries
        await server.delivered()
        assert ("succeeded", 2_048) == (delivery.status, len(delivery.response_body or ""))


async def test_the_test_can_send_the_webhooks(session: aiohttp.ClientSession) -> None:
    """With posting turned off a delivery stays as it is until the test settles it."""
    async with TripwireServer(webhooks=WebhookSettings(enabled=False)) as server:
        server.add_endpoint("https://example.com/")
        [delivery] = server.emit("session.result.persisted").deliveries
        await server.delivered()
        assert "pending" == delivery.status
        server.settle(delivery.id, "succeeded", response_status=204)
        assert (True, 204) == (delivery.is_settled, delivery.response_status)


async def test_a_script_ends_a_delivery_when_its_time_has_come(clock: ManualClock) -> None:
    """The clock of the server decides; a hand that settles first wins."""
    async with TripwireServer(clock=clock) as server:
        server.add_endpoint("https://example.com/")
        server.set_outcome(DeliveryOutcome("failed", 500, after=5))
        first, second = (server.emit("session.result.persisted").deliveries[0] for _ in range(2))
        server.settle(second.id, "succeeded")
        await clock.advance(5)
        await server.delivered()
        assert ("failed", "succeeded") == (first.status, second.status)


@pytest.mark.parametrize("name", tripwire_async.testing.__all__)
def test_the_public_names_are_there(name: str) -> None:
    """Each name that the package lists can be had from it."""
    assert name == getattr(tripwire_async.testing, name).__name__


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Names are imported on first use, and only existing ones."""
    with pytest.raises(AttributeError, match="no attribute 'TripwireSever'"):
        _ = tripwire_async.testing.TripwireSever


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
async def test_the_server_runs_in_a_process_of_its_own(
    session: aiohttp.ClientSession, number: int, status: int
) -> None:
    """It prints its URL in one line of JSON, settles deliveries on request, and ends cleanly on a signal."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tripwire_async.testing", "--limit", "9", "--settle", stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    printed = json.loads(await process.stdout.readline())
    headers = {"Authorization": f"Bearer {printed['secret_key']}"}
    async with session.get(
        f"{printed['base_url']}/v1/organizations/{printed['organization_id']}/events", headers=headers
    ) as response:
        assert (200, "9") == (response.status, response.headers["X-RateLimit-Limit"])
    process.send_signal(number)
    assert (b"", status) == (await process.stdout.read(), await process.wait())


async def test_a_process_tells_at_its_end_what_came(session: aiohttp.ClientSession) -> None:
    """Two sends to the first of two endpoints and a third that is rejected: three requests, two deliveries."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tripwire_async.testing", "--settle", "--counters"),
        *("--limit", "2", "--endpoints", "2"),
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    printed = json.loads(await process.stdout.readline())
    first, _ = printed["endpoint_ids"]
    url = f"{printed['base_url']}/v1/organizations/{printed['organization_id']}/webhooks/endpoints/{first}/test"
    for status in (202, 202, 429):
        async with session.post(url, headers={"Authorization": f"Bearer {printed['secret_key']}"}) as response:
            assert status == response.status
    process.terminate()
    expected = {"requests": 3, "rate_limited": 1, "window_peak": 3, "deliveries": 2, "endpoints_reached": 1}
    assert (expected, 0) == (json.loads(await process.stdout.read()), await process.wait())


class StopsWhenItHasSpoken(io.StringIO):
    """A terminal whose user presses Ctrl-C once the server has printed where it is."""

    def flush(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("options", [[], ["--settle", "--port", "0", "--window", "2.5"], ["--counters"]])
@pytest.mark.parametrize("has_uvloop", [True, False])
def test_a_process_can_be_had_with_and_without_uvloop(
    monkeypatch: pytest.MonkeyPatch, options: list[str], has_uvloop: bool
) -> None:
    """The faster loop is taken where it is installed; a signal ends either."""
    if not has_uvloop:
        monkeypatch.setitem(sys.modules, "uvloop", None)
    terminal = StopsWhenItHasSpoken()
    monkeypatch.setattr(sys, "stdout", terminal)
    organization = f"org_{'0' * 26}"
    status = main(["serve", "--json", *options, "--secret-key", "sk_test_mine", "--organization-id", organization])
    assert 130 == status
    printed, *counters = [json.loads(line) for line in terminal.getvalue().splitlines()]
    assert ("--counters" in options) == bool(counters)
    assert ("sk_test_mine", organization) == (printed["secret_key"], printed["organization_id"])


async def test_gate_controls_are_an_error_under_foil() -> None:
    """Foil has no Gate; the message names the remedy."""
    server = TripwireServer(profile=FOIL)
    for control in (
        lambda: server.gate_service,
        lambda: server.approve_gate_session("x", {}),
        lambda: server.reject_gate_session("x"),
        lambda: server.expire_gate_session("x"),
        server.add_agent_token,
        lambda: server.consent_to_login("x"),
    ):
        with pytest.raises(ConfigurationError, match="Foil has no Gate: create the server with profile=TRIPWIRE"):
            control()


async def test_an_operation_of_the_other_profile_is_not_found(session: aiohttp.ClientSession) -> None:
    """A server is one of the two, never both."""
    for profile, path in ((FOIL, "/v1/gate/registry"), (TRIPWIRE, "/v1/unknown")):
        async with (
            TripwireServer(profile=profile) as server,
            session.get(server.base_url + path) as response,
        ):
            body = await response.json()
            assert (404, "request.not_found") == (response.status, body["error"]["code"])


async def test_webhooks_are_signed_with_the_headers_of_the_profile(server: TripwireServer, receiver: Receiver) -> None:
    """And with no others."""
    endpoint = server.add_endpoint(receiver.url)
    server.emit("session.result.persisted")
    await server.delivered()
    (webhook,) = receiver.received
    verify_signature(webhook.body, webhook.headers, endpoint.signing_secret)
    assert server.profile.signature_header in webhook.headers
    assert server.profile.other.signature_header not in webhook.headers
    assert webhook.headers["User-Agent"].startswith(server.profile.title)


async def test_the_limit_and_the_webhook_settings_can_be_changed(server: TripwireServer) -> None:
    """While the server runs."""
    server.limit = 7
    server.webhooks = WebhookSettings(enabled=False)
    assert (7, False) == (server.limit, server.webhooks.enabled)


async def test_a_client_that_leaves_before_half_a_body_is_sent_is_not_an_error(
    server: TripwireServer, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """The server logs nothing about it."""
    left = asyncio.Event()

    async def wait(service: object, request: object, proceed: Callable[[], Awaitable[Any]]) -> Any:
        await left.wait()
        return await proceed()

    server.fail(None, Fault.truncated_body())
    rule = server.fail(None, Fault("wait", wait))
    headers = {"Authorization": f"Bearer {server.secret_key}"}
    url = f"{server.base_url}/v1/organizations/{server.organization_id}"
    request = asyncio.create_task(session.get(url, headers=headers))
    await server.until(lambda: rule.hits == 1)
    request.cancel()
    await asyncio.wait([request])
    await session.close()
    left.set()
    await server.aclose()
    assert [] == caplog.records


def test_the_command_can_be_imported_without_starting_a_server() -> None:
    """For tools that import every module."""
    module = importlib.import_module("tripwire_async.testing.__main__")
    assert callable(module.main)
