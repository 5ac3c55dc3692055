"""Raw responses, and the request id that every result has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import pytest
from msgspec.structs import replace
from rich.pretty import pretty_repr

from tripwire_async import TRIPWIRE, AsyncTripwire, PendingDelivery, PollSchedule, errors
from tripwire_async.middleware import BearerAuth, CallStats
from tripwire_async.resources.gate.pending import PendingGateSession
from tripwire_async.resources.pagination import Page
from tripwire_async.resources.raw import RawResponse
from tripwire_async.testing import Fault

if TYPE_CHECKING:
    from tripwire_async.middleware import Handler, Request, Response
    from tripwire_async.testing import TripwireServer

# Gate exists under the Tripwire profile only.
ONLY_TRIPWIRE = pytest.mark.parametrize("tripwire_profile", [TRIPWIRE])


async def test_a_raw_answer_has_what_came_with_the_model(tripwire: AsyncTripwire) -> None:
    """Status, headers in any case, request id, attempts and timings; and the model is the same."""
    (session,) = await tripwire.sessions.list(limit=1)
    raw = await tripwire.with_raw_response.sessions.get(session.id)
    assert await tripwire.sessions.get(session.id) == raw.parsed
    assert (200, 1) == (raw.status, raw.attempts)
    assert raw.request_id == raw.headers["x-request-id"]
    assert int(raw.headers["X-RateLimit-Remaining"]) > 0
    assert raw.timings.network_time > 0
    assert raw.timings.client_request_id


async def test_attempts_are_counted(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """The number of attempts is that of the call."""
    with tripwire_server.fail("listSessions", Fault.status(503), times=1):
        raw = await tripwire.with_raw_response.sessions.list(limit=1)
    assert 2 == raw.attempts
    assert raw.timings.backoff_wait > 0


async def test_a_raw_list_is_a_page(tripwire: AsyncTripwire) -> None:
    """The method takes the same arguments."""
    raw = await tripwire.with_raw_response.fingerprints.list(limit=2, sort="seen_count")
    assert isinstance(raw.parsed, Page)
    assert (2, raw.request_id) == (len(raw.parsed), raw.parsed.request_id)


@ONLY_TRIPWIRE
async def test_what_is_awaited_later_can_be_under_a_raw_answer_too(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """The raw response belongs to the first request; the handle works as usual."""
    endpoint = tripwire_server.add_endpoint("http://127.0.0.1:9/")
    sent = await tripwire.with_raw_response.webhooks.send_test(tripwire_server.organization_id, endpoint.id)
    assert isinstance(sent.parsed, PendingDelivery)
    assert (202, sent.request_id) == (sent.status, sent.parsed.request_id)
    await sent.parsed.refresh()
    assert 202 == sent.status
    schedule = PollSchedule(first=0.01)
    started = await tripwire.with_raw_response.gate.sessions.create(
        service_id="acme-prod", account_name="ci", poll=schedule
    )
    assert isinstance(started.parsed, PendingGateSession)
    tripwire_server.approve_gate_session(started.parsed.id, {"ACME_KEY": "secret"})
    assert "secret" == (await started.parsed).outputs["ACME_KEY"].reveal()
    assert (201, started.request_id) == (started.status, started.parsed.request_id)


@ONLY_TRIPWIRE
async def test_an_answer_without_a_body_is_none(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """And its status is 204."""
    raw = await tripwire.with_raw_response.gate.agent_tokens.revoke(tripwire_server.add_agent_token())
    assert (204, None) == (raw.status, raw.parsed)
    assert (b"", None) == (raw.body, raw.json())


@ONLY_TRIPWIRE
async def test_every_part_of_the_client_has_its_raw_twin(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """With one call to each."""
    organization, raw = tripwire_server.organization_id, tripwire.with_raw_response
    login = await raw.gate.login_sessions.create(tripwire_server.add_agent_token(), "acme-prod")
    statuses = [
        (await raw.organizations.get(organization)).status,
        (await raw.organizations.api_keys.list(organization)).status,
        (await raw.webhooks.list_endpoints(organization)).status,
        (await raw.gate.registry.list()).status,
        (await raw.gate.services.get("acme-prod")).status,
        login.status,
    ]
    assert [200, 200, 200, 200, 200, 201] == statuses


def test_a_raw_answer_prints_no_credentials_that_a_proxy_sent_back() -> None:
    """Its headers are printed like the headers of other responses."""
    raw = RawResponse(
        parsed=None,
        status=200,
        headers={"Set-Cookie": "canary7351", "X-Echo": "Bearer canary7351", "X-Plain": "shown"},
        body=b"not JSON",
        request_id=None,
        timings=CallStats(),
    )
    assert "canary7351" not in repr(raw)
    assert "'X-Plain': 'shown'" in repr(raw)
    assert "not JSON" not in repr(raw)
    with pytest.raises(ValueError, match="Expecting value"):
        raw.json()


async def test_a_refusal_is_the_same_error(tripwire: AsyncTripwire) -> None:
    """A raw response is a successful one."""
    with pytest.raises(errors.NotFoundError):
        await tripwire.with_raw_response.sessions.get("sid_" + 26 * "0")


async def test_options_hold_for_raw_answers(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """`with_options` first, then `with_raw_response`: headers are sent, and one attempt is one attempt."""
    once = tripwire.with_options(max_attempts=1, headers={"X-Team": "payments"}, timeout=5, deadline=5)
    await once.with_raw_response.sessions.list(limit=1)
    assert "payments" == tripwire_server.requests[-1].headers["x-team"]
    with tripwire_server.fail("listSessions", Fault.status(503)), pytest.raises(errors.ServerError) as caught:
        await once.sessions.list(limit=1)
    assert 1 == caught.value.attempts


@ONLY_TRIPWIRE
async def test_the_request_id_is_at_hand_on_everything(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """Pages, pending deliveries, pending Gate sessions, raw responses and errors each have their own."""
    organization = tripwire_server.organization_id
    endpoint = tripwire_server.add_endpoint("http://127.0.0.1:9/")
    with pytest.raises(errors.NotFoundError) as caught:
        await tripwire.sessions.get("sid_" + 26 * "0")
    ids = [
        caught.value.request_id,
        (await tripwire.sessions.list(limit=1)).request_id,
        (await tripwire.gate.registry.list()).request_id,
        (await tripwire.webhooks.send_test(organization, endpoint.id)).request_id,
        (await tripwire.gate.sessions.create(service_id="acme-prod", account_name="ci")).request_id,
        (await tripwire.with_raw_response.organizations.get(organization)).request_id,
    ]
    assert all(str(one).startswith("req_") for one in ids)
    assert len(ids) == len(set(ids))


async def test_fields_that_the_models_do_not_have_are_in_the_body(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """A later release of the service may add fields and enumeration values."""

    async def add_a_field(request: Request, call_next: Handler, /) -> Response:
        response = await call_next(request)
        return replace(response, body=response.body.replace(b'"data":{', b'"data":{"new":{"scores":[1.5,null]},', 1))

    (session,) = await tripwire.sessions.list(limit=1)
    async with AsyncTripwire(
        tripwire_server.secret_key,
        base_url=tripwire_server.base_url,
        profile=tripwire_server.profile,
        middleware=[add_a_field, BearerAuth()],
    ) as client:
        raw = await client.with_raw_response.sessions.get(session.id)
    assert session.id == raw.parsed.id == raw.json()["data"]["id"]
    assert {"scores": [1.5, None]} == raw.json()["data"]["new"]
    assert b'"new":{"scores":[1.5,null]}' in raw.body
    assert raw.request_id == raw.json()["meta"]["request_id"]


async def test_the_body_of_a_list_is_its_page(tripwire: AsyncTripwire) -> None:
    """With the envelope."""
    raw = await tripwire.with_raw_response.sessions.list(limit=1)
    assert [session.id for session in raw.parsed] == [session["id"] for session in raw.json()["data"]]
    assert raw.parsed.has_more is raw.json()["pagination"]["has_more"]


async def test_the_secrets_of_a_body_are_not_printed(tripwire: AsyncTripwire, tripwire_server: TripwireServer) -> None:
    """Only `body` and `json` contain them, in plain text."""
    raw = await tripwire.with_raw_response.webhooks.create_endpoint(
        tripwire_server.organization_id,
        name="billing",
        url="https://billing.example/",
        event_types=["session.result.persisted"],
    )
    assert raw.parsed.signing_secret is not None
    secret = raw.parsed.signing_secret.reveal()
    assert secret == raw.json()["data"]["signing_secret"]
    assert secret.encode() in raw.body
    for printed in (repr(raw), str(raw), pretty_repr(raw), repr(attrs.asdict(raw)), repr(attrs.astuple(raw))):
        assert secret not in printed


def test_a_method_of_the_class_has_its_documentation() -> None:
    """Documentation tools look it up without a client."""
    method = type(AsyncTripwire("sk_test_1").with_raw_response.sessions).get
    assert method.__doc__ == method.__wrapped__.__doc__
