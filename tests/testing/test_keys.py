"""Keys: issued, limited to their scopes, rotated, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.testing.conftest import Api
from tripwire_async import TRIPWIRE
from tripwire_async.testing import ManualClock, TripwireServer

if TYPE_CHECKING:
    import aiohttp

KEYS = "~/api-keys"
SECRET = {"name": "ci", "type": "secret", "scopes": ["webhooks:read"]}


async def test_an_issued_key_works_within_its_scopes(api: Api) -> None:
    """Its text is revealed once; it authorizes its scopes and no others."""
    issued = (await api("POST", KEYS, json={**SECRET, "environment": "live"})).data
    assert issued["revealed_key"].startswith("sk_live_")
    assert 200 == (await api("GET", "~/events", bearer=issued["revealed_key"])).status
    assert 403 == (await api("GET", "/v1/sessions", bearer=issued["revealed_key"])).status
    listed = (await api("GET", KEYS)).data
    assert ["default", "ci"] == [key["name"] for key in listed]
    assert not any("revealed_key" in key for key in listed)
    assert all(key["last_used_at"] for key in listed)


async def test_a_publishable_key_shows_itself_and_opens_nothing(api: Api) -> None:
    """Keys for browsers are rejected here, with the reason."""
    body = {"name": "web", "type": "publishable", "allowed_origins": ["https://example.com"]}
    issued = (await api("POST", KEYS, json=body)).data
    assert issued["display_key"] == issued["revealed_key"]
    refused = await api("GET", "~/events", bearer=issued["revealed_key"])
    assert (403, "auth.forbidden") == (refused.status, refused.code)
    rotated = (await api("POST", f"{KEYS}/{issued['id']}/rotations")).data
    assert rotated["revealed_key"].startswith("pk_test_")
    changed = await api("PATCH", f"{KEYS}/{issued['id']}", json={"scopes": ["*"]})
    assert (422, ["scopes"]) == (changed.status, changed.bad_fields)


@pytest.mark.parametrize(
    "body", [{"name": "x", "type": "secret"}, {"name": "x", "scopes": ["*"]}, {**SECRET, "scopes": ["nothing"]}]
)
async def test_scopes_are_given_exactly_with_secret_keys(api: Api, body: dict[str, object]) -> None:
    """The rule between two fields is a 422 on scopes."""
    answer = await api("POST", KEYS, json=body)
    assert (422, ["scopes"]) == (answer.status, answer.bad_fields)


async def test_a_rotated_key_has_a_grace_period(clock: ManualClock, session: aiohttp.ClientSession) -> None:
    """Old and new text both work until the grace is over, by the server's clock; then only the new one."""
    async with TripwireServer(clock=clock, grace=60) as server:
        api = Api(server, session)
        issued = (await api("POST", KEYS, json=SECRET)).data
        rotated = (await api("POST", f"{KEYS}/{issued['id']}/rotations")).data
        old, new = issued["revealed_key"], rotated["revealed_key"]
        assert (issued["id"], "rotating") == (rotated["id"], rotated["status"])
        await clock.advance(59)
        assert [200, 200] == [(await api("GET", "~/events", bearer=text)).status for text in (old, new)]
        await clock.advance(1)
        assert [401, 200] == [(await api("GET", "~/events", bearer=text)).status for text in (old, new)]
        assert "active" == (await api("GET", KEYS)).data[1]["status"]
        again = (await api("POST", f"{KEYS}/{issued['id']}/rotations")).data["revealed_key"]
        statuses = [(await api("GET", "~/events", bearer=text)).status for text in (old, new, again)]
        assert [401, 200, 200] == statuses


async def test_a_revoked_key_is_refused_and_cannot_be_rotated(api: Api) -> None:
    """Revoking twice changes nothing; the key stays in the list."""
    issued = (await api("POST", KEYS, json=SECRET)).data
    one = f"{KEYS}/{issued['id']}"
    revoked = [(await api("DELETE", one)).data for _ in range(2)]
    assert revoked[0] == revoked[1]
    refused = await api("GET", "~/events", bearer=issued["revealed_key"])
    assert (401, "auth.invalid_api_key") == (refused.status, refused.code)
    assert 404 == (await api("POST", f"{one}/rotations")).status
    assert 404 == (await api("DELETE", f"{KEYS}/key_{'0' * 26}")).status


