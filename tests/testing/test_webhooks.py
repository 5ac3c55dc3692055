"""Endpoints, test sends and events over the wire."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from tests.testing.conftest import Api
from tests.testing.document import validator
from tripwire_async.testing import DeliveryOutcome, ManualClock, TripwireServer, WebhookSettings

if TYPE_CHECKING:
    import aiohttp

    from tests.testing.conftest import Receiver

NEW = {"name": "hook", "url": "https://example.com/hook", "event_types": ["session.result.persisted"]}
ENDPOINTS = "~/webhooks/endpoints"


async def test_the_signing_secret_is_shown_when_made_and_when_rotated_only(api: Api) -> None:
    """An endpoint's secret leaves the server twice: at its creation and at its rotation."""
    created = await api("POST", ENDPOINTS, json=NEW)
    path = f"{ENDPOINTS}/{created.data['id']}"
    updated = await api("PATCH", path, json={"name": "other"})
    rotated = await api("POST", f"{path}/rotations")
    listed = await api("GET", ENDPOINTS)
    assert (201, 200, 201, 200) == (created.status, updated.status, rotated.status, listed.status)
    assert created.data["signing_secret"].startswith("whsec_")
    assert created.data["signing_secret"] != rotated.data["signing_secret"]
    assert "other" == updated.data["name"]
    assert not any("signing_secret" in endpoint for endpoint in [updated.data, *listed.data])


async def test_a_disabled_endpoint_stays_and_a_test_to_it_is_skipped(api: Api) -> None:
    """DELETE keeps the data; a test of a disabled endpoint is settled at once as skipped."""
    created = await api("POST", ENDPOINTS, json=NEW)
    path = f"{ENDPOINTS}/{created.data['id']}"
    assert "disabled" == (await api("DELETE", path)).data["status"]
    assert ["disabled"] == [endpoint["status"] for endpoint in (await api("GET", ENDPOINTS)).data]
    sent = await api("POST", f"{path}/test")
    assert (202, "skipped") == (sent.status, sent.data["latest_delivery"]["status"])
    assert "active" == (await api("PATCH", path, json={"status": "active"})).data["status"]


@pytest.mark.parametrize(
    ("change", "bad"),
    [
        ({"url": "http://example.com/"}, ["url"]),
        ({"url": "ftp://example.com/"}, ["url"]),
        ({"url": 7}, ["url"]),
        ({"url": "http://10.0.0.1/"}, ["url"]),
        ({"name": "", "event_types": []}, ["name", "event_types"]),
        ({"event_types": ["webhook.test"]}, ["event_types"]),
        ({"event_types": "session.result.persisted"}, ["event_types"]),
        ({"colour": "red"}, ["colour"]),
    ],
)
async def test_bad_values_are_named_in_a_422(api: Api, change: dict[str, object], bad: list[str]) -> None:
    """Each field that fails is listed; plain http is for loopback only."""
    answer = await api("POST", ENDPOINTS, json={**NEW, **change})
    assert (422, bad) == (answer.status, answer.bad_fields)


async def test_a_missing_field_is_named(api: Api) -> None:
    """The error of an incomplete body names the missing fields."""
    answer = await api("POST", ENDPOINTS, json={})
    assert ["name", "url", "event_types"] == answer.bad_fields


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
async def test_a_body_that_is_no_object_is_malformed(api: Api, body: bytes) -> None:
    """400 is for bodies that cannot be parsed, 422 for invalid values."""
    answer = await api("POST", ENDPOINTS, data=body)
    assert (400, "request.malformed") == (answer.status, answer.code)


@pytest.mark.parametrize("url", ["http://localhost:1/", "http://a.localhost/", "http://127.0.0.9/", "http://[::1]:8/"])
async def test_plain_http_is_allowed_on_this_machine(api: Api, url: str) -> None:
    """A receiver in a test has no certificate."""
    assert 201 == (await api("POST", ENDPOINTS, json={**NEW, "url": url})).status


async def test_a_test_send_arrives_signed(api: Api, server: TripwireServer, receiver: Receiver) -> None:
    """The receiver gets the envelope, signed over timestamp and raw body with the whole secret."""
    created = await api("POST", ENDPOINTS, json={**NEW, "url": receiver.url})
    sent = await api("POST", f"{ENDPOINTS}/{created.data['id']}/test")
    assert "pending" == sent.data["latest_delivery"]["status"]
    await server.delivered()
    [webhook] = receiver.received
    signed = f"{webhook.headers[server.profile.timestamp_header]}.".encode() + webhook.body
    expected = hmac.new(created.data["signing_secret"].encode(), signed, hashlib.sha256).hexdigest()
    assert expected == webhook.headers[server.profile.signature_header]
    envelope = json.loads(webhook.body)
    validator("WebhookEventEnvelope", server.profile).validate(envelope)
    assert (sent.data["event_id"], "webhook.test") == (envelope["id"], envelope["type"])
    event = await api("GET", f"~/events/{sent.data['event_id']}")
    [delivery] = event.data["webhook_deliveries"]
    assert ("succeeded", 1, 200, "thanks", None) == tuple(
        delivery[name] for name in ("status", "attempts", "response_status", "response_body", "error")
    )


