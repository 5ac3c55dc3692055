"""Gate: services, sign-ups that end in real encrypted credentials, agents that log in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from tests.testing.conftest import Api, Receiver
from tests.testing.document import validator
from tests.testing.gate_keys import delivery_request, opened
from tripwire_async import TRIPWIRE, Profile
from tripwire_async.testing import TripwireServer, WebhookSettings
from tripwire_async.testing._service.gate_encryption import encrypt
from tripwire_async.testing._service.messages import decode, encode

if TYPE_CHECKING:
    import aiohttp

    from tripwire_async.testing import ManualClock

SESSIONS = "/v1/gate/sessions"


@pytest.fixture
def profile() -> Profile:
    """Gate exists under the Tripwire profile only."""
    return TRIPWIRE


@pytest.fixture(scope="module")
def private() -> X25519PrivateKey:
    return X25519PrivateKey.generate()


async def created(api: Api, private: X25519PrivateKey, **fields: Any) -> Any:
    body = {
        "service_id": "acme-prod",
        "account_name": "jo",
        "delivery": delivery_request(private),
        "metadata": {"team": "a"},
    }
    return await api("POST", SESSIONS, json=body | fields, bearer="")


async def test_an_approved_session_carries_credentials_for_its_key_alone(
    api: Api, server: TripwireServer, private: X25519PrivateKey
) -> None:
    """Pending, then approved with two envelopes, then acknowledged, after which they are gone."""
    session = (await created(api, private)).data
    one, token = f"{SESSIONS}/{session['id']}", session["poll_token"]
    assert "pending" == (await api("GET", one, bearer=token)).data["status"]
    assert 404 == (await api("POST", f"{one}/ack", json={"ack_token": "x"}, bearer=token)).status
    server.approve_gate_session(session["id"], {"ACME_KEY": "s3cret"})
    polled = (await api("GET", one, bearer=token)).data
    assert ("approved", "jo") == (polled["status"], polled["account_name"])
    bundle = polled["delivery_bundle"]
    assert {"version": 1, "outputs": {"ACME_KEY": "s3cret"}} == opened(private, bundle["integrator"])
    own = opened(private, bundle["gate"])
    assert ["ACME_PROD_GATE_AGENT_TOKEN"] == list(own["outputs"])
    wrong = await api("POST", f"{one}/ack", json={"ack_token": "x"}, bearer=token)
    assert (403, "auth.forbidden") == (wrong.status, wrong.code)
    for _ in range(2):
        assert 200 == (await api("POST", f"{one}/ack", json={"ack_token": own["ack_token"]}, bearer=token)).status
    assert "delivery_bundle" not in (await api("GET", one, bearer=token)).data
    agent = {"agent_token": own["outputs"]["ACME_PROD_GATE_AGENT_TOKEN"]}
    verified = (await api("POST", "/v1/gate/agent-tokens/verify", json=agent)).data
    assert (True, polled["gate_account_id"]) == (verified["valid"], verified["gate_account_id"])


async def test_a_session_expires_by_the_clock_or_by_hand(
    clock: ManualClock, session: aiohttp.ClientSession, private: X25519PrivateKey
) -> None:
    """After its time a pending session is gone, an approved one is not."""
    async with TripwireServer(clock=clock) as server:
        api = Api(server, session)
        made = [(await created(api, private)).data for _ in range(4)]
        server.approve_gate_session(made[1]["id"], {})
        server.expire_gate_session(made[2]["id"])
        server.reject_gate_session(made[3]["id"])
        await clock.advance(899)
        assert [200, 200, 410, 200] == [await polled(api, each) for each in made]
        await clock.advance(1)
        assert [410, 200, 410, 200] == [await polled(api, each) for each in made]
        gone = await api("GET", f"{SESSIONS}/{made[0]['id']}", bearer=made[0]["poll_token"])
        assert "new_session" == gone.body["error"]["details"]["next_action"]


async def polled(api: Api, session: Any) -> int:
    return (await api("GET", f"{SESSIONS}/{session['id']}", bearer=session["poll_token"])).status


async def test_a_poll_token_opens_its_own_session_only(api: Api, private: X25519PrivateKey) -> None:
    """None is a 401, an unknown one a 403, another session's a 404."""
    one, other = (await created(api, private)).data, (await created(api, private)).data
    statuses = [
        (await api("GET", f"{SESSIONS}/{session_id}", bearer=token)).status
        for session_id, token in (
            (one["id"], ""),
            (one["id"], "gtpoll_x"),
            (one["id"], other["poll_token"]),
            ("gates_x", one["poll_token"]),
        )
    ]
    assert [401, 403, 404, 404] == statuses