async def test_an_unknown_key_is_refused(api: Api) -> None:
    """An unknown key is a 401; a scheme other than Bearer is a missing key."""
    refused = await api("GET", "~/events", bearer="sk_test_unknown")
    assert (401, "auth.invalid_api_key") == (refused.status, refused.code)
    headers = {"Authorization": "Basic eA=="}
    async with api.session.get(f"{api.server.base_url}/v1/sessions", headers=headers) as response:
        assert 401 == response.status


def test_a_key_of_the_test_has_scopes_that_exist() -> None:
    """A misspelt scope is found where it is written."""
    with pytest.raises(ValueError, match='unknown scope "webhook:read": did you mean webhooks:read'):
        TripwireServer().add_key(scopes=["webhook:read"])


async def test_organizations_are_seen_by_the_key_that_made_them(api: Api, server: TripwireServer) -> None:
    """A slug is taken once; an update needs something to update; others see nothing."""
    made = await api("POST", "/v1/organizations", json={"name": "N", "slug": "n"})
    one = f"/v1/organizations/{made.data['id']}"
    taken = await api("POST", "/v1/organizations", json={"name": "N", "slug": "n"})
    assert (409, "request.conflict") == (taken.status, taken.code)
    changed = (await api("PATCH", one, json={"status": "suspended"})).data
    assert ("suspended", True) == (changed["status"], changed["updated_at"] is not None)
    assert ["body"] == (await api("PATCH", one, json={})).bad_fields
    other = server.add_key()
    assert 403 == (await api("GET", one, bearer=other.secret)).status
    assert 404 == (await api("GET", f"/v1/organizations/org_{'0' * 26}")).status


async def test_a_key_without_a_type_is_a_secret_one_with_the_scopes_of_the_caller(
    api: Api, server: TripwireServer
) -> None:
    """The API documents no default; its own smoke test expects a secret key."""
    caller = server.add_key(["api_keys:manage", "sessions:list"])
    issued = (await api("POST", KEYS, json={"name": "ci", "environment": "test"}, bearer=caller.secret)).data
    assert ("secret", ["api_keys:manage", "sessions:list"]) == (issued["type"], issued["scopes"])
    assert issued["revealed_key"].startswith("sk_test_")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_bearer_scheme_is_accepted_in_any_case(api: Api, scheme: str) -> None:
    """RFC 9110, section 11.1."""
    headers = {"Authorization": f"{scheme} {api.server.secret_key}"}
    async with api.session.get(f"{api.server.base_url}/v1/sessions?limit=1", headers=headers) as response:
        assert 200 == response.status


async def test_a_missing_key_is_a_401_with_the_header_and_the_documentation(api: Api) -> None:
    """An empty token counts as missing."""
    for bearer in ("", " "):
        refused = await api("GET", "/v1/sessions", bearer=bearer)
        assert (401, "auth.missing_api_key") == (refused.status, refused.code)
        error = refused.body["error"]
        assert f"{api.server.profile.docs_url}/introduction" == error["docs_url"]
        assert "Authorization" == error["details"]["header_name"]


async def test_only_foil_has_client_targets(api: Api) -> None:
    """A publishable key is for browsers by default; a secret key has no target; Tripwire knows no such field."""
    native = {"name": "app", "type": "publishable", "client_target": "native-ios"}
    answer = await api("POST", KEYS, json=native)
    if api.server.profile == TRIPWIRE:
        assert (422, ["client_target"]) == (answer.status, answer.bad_fields)
        assert "client_target" not in (await api("GET", KEYS)).data[0]
        return
    assert "native-ios" == answer.data["client_target"]
    web = await api("POST", KEYS, json={"name": "web", "type": "publishable"})
    assert "browser" == web.data["client_target"]
    assert [None, "native-ios", "browser"] == [key["client_target"] for key in (await api("GET", KEYS)).data]
    secret = await api("POST", KEYS, json={**SECRET, "client_target": "browser"})
    assert (422, ["client_target"]) == (secret.status, secret.bad_fields)
