"""Scenarios: named patterns of faults over time."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import aiohttp
import pytest

from tests.testing.conftest import Api
from tripwire_async.testing import DeliveryOutcome, ManualClock, TripwireServer

EVENTS = "~/events"


async def statuses(api: Api, count: int, path: str = EVENTS, method: str = "GET") -> list[int | None]:
    """Return the statuses of *count* requests; None for a lost response."""
    found: list[int | None] = []
    url = api.server.base_url + path.replace("~", f"/v1/organizations/{api.server.organization_id}")
    for _ in range(count):
        try:
            async with api.session.request(
                method, url, headers={"Authorization": f"Bearer {api.server.secret_key}"}
            ) as response:
                found.append(response.status)
        except aiohttp.ServerDisconnectedError:
            found.append(None)
    return found


async def test_an_outage_ends_after_its_time(clock: ManualClock, session: aiohttp.ClientSession) -> None:
    """The clock of the server decides; a scenario can also be started before the server."""
    server = TripwireServer(clock=clock)
    early = server.scenario("outage", seconds=1)
    async with server:
        api = Api(server, session)
        scenario = server.scenario("outage", seconds=30)
        assert [503, 503] == await statuses(api, 2)
        await clock.advance(30)
        assert ([200], 2, 2) == (await statuses(api, 1), scenario.hits, early.hits)
        assert "<Scenario outage, hits=2>" == repr(scenario)
        early.stop()
        assert [] == server.faults.rules


async def test_flapping_alternates(clock: ManualClock, session: aiohttp.ClientSession) -> None:
    """Two seconds of outage, two seconds of normal operation."""
    async with TripwireServer(clock=clock) as server:
        found = []
        with server.scenario("flapping"):
            for _ in range(4):
                found += await statuses(Api(server, session), 1)
                await clock.advance(2)
        assert [503, 200, 503, 200] == found
        assert [200] == await statuses(Api(server, session), 1)


@pytest.mark.parametrize(("name", "expected"), [("throttled", [429, 202, 429]), ("lost_responses", [None, 202, None])])
async def test_every_second_request_fails(api: Api, server: TripwireServer, name: Any, expected: list[int]) -> None:
    """The first one does, so that a single retry succeeds."""
    path = f"~/webhooks/endpoints/{server.add_endpoint('https://example.com/').id}/test"
    with server.scenario(name):
        assert expected == await statuses(api, 3, path, "POST")
    assert [202, 202] == await statuses(api, 2, path, "POST")


async def test_slow_responses_and_slow_deliveries(clock: ManualClock, session: aiohttp.ClientSession) -> None:
    """A response takes a second, and a delivery three more."""
    async with TripwireServer(clock=clock) as server:
        endpoint = server.add_endpoint("https://example.com/")
        server.set_outcome(DeliveryOutcome("succeeded"))
        server.scenario("slow")
        task = asyncio.create_task(Api(server, session)("POST", f"~/webhooks/endpoints/{endpoint.id}/test"))
        await server.until(lambda: bool(server.requests))
        await clock.advance(1)
        assert 202 == (await task).status
        [delivery] = server.deliveries.values()
        assert "pending" == delivery.status
        await clock.advance(3)
        assert "succeeded" == delivery.status


def test_an_unknown_scenario_is_a_value_error() -> None:
    """With similar names."""
    server = TripwireServer()
    for name, advice in (("outtage", "did you mean outage?"), ("quokka", "Choose from: flapping, lost_responses")):
        with pytest.raises(ValueError, match=re.escape(advice)):
            server.scenario(name)  # type: ignore[arg-type] - the mistake
    with pytest.raises(ValueError, match="seconds must be at least 0, not -1"):
        server.scenario("outage", seconds=-1)


async def test_a_scenario_is_started_by_the_control_api(api: Api, server: TripwireServer) -> None:
    """Its faults are listed with its name."""
    url = f"{server.base_url}/_test/scenarios"
    async with api.session.post(url, json={"name": "outage", "seconds": 30}) as response:
        assert 201 == response.status
    assert ["outage: status 503"] == [rule.describe()["fault"] for rule in server.faults.rules]
    assert [503] == await statuses(api, 1)
    async with api.session.post(url, json={"name": "outtage"}) as response:
        message = (await response.json())["error"]["message"]
        assert (422, True) == (response.status, "Did you mean outage?" in message)