@pytest.mark.parametrize(
    "change",
    [
        {"key_id": "x"},
        {"version": 2},
        {"algorithm": "rot13"},
        {"public_key": "AAAA"},
        {"public_key": "!"},
        {"public_key": 1},
        {"public_key": "é"},
    ],
)
async def test_a_delivery_request_is_checked(api: Api, private: X25519PrivateKey, change: dict[str, object]) -> None:
    """A key_id must be that of its key, and the rest as version 1 has it."""
    answer = await created(api, private, delivery=delivery_request(private) | change)
    assert (422, ["delivery"]) == (answer.status, answer.bad_fields)
    assert ["delivery"] == (await created(api, private, delivery=[])).bad_fields
    bare = {"version": 1, "algorithm": "x25519-hkdf-sha256/aes-256-gcm"}
    assert ["delivery"] == (await created(api, private, delivery=bare)).bad_fields


async def test_the_service_itself_may_be_asked_for_its_credentials(
    session: aiohttp.ClientSession, receiver: Receiver, private: X25519PrivateKey
) -> None:
    """A signed ``gate.session.approved`` is posted; the envelope in its response is in the bundle."""

    def respond() -> web.StreamResponse:
        event = decode(receiver.received[-1].body)
        validator("GateSessionApprovedWebhookEvent").validate(event)
        validator("GateApprovedWebhookPayload").validate(event["data"])
        envelope = encrypt(event["data"]["delivery"], {"ACME_KEY": "theirs"})
        return web.Response(body=encode({"encrypted_delivery": envelope}))

    receiver.respond = respond
    async with TripwireServer(webhooks=WebhookSettings(delay=0)) as server:
        api = Api(server, session)
        asked = (await created(api, private)).data
        with pytest.raises(ValueError, match="pass outputs=: the service acme-prod has no webhook endpoint"):
            server.approve_gate_session(asked["id"])
        endpoint = server.add_endpoint(receiver.url, event_types=["gate.session.approved"])
        server.gate_service.webhook_endpoint_id = endpoint.id
        server.approve_gate_session(asked["id"])
        await server.delivered()
        answer = (await api("GET", f"{SESSIONS}/{asked['id']}", bearer=asked["poll_token"])).data
        assert {"ACME_KEY": "theirs"} == opened(private, answer["delivery_bundle"]["integrator"])["outputs"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"ok"),
        (200, b"{}"),
        (200, b"[]"),
        (200, b'{"encrypted_delivery": 1}'),
        (202, b'{"encrypted_delivery": {}}'),
    ],
)
async def test_an_approval_that_hands_over_nothing_is_a_failed_delivery(
    session: aiohttp.ClientSession, receiver: Receiver, private: X25519PrivateKey, status: int, body: bytes
) -> None:
    """Only a 200 with encrypted credentials counts as received."""
    receiver.respond = lambda: web.Response(status=status, body=body)
    async with TripwireServer(webhooks=WebhookSettings(delay=0, max_attempts=1)) as server:
        api = Api(server, session)
        asked = (await created(api, private)).data
        server.gate_service.webhook_endpoint_id = server.add_endpoint(receiver.url).id
        server.approve_gate_session(asked["id"])
        await server.delivered()
        [delivery] = server.deliveries.values()
        assert ("failed", "The response of the endpoint contains no encrypted_delivery.") == (
            delivery.status,
            delivery.error,
        )
        assert "pending" == server.state.gate.sessions[asked["id"]].status


