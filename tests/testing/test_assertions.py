"""Assertions on requests and deliveries, whose messages show what came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tripwire_async.testing import DeliveryOutcome, Fault

if TYPE_CHECKING:
    from tests.testing.conftest import Api
    from tripwire_async.testing import TripwireServer


async def test_calls_are_counted_by_operation_endpoint_and_body(api: Api, server: TripwireServer) -> None:
    """Each condition selects; without a number, at least one request is required."""
    first, second = (server.add_endpoint("https://example.com/", name=name) for name in "ab")
    server.set_outcome(DeliveryOutcome("succeeded"))
    for endpoint in (first, first, second):
        await api("POST", f"~/webhooks/endpoints/{endpoint.id}/test")
    await api("PATCH", f"~/webhooks/endpoints/{first.id}", json={"name": "new", "status": "active"})
    server.assert_called("sendTestWebhook")
    server.assert_called("sendTestWebhook", times=3)
    server.assert_called("sendTestWebhook", times=2, endpoint_id=first.id)
    server.assert_called("updateWebhookEndpoint", times=1, body={"name": "new"})
    async with api.session.patch(
        f"{server.base_url}/v1/organizations/{server.organization_id}/webhooks/endpoints/{first.id}",
        json=[1],
        headers={"Authorization": f"Bearer {server.secret_key}"},
    ) as response:
        assert 400 == response.status
    server.assert_called("listEvents", times=0)
    server.assert_called("updateWebhookEndpoint", times=0, body={"name": "old"})
    server.assert_called("sendTestWebhook", times=0, body={"name": "new"})


async def test_a_failed_assertion_shows_the_requests_newest_first(api: Api, server: TripwireServer) -> None:
    """With the status, the body, and whether a fault was injected."""
    endpoint = server.add_endpoint("https://example.com/")
    with pytest.raises(AssertionError, match=r"expected at least one request to listEvents, but 0 came.*: none$"):
        server.assert_called("listEvents")
    server.fail("listEvents", Fault.status(503), times=1)
    await api("GET", "~/events")
    await api("PATCH", f"~/webhooks/endpoints/{endpoint.id}", json={"name": "n" * 200})
    with pytest.raises(AssertionError) as caught:
        server.assert_called("sendTestWebhook", times=1, endpoint_id=endpoint.id, body={"a": 1})
    head, newest, oldest = str(caught.value).splitlines()
    expected = f"expected 1 request to sendTestWebhook with endpoint_id='{endpoint.id}', body={{'a': 1}}, but 0 came"
    assert f"{expected}. Requests, newest first:" == head
    assert newest.startswith("  PATCH /v1/")
    assert ("updateWebhookEndpoint: 200 {" in newest, newest.endswith("…")) == (True, True)
    assert oldest.endswith("listEvents: 503 (injected fault)")
    for _ in range(10):
        await api("GET", "~/events")
    with pytest.raises(AssertionError, match=r"\n  … and 2 more$"):
        server.assert_called("listEvents", times=1)
    with pytest.raises(ValueError, match="did you mean sendTestWebhook"):
        server.assert_called("send_test")
    with pytest.raises(ValueError, match="unknown endpoint id"):
        server.assert_called("sendTestWebhook", endpoint_id="nope")


async def test_deliveries_are_counted_by_state_endpoint_and_type(api: Api, server: TripwireServer) -> None:
    """The message lists all deliveries with their states and errors."""
    with pytest.raises(AssertionError, match="expected at least one deliveries with status='succeeded', but 0 were"):
        server.assert_delivered()
    endpoint = server.add_endpoint("https://example.com/", name="shop")
    server.set_outcome(DeliveryOutcome("failed", 500, error="no"))
    await api("POST", f"~/webhooks/endpoints/{endpoint.id}/test")
    server.set_outcome(DeliveryOutcome("succeeded"))
    server.emit("session.result.persisted")
    server.assert_delivered()
    server.assert_delivered(endpoint.id, event_type="session.result.persisted", times=1)
    server.assert_delivered(endpoint.id, status="failed", times=1)
    with pytest.raises(AssertionError) as caught:
        server.assert_delivered(endpoint.id, status="skipped", event_type="webhook.test", times=2)
    head, newest, oldest = str(caught.value).splitlines()
    assert "but 0 were found. Deliveries, newest first:" in head
    assert f"  session.result.persisted to shop {endpoint.id}: succeeded" == newest
    assert f"  webhook.test to shop {endpoint.id}: failed: no" == oldest
    with pytest.raises(ValueError, match="unknown event type"):
        server.assert_delivered(event_type="webhook")


async def test_rejected_requests_are_unexpected_unless_a_fault_was_injected(api: Api, server: TripwireServer) -> None:
    """An invalid argument, an unknown path and a wrong key are; a 503 of the test is not."""
    server.fail("listEvents", Fault.status(503), times=1)
    assert [503, 200] == [(await api("GET", "~/events")).status for _ in range(2)]
    server.assert_no_unexpected()
    await api("GET", "~/events?limit=0")
    async with api.session.get(f"{server.base_url}/v1/nothing") as response:
        assert 404 == response.status
    with pytest.raises(AssertionError) as caught:
        server.assert_no_unexpected()
    head, newest, oldest = str(caught.value).splitlines()
    assert "the server rejected 2 requests. Requests, newest first:" == head
    assert "  GET /v1/nothing unknown operation: 404" == newest
    assert oldest.endswith("listEvents: 422")
