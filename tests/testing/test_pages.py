"""Lists with cursors: whole, filtered, sorted, and safe from other lists' cursors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tripwire_async.testing._service.seeds import SESSIONS, VISITORS

if TYPE_CHECKING:
    from tests.testing.conftest import Api


async def everything(api: Api, path: str) -> list[Any]:
    """Walk the list at *path* to its end."""
    items: list[Any] = []
    cursor = ""
    while True:
        page = await api("GET", path + cursor)
        items += page.data
        if not page.body["pagination"]["has_more"]:
            assert "next_cursor" not in page.body["pagination"]
            return items
        cursor = f"&cursor={page.body['pagination']['next_cursor']}"


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/v1/sessions?limit=64", SESSIONS), ("/v1/fingerprints?limit=50", VISITORS), ("~/api-keys?limit=1", 1)],
)
async def test_a_walk_finds_each_item_once(api: Api, path: str, expected: int) -> None:
    """Pages do not overlap and are complete."""
    ids = [item["id"] for item in await everything(api, path)]
    assert (expected, expected) == (len(ids), len(set(ids)))


async def test_what_is_added_meanwhile_disturbs_no_walk(api: Api) -> None:
    """A cursor continues after its item."""
    new = {"name": "a", "type": "secret", "scopes": ["*"]}
    await api("POST", "~/api-keys", json=new)
    first = await api("GET", "~/api-keys?limit=1")
    await api("POST", "~/api-keys", json={**new, "name": "b"})
    cursor = first.body["pagination"]["next_cursor"]
    assert ["a", "b"] == [key["name"] for key in (await api("GET", f"~/api-keys?cursor={cursor}")).data]


async def test_sessions_are_filtered_by_verdict_and_search(api: Api) -> None:
    """Filters combine; the newest session comes first."""
    bots = await everything(api, "/v1/sessions?limit=200&verdict=bot")
    assert bots
    assert {"bot"} == {session["latest_decision"]["verdict"] for session in bots}
    assert bots == sorted(bots, key=lambda session: session["created_at"], reverse=True)
    [found] = (await api("GET", f"/v1/sessions?verdict=bot&search={bots[0]['id'].upper()}")).data
    assert bots[0] == found
    assert [] == (await api("GET", f"/v1/sessions?verdict=human&search={bots[0]['id']}")).data


async def test_fingerprints_are_sorted_and_searched(api: Api) -> None:
    """By default seen last first; or most often, or come last."""
    for query, field in (
        ("", "last_seen_at"),
        ("&sort=seen_count", "seen_count"),
        ("&sort=first_seen", "first_seen_at"),
    ):
        values = [item["lifecycle"][field] for item in await everything(api, f"/v1/fingerprints?limit=200{query}")]
        assert sorted(values, reverse=True) == values
    [visitor] = (await api("GET", "/v1/fingerprints?limit=1")).data
    detail = (await api("GET", f"/v1/fingerprints/{visitor['id']}")).data
    assert visitor["lifecycle"]["seen_count"] == len(detail["activity"]["sessions"])
    assert [visitor] == (await api("GET", f"/v1/fingerprints?search={visitor['id']}")).data


@pytest.mark.parametrize("path", ["/v1/fingerprints?limit=1", "/v1/sessions?limit=1&verdict=bot", "~/api-keys?limit=1"])
async def test_a_cursor_of_another_list_is_a_422(api: Api, path: str) -> None:
    """A cursor belongs to one list with its filters."""
    cursor = (await api("GET", "/v1/sessions?limit=1")).body["pagination"]["next_cursor"]
    answer = await api("GET", f"{path}&cursor={cursor}")
    assert (422, ["cursor"]) == (answer.status, answer.bad_fields)


@pytest.mark.parametrize("cursor", ["x", "%00", "W10", "bnVsbA", "WzFd", "é"])
async def test_an_invalid_cursor_is_rejected(api: Api, cursor: str) -> None:
    """Whatever it decodes to, it is rejected by name."""
    answer = await api("GET", f"/v1/sessions?cursor={cursor}")
    assert (422, ["cursor"]) == (answer.status, answer.bad_fields)


async def test_a_cursor_to_an_item_that_is_not_there_is_a_422(api: Api) -> None:
    """A cursor that another server gave out names an item that this one has not."""
    from tripwire_async.testing import TripwireServer

    await api("POST", "~/api-keys", json={"name": "a", "type": "secret", "scopes": ["*"]})
    cursor = (await api("GET", "~/api-keys?limit=1")).body["pagination"]["next_cursor"]
    async with TripwireServer(organization_id=api.server.organization_id) as other:
        headers = {"Authorization": f"Bearer {other.secret_key}"}
        url = f"{other.base_url}/v1/organizations/{other.organization_id}/api-keys?cursor={cursor}"
        async with api.session.get(url, headers=headers) as response:
            assert 422 == response.status


@pytest.mark.parametrize("path", ["/v1/sessions/sid_x", "/v1/fingerprints/vid_x"])
async def test_what_was_never_seen_is_not_there(api: Api, path: str) -> None:
    """An unknown id, of any form, is a 404."""
    assert 404 == (await api("GET", path)).status
