"""State of a server in a file, and a proxy that records exchanges."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

import pytest

from tests.testing.conftest import Api
from tripwire_async import FOIL, AsyncTripwire
from tripwire_async.errors import ConfigurationError, ServerError
from tripwire_async.testing import DeliveryOutcome, RecordingProxy, TripwireServer

if TYPE_CHECKING:
    from pathlib import Path

    import aiohttp


async def test_a_server_continues_from_its_file(api: Api, session: aiohttp.ClientSession, tmp_path: Path) -> None:
    """Keys, endpoints with their secrets, events and deliveries are the same."""
    server, path = api.server, tmp_path / "state.json"
    endpoint = server.add_endpoint("https://example.com/", name="shop")
    server.set_outcome(DeliveryOutcome("failed", 500))
    event = (await api("POST", f"~/webhooks/endpoints/{endpoint.id}/test")).data["event_id"]
    await api("POST", f"~/api-keys/{server.key.id}/rotations")
    server.save(path)
    server.save(path)
    assert (0o600, ["state.json"]) == (stat.S_IMODE(path.stat().st_mode), sorted(os.listdir(tmp_path)))
    async with TripwireServer.load(path) as loaded:
        assert (server.organization_id, server.profile) == (loaded.organization_id, loaded.profile)
        again = Api(loaded, session)
        [delivery] = (await again("GET", f"~/events/{event}")).data["webhook_deliveries"]
        assert ("failed", 500) == (delivery["status"], delivery["response_status"])
        assert endpoint.signing_secret == loaded.state.endpoints[endpoint.id].signing_secret
        assert 200 == (await again("GET", "~/events", bearer=server.key.previous_secret)).status
        assert loaded.key.organizations == server.key.organizations


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot read"),
        ("{", "is not a file of TripwireServer.save"),
        ("{}", "is not a file of TripwireServer.save: Object missing required field"),
    ],
)
def test_another_file_is_a_configuration_error(tmp_path: Path, text: str | None, message: str) -> None:
    """The message names the file."""
    path = tmp_path / "state.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigurationError, match=message) as caught:
        TripwireServer.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("changed", [{"format": 2}, {"profile": "other"}])
def test_a_file_of_another_version_is_named(tmp_path: Path, changed: dict[str, object]) -> None:
    """It is not changed."""
    path = tmp_path / "state.json"
    TripwireServer(profile=FOIL).save(path)
    text = json.dumps({**json.loads(path.read_text()), **changed})
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="this version reads 1"):
        TripwireServer.load(path)
    assert text == path.read_text()


async def test_a_proxy_records_exchanges_without_secrets(server: TripwireServer, tmp_path: Path) -> None:
    """The client gets the responses unchanged; the file has no key, no signing secret and no authorization."""
    path = tmp_path / "exchanges.jsonl"
    async with (
        RecordingProxy(server.base_url + "/", path) as proxy,
        AsyncTripwire(server.secret_key, profile=server.profile, base_url=proxy.base_url) as tripwire,
    ):
        endpoint = await tripwire.webhooks.create_endpoint(
            server.organization_id, name="shop", url="https://example.com/", event_types=["session.result.persisted"]
        )
        await tripwire.webhooks.list_endpoints(server.organization_id)
        assert f"<RecordingProxy {proxy.base_url} to {server.base_url}, 2 exchanges in {path}>" == repr(proxy)
    text = path.read_text()
    created, listed = [json.loads(line) for line in text.splitlines()]
    assert ("POST", "shop", 201) == (
        created["request"]["method"],
        created["request"]["body"]["name"],
        created["response"]["status"],
    )
    assert ("GET", None, endpoint.id) == (
        listed["request"]["method"],
        listed["request"]["body"],
        listed["response"]["body"]["data"][0]["id"],
    )
    assert "…" == created["request"]["headers"]["Authorization"]
    assert endpoint.signing_secret is not None
    assert [] == [secret for secret in (server.secret_key, endpoint.signing_secret.reveal()) if secret in text]
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


async def test_a_proxy_that_cannot_listen_leaves_nothing_open(server: TripwireServer, tmp_path: Path) -> None:
    """The port is in use; the session of the proxy is closed."""
    port = int(server.base_url.rpartition(":")[2])
    proxy = RecordingProxy(server.base_url, tmp_path / "exchanges.jsonl", port=port)
    with pytest.raises(OSError, match="address already in use"):
        await proxy.__aenter__()
    assert proxy.base_url == server.base_url


async def test_an_api_that_cannot_be_reached_is_recorded_as_well(tmp_path: Path) -> None:
    """The client gets a 502; text that is not JSON is recorded as text."""
    path = tmp_path / "exchanges.jsonl"
    async with (
        RecordingProxy("http://127.0.0.1:1", path) as proxy,
        AsyncTripwire("sk_test_key", base_url=proxy.base_url, max_attempts=1) as tripwire,
    ):
        with pytest.raises(ServerError):
            await tripwire.sessions.list()
    exchange = json.loads(path.read_text())
    expected = "cannot reach http://127.0.0.1:1: ClientConnectorError"
    assert (None, expected) == (exchange["response"]["status"], exchange["response"]["body"])