async def test_services_are_seen_by_their_owners_and_if_they_like_by_all(
    api: Api, server: TripwireServer, private: X25519PrivateKey
) -> None:
    """An id is taken once; one that hides is still found by its id; one that is disabled takes no sign-ups."""
    endpoint = server.add_endpoint("https://example.com/")
    new = {
        "id": "new",
        "name": "New",
        "description": "",
        "website": "https://new.example.com/",
        "discoverable": False,
        "webhook_endpoint_id": endpoint.id,
    }
    assert 201 == (await api("POST", "/v1/gate/services", json=new)).status
    taken = await api("POST", "/v1/gate/services", json=new)
    assert (409, "request.conflict") == (taken.status, taken.code)
    listed = (await api("GET", "/v1/gate/registry", bearer="")).data
    assert ["acme-prod"] == [entry["id"] for entry in listed]
    assert 200 == (await api("GET", "/v1/gate/registry/new", bearer="")).status
    assert 404 == (await api("GET", "/v1/gate/registry/newer", bearer="")).status
    assert 404 == (await api("GET", "/v1/gate/services/newer")).status
    bad = f"we_{'0' * 32}"
    assert ["webhook_endpoint_id"] == (
        await api("PATCH", "/v1/gate/services/new", json={"webhook_endpoint_id": bad})
    ).bad_fields
    with_login = {"dashboard_login_url": "https://new.example.com/l", "webhook_endpoint_id": endpoint.id}
    assert "dashboard_login_url" in (await api("PATCH", "/v1/gate/services/new", json=with_login)).data
    without = {"dashboard_login_url": None, "discoverable": True}
    assert "dashboard_login_url" not in (await api("PATCH", "/v1/gate/services/new", json=without)).data
    await api("DELETE", "/v1/gate/services/new")
    assert 404 == (await created(api, private, service_id="new")).status


async def test_an_agent_logs_in_with_a_code_that_works_once(clock: ManualClock, session: aiohttp.ClientSession) -> None:
    """A used, expired or unknown code is gone; a revoked or expired token opens nothing."""
    async with TripwireServer(clock=clock) as server:
        api = Api(server, session)
        token = server.add_agent_token("gacct_1", "jo")
        wanted = {"service_id": "acme-prod"}
        logins = [(await api("POST", "/v1/gate/login-sessions", json=wanted, bearer=token)).data for _ in range(2)]
        codes = [server.consent_to_login(login["id"]) for login in logins]
        consume = "/v1/gate/login-sessions/consume"
        who = (await api("POST", consume, json={"code": codes[0]})).data
        assert ("gacct_1", "jo") == (who["gate_account_id"], who["account_name"])
        await clock.advance(600)
        assert [410] * 3 == [(await api("POST", consume, json={"code": code})).status for code in (*codes, "x")]
        missing = await api("POST", "/v1/gate/login-sessions", json={"service_id": "another"}, bearer=token)
        assert 404 == missing.status
        verify, revoke = "/v1/gate/agent-tokens/verify", "/v1/gate/agent-tokens/revoke"
        assert {"valid": False} == (await api("POST", verify, json={"agent_token": "agt_x"})).data
        assert 404 == (await api("POST", revoke, json={"agent_token": "agt_x"})).status
        assert 204 == (await api("POST", revoke, json={"agent_token": token})).status
        revoked = (await api("POST", verify, json={"agent_token": token})).data
        assert (False, "revoked") == (revoked["valid"], revoked["status"])
        later = server.add_agent_token()
        await clock.advance(90 * 86_400)
        for bad in (token, later, "agt_x"):
            assert 403 == (await api("POST", "/v1/gate/login-sessions", json=wanted, bearer=bad)).status
