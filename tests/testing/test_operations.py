"""Every operation over the wire; each response is checked against our OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from tests.testing.document import operations
from tests.testing.gate_keys import delivery_request
from tripwire_async import FOIL, TRIPWIRE
from tripwire_async.testing._service.handlers import ALL
from tripwire_async.testing._service.seeds.sessions import session_detail

if TYPE_CHECKING:
    from tests.testing.conftest import Api
    from tripwire_async.testing import TripwireServer


def test_the_routes_are_those_of_the_document() -> None:
    """Operations, methods, paths and scopes agree, for all 35."""
    written = {
        name: (method, operation.get("x-scope", ""), pattern.pattern, bool(operation.get("security")))
        for name, (method, pattern, operation) in operations().items()
    }
    served = {
        route.operation: (
            route.method,
            route.scope,
            "/".join("[^/]+" if part.startswith("{") else part for part in route.path.split("/")),
            route.credential != "public",
        )
        for route in ALL
    }
    assert 35 == len(served)
    assert written == served


async def test_every_operation_answers_as_described(api: Api, server: TripwireServer) -> None:
    """The test calls every operation of the profile; the client checks each response."""
    organization = (await api("POST", "/v1/organizations", json={"name": "New", "slug": "new"})).data
    own = f"/v1/organizations/{organization['id']}"
    await api("GET", own)
    await api("PATCH", own, json={"name": "Newer"})
    await _walk_sessions_and_fingerprints(api)
    await _walk_keys(api, own)
    await _walk_webhooks(api)
    if server.profile == TRIPWIRE:
        await _walk_gate(api, server)
    assert set(operations(server.profile)) == api.seen == server.profile.operations


async def _walk_sessions_and_fingerprints(api: Api) -> None:
    sessions = (await api("GET", "/v1/sessions?limit=3")).data
    await api("GET", f"/v1/sessions/{sessions[0]['id']}")
    if api.server.profile == FOIL:
        await api("PATCH", f"/v1/sessions/{sessions[0]['id']}", json={"client_user_id": "user_1"})
    visitors = (await api("GET", "/v1/fingerprints?limit=3")).data
    await api("GET", f"/v1/fingerprints/{visitors[0]['id']}")


async def _walk_keys(api: Api, own: str) -> None:
    new = {"name": "ci", "type": "secret", "scopes": ["webhooks:read"]}
    issued = (await api("POST", f"{own}/api-keys", json=new)).data
    key = f"{own}/api-keys/{issued['id']}"
    await api("PATCH", key, json={"name": "ci 2"})
    await api("POST", f"{key}/rotations")
    await api("GET", f"{own}/api-keys")
    await api("DELETE", key)


async def _walk_webhooks(api: Api) -> None:
    new = {"name": "hook", "url": "https://example.com/", "event_types": ["session.result.persisted"]}
    endpoint = f"~/webhooks/endpoints/{(await api('POST', '~/webhooks/endpoints', json=new)).data['id']}"
    await api("GET", "~/webhooks/endpoints")
    await api("PATCH", endpoint, json={"name": "hook 2"})
    await api("POST", f"{endpoint}/rotations")
    event = (await api("POST", f"{endpoint}/test")).data["event_id"]
    await api("GET", f"~/events/{event}")
    await api("GET", "~/events")
    await api("DELETE", endpoint)


async def _walk_gate(api: Api, server: TripwireServer) -> None:
    endpoint = server.add_endpoint("https://example.com/gate", event_types=["gate.session.approved"])
    new = {
        "id": "new-service",
        "name": "New",
        "description": "A service.",
        "website": "https://new.example.com/",
        "webhook_endpoint_id": endpoint.id,
    }
    await api("POST", "/v1/gate/services", json=new)
    one = "/v1/gate/services/new-service"
    await api("GET", one)
    await api("GET", "/v1/gate/services")
    await api("PATCH", one, json={"dashboard_login_url": "https://new.example.com/login"})
    await api("DELETE", one)
    await api("GET", "/v1/gate/registry", bearer="")
    await api("GET", "/v1/gate/registry/new-service", bearer="")
    session = await _walk_gate_session(api, server)
    agent = {"agent_token": server.add_agent_token()}
    await api("POST", "/v1/gate/agent-tokens/verify", json=agent)
    login = await api("POST", "/v1/gate/login-sessions", json={"service_id": "acme-prod"}, bearer=agent["agent_token"])
    code = server.consent_to_login(login.data["id"])
    await api("POST", "/v1/gate/login-sessions/consume", json={"code": code})
    await api("POST", "/v1/gate/agent-tokens/revoke", json=agent)
    assert session["status"] == "acknowledged"


async def _walk_gate_session(api: Api, server: TripwireServer) -> Any:
    new = {
        "service_id": "acme-prod",
        "account_name": "jo",
        "delivery": delivery_request(X25519PrivateKey.generate()),
    }
    created = (await api("POST", "/v1/gate/sessions", json=new, bearer="")).data
    one = f"/v1/gate/sessions/{created['id']}"
    await api("GET", one, bearer=created["poll_token"])
    server.approve_gate_session(created["id"], {"ACME_KEY": "k"})
    await api("GET", one, bearer=created["poll_token"])
    token = server.state.gate.sessions[created["id"]].ack_token
    return (await api("POST", f"{one}/ack", json={"ack_token": token}, bearer=created["poll_token"])).data


@pytest.mark.parametrize("route", [route for route in ALL if route.credential == "secret"], ids=lambda r: r.operation)
async def test_every_scope_is_asked_for(api: Api, server: TripwireServer, route: Any) -> None:
    """A key with all other scopes gets 403, and no key gets 401; an operation of the other profile is a 404."""
    path = route.path.format_map(dict.fromkeys(route.placeholders, "x"))
    key = server.add_key(scopes=sorted(server.profile.scopes - {"*", route.scope}))
    if route.operation not in server.profile.operations:
        headers = {"Authorization": f"Bearer {key.secret}"}
        async with api.session.request(route.method, server.base_url + path, headers=headers) as response:
            # Another operation can have the same path.
            assert response.status in {404, 405}
        return
    refused = await api(route.method, path, bearer=key.secret)
    assert (403, "auth.forbidden") == (refused.status, refused.code)
    assert "599" == refused.headers["X-RateLimit-Remaining"]
    missing = await api(route.method, path, bearer="")
    assert (401, "auth.missing_api_key") == (missing.status, missing.code)
    assert "X-RateLimit-Limit" not in missing.headers


@pytest.mark.parametrize("seed", [0, 1])
async def test_everything_that_is_seeded_is_as_described(seed: int) -> None:
    """Every seeded record matches its schema; the same seed gives the same records."""
    from tests.testing.document import validator
    from tripwire_async.testing._service.seeds import SESSIONS, VISITORS, Seeds
    from tripwire_async.testing._service.seeds.foil import foil_detail, foil_summary
    from tripwire_async.testing._service.seeds.payloads import payload

    seeds, same = Seeds(seed), Seeds(seed)
    assert (SESSIONS, VISITORS) == (len(seeds.visits), len(seeds.visitors))
    assert {visit.verdict for visit in seeds.visits.values()} == {"bot", "human", "inconclusive"}
    for visit in list(seeds.visits.values())[:: 4 + seed]:
        validator("SessionDetail").validate(session_detail(visit))
        validator("SessionSummary").validate(visit.summary())
        validator("SessionDetail", FOIL).validate(foil_detail(visit))
        validator("SessionSummary", FOIL).validate(foil_summary(visit))
        validator("SessionResultPersistedPayload").validate(payload("session.result.persisted", visit))
        validator("SessionFingerprintCalculatedPayload").validate(payload("session.fingerprint.calculated", visit))
        assert session_detail(visit) == session_detail(same.visits[visit.id])
    for visitor in list(seeds.visitors.values())[:: 4 + seed]:
        validator("VisitorFingerprintDetail").validate(visitor.detail())
        assert visitor.detail() == same.visitors[visitor.id].detail()
