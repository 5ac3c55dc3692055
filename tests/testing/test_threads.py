"""A server in a thread, for programs without an event loop."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from tripwire_async.testing import DeliveryOutcome, Fault, TripwireServer

if TYPE_CHECKING:
    from collections.abc import Callable


def fetch(server: TripwireServer, path: str, method: str = "GET") -> tuple[int, Any]:
    """Send a blocking request to *path*, in which ``~`` stands for the path of the organization."""
    url = server.base_url + path.replace("~", f"/v1/organizations/{server.organization_id}")
    request = urllib.request.Request(  # noqa: S310 - the test server on loopback
        url, method=method, headers={"Authorization": f"Bearer {server.secret_key}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - the test server on loopback
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_a_synchronous_test_uses_the_server_in_a_thread(tripwire_server_thread: TripwireServer) -> None:
    """Requests block this thread; endpoints, outcomes, faults and events can be added at the same time."""
    server = tripwire_server_thread
    endpoint = server.add_endpoint("https://example.com/hook")
    server.set_outcome(DeliveryOutcome("failed", response_status=500))
    status, sent = fetch(server, f"~/webhooks/endpoints/{endpoint.id}/test", "POST")
    assert (202, 1) == (status, len(server.deliveries))
    assert "failed" == server.deliveries[sent["data"]["delivery_ids"][0]].status
    with server.fail("listEvents", Fault.status(503), required=True) as rule:
        assert 503 == fetch(server, "~/events")[0]
    assert 1 == rule.hits
    server.set_outcome(None)
    server.emit("session.result.persisted")
    server.wait(server.delivered())
    assert "failed" == list(server.deliveries.values())[-1].status
    assert ["sendTestWebhook", "listEvents"] == [request.operation for request in server.requests]


def test_changes_run_on_the_loop_of_the_server(tripwire_server_thread: TripwireServer) -> None:
    """A method called from any thread returns the result, or raises the error, of the loop's thread."""
    threads = [tripwire_server_thread.on_loop(threading.get_ident) for _ in range(2)]
    assert threads[0] == threads[1] != threading.get_ident()
    with pytest.raises(KeyError):
        tripwire_server_thread.on_loop(lambda: {}["missing"])


def test_a_wait_ends_at_its_timeout(tripwire_server_thread: TripwireServer) -> None:
    """The coroutine is cancelled, and the server continues."""
    server = tripwire_server_thread
    with pytest.raises(TimeoutError):
        server.wait(server.until(lambda: False), timeout=0.01)
    assert 200 == fetch(server, "~/events")[0]


def test_a_server_that_cannot_start_raises_in_the_calling_thread(tripwire_server_thread: TripwireServer) -> None:
    """The port is in use."""
    port = int(tripwire_server_thread.base_url.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"), TripwireServer(port=port).in_thread():
        pass  # pragma: no cover - the block is not entered


def test_a_required_fault_is_reported_at_the_end_of_the_thread() -> None:
    """As with a server on the event loop of the test."""
    with pytest.raises(AssertionError, match="no request met"), TripwireServer().in_thread() as server:
        server.fail("listEvents", Fault.status(503), required=True)


async def test_a_coroutine_of_the_server_belongs_to_its_loop(tripwire_server_thread: TripwireServer) -> None:
    """In another loop it would never end, so it fails at once and names both loops."""
    with pytest.raises(RuntimeError, match=r"the server runs on the event loop <.*running=True.*>, but this code on <"):
        await tripwire_server_thread.until(lambda: True)


@pytest.mark.parametrize("make", [lambda server: server, lambda _: TripwireServer()])
async def test_wait_is_for_other_threads(
    tripwire_server: TripwireServer, make: Callable[[TripwireServer], TripwireServer]
) -> None:
    """On the loop of the server it would wait for itself, and a server that does not run has no loop."""
    server = make(tripwire_server)
    with pytest.raises(RuntimeError, match=r"run it with in_thread\(\), or await the coroutine"):
        server.wait(server.delivered())


async def test_a_loop_that_is_over_needs_no_thread() -> None:
    """A server whose loop is gone can still be read."""
    server = TripwireServer()
    runner = asyncio.Runner()
    await asyncio.to_thread(runner.run, server.start())
    try:
        assert {} == server.deliveries
        assert server.add_endpoint("https://example.com/").id in server.state.endpoints
    finally:
        await asyncio.to_thread(runner.run, server.aclose())
        await asyncio.to_thread(runner.close)