async def test_a_failing_endpoint_is_tried_again_and_then_given_up(
    session: aiohttp.ClientSession, receiver: Receiver, clock: ManualClock
) -> None:
    """Between its attempts the status is pending; they are 0.2 and 0.4 seconds apart, and the last one fails."""
    receiver.respond = lambda: web.Response(status=500, text="x" * 5_000)
    async with TripwireServer(clock=clock) as server:
        event_id = (
            await Api(server, session)("POST", f"{ENDPOINTS}/{server.add_endpoint(receiver.url).id}/test")
        ).data["event_id"]
        [delivery] = server.state.events[event_id].deliveries
        seen = []
        for step in (0.049, 0.002, 0.199, 0.1, 0.2, 0.2):
            await clock.advance(step)
            seen.append((delivery.status, delivery.attempts))
        assert [("pending", 0), ("pending", 1), ("pending", 2), ("pending", 2), ("pending", 2), ("failed", 3)] == seen
        assert 3 == len(receiver.received)
        assert (500, "x" * 2_048, "The endpoint answered 500.") == (
            delivery.response_status,
            delivery.response_body,
            delivery.error,
        )


async def test_an_attempt_that_gets_no_answer_says_why(receiver: Receiver, unused_tcp_port: int) -> None:
    """A failed connection, a silent endpoint and a URL elsewhere each leave an error in the delivery."""
    receiver.answers = False
    async with TripwireServer(webhooks=WebhookSettings(delay=0, max_attempts=1, timeout=0.05)) as server:
        for url in (f"http://127.0.0.1:{unused_tcp_port}/", receiver.url, "https://example.com/"):
            endpoint = server.add_endpoint(url)
            server.emit("session.result.persisted", {}, subject=("session", endpoint.id))
        await server.delivered()
        errors = [delivery.error for delivery in server.deliveries.values() if delivery.status == "failed"]
        assert any("Cannot connect" in str(error) for error in errors)
        assert "The endpoint did not respond within 0.05 seconds." in errors
        assert "This test server posts to loopback addresses only." in errors


async def test_outcomes_by_script_need_no_post(api: Api, server: TripwireServer, clock: ManualClock) -> None:
    """A script for one endpoint goes before the one for all, and ends when it is taken away."""
    one, other = server.add_endpoint("https://example.com/1"), server.add_endpoint("https://example.com/2")
    server.set_outcome(DeliveryOutcome("succeeded", response_status=204))
    server.set_outcome(
        DeliveryOutcome("failed", 500, "oh", "The endpoint answered 500.", attempts=3), endpoint_id=one.id
    )
    statuses = []
    for endpoint in (one, other):
        sent = await api("POST", f"{ENDPOINTS}/{endpoint.id}/test")
        event = await api("GET", f"~/events/{sent.data['event_id']}")
        statuses.append(event.data["webhook_deliveries"][0]["status"])
    assert ["failed", "succeeded"] == statuses
    server.set_outcome(None)
    assert "failed" == server.emit("session.result.persisted", {}).deliveries[0].status


async def test_events_are_listed_newest_first_by_endpoint_and_type(api: Api, server: TripwireServer) -> None:
    """The list has a limit and no cursor; it reports whether there are more."""
    server.set_outcome(DeliveryOutcome("succeeded"))
    one, other = server.add_endpoint("https://example.com/1"), server.add_endpoint("https://example.com/2")
    sent = [(await api("POST", f"{ENDPOINTS}/{end.id}/test")).data["event_id"] for end in (one, other, one)]
    server.emit("session.result.persisted", {})
    everything = await api("GET", "~/events")
    assert [*reversed(sent)] == [event["id"] for event in everything.data[1:]]
    assert {"limit": 50, "has_more": False} == everything.body["pagination"]
    of_one = await api("GET", f"~/events?endpoint_id={one.id}&type=webhook.test&limit=1")
    assert ([sent[2]], {"limit": 1, "has_more": True}) == (
        [event["id"] for event in of_one.data],
        of_one.body["pagination"],
    )


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "type=x", "endpoint_id=we_1", "cursor=x"])
async def test_a_bad_query_is_a_422(api: Api, query: str) -> None:
    """Parameters that are out of range or unknown are rejected by name."""
    answer = await api("GET", f"~/events?{query}")
    assert (422, [query.partition("=")[0]]) == (answer.status, answer.bad_fields)


async def test_what_belongs_to_others_is_not_there(api: Api, server: TripwireServer) -> None:
    """Another organization is a 403; its endpoints and events are a 404 in one's own."""
    other = server.state.add_organization("Other", "other")
    endpoint = server.add_endpoint("https://example.com/", organization_id=other.id)
    event = server.emit("session.result.persisted", {}, organization_id=other.id)
    other = f"/v1/organizations/{other.id}"
    statuses = [
        (await api(method, path)).status
        for method, path in (
            ("POST", f"{ENDPOINTS}/{endpoint.id}/test"),
            ("GET", f"~/events/{event.id}"),
            ("GET", f"~/events/wevt_{'0' * 32}"),
            ("POST", f"{other}/webhooks/endpoints/{endpoint.id}/test"),
            ("GET", f"{other}/webhooks/endpoints"),
            ("GET", f"{other}/events"),
        )
    ]
    assert [404, 404, 404, 403, 403, 403] == statuses
