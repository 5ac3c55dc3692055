"""Proxies: the environment, rejected tunnels, and what their errors say."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from yarl import URL

from tests.support.certificates import HOST, server_context, write_certificates
from tests.support.connect_proxy import connect_proxy
from tests.support.ids import ENDPOINT_ID, ORGANIZATION_ID
from tests.support.raw_server import http, listening, saying
from tests.support.secret_scanner import exposed
from tripwire_async import AsyncTripwire, Secret
from tripwire_async._http.proxies import environment_proxy
from tripwire_async.errors import ConfigurationError, TransportError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PASSWORD = "canary0123456789"
LIST = b'{"data":[],"pagination":{"limit":1,"has_more":false,"next_cursor":null},"meta":{"request_id":"req_1"}}'
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the proxy of this machine, if it has one."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the certificates of a private CA."""
    return write_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.mark.parametrize(
    ("variables", "url", "expected"),
    [
        ({"HTTPS_PROXY": "http://proxy:1"}, "https://api.example", "http://proxy:1"),
        ({"https_proxy": "proxy:1"}, "https://api.example", "http://proxy:1"),
        ({"HTTP_PROXY": "http://proxy:1"}, "https://api.example", None),
        ({"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "example"}, "https://api.example", None),
        ({"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": ".example,other"}, "https://api.example", None),
        ({"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "other"}, "https://api.example", "http://proxy:1"),
        ({"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "*"}, "https://api.example", None),
        ({"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "api.example:444"}, "https://api.example:444", None),
        ({"HTTP_PROXY": "http://proxy:1"}, "http://127.0.0.1:8080", None),
        ({"HTTPS_PROXY": "http://proxy:1"}, "https://localhost", None),
        ({"HTTPS_PROXY": ""}, "https://api.example", None),
        ({}, "https://api.example", None),
    ],
)
def test_the_environment_names_the_proxy(
    variables: dict[str, str], url: str, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In either case of the letters; loopback addresses are requested directly."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = environment_proxy(URL(url))
    assert expected == (None if found is None else found.reveal())


@pytest.mark.parametrize(
    ("proxy", "reason"),
    [
        (f"socks5://user:{PASSWORD}@proxy:1", r"begins with socks5://, and only http:// and https://"),
        (f"http://user:{PASSWORD}@", "is not valid"),
        (f"ftp://user:{PASSWORD}@proxy", "is not valid"),
        (f"http://user:{PASSWORD}@proxy:port", "is not valid"),
    ],
)
@pytest.mark.parametrize("way", ["argument", "environment"])
def test_an_invalid_proxy_is_rejected_and_not_shown(
    proxy: str, reason: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the client is created, not by the first call."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ConfigurationError, match=reason) as caught:
        AsyncTripwire("sk_test_1", proxy=proxy if way == "argument" else None, trust_env=way == "environment")
    assert not exposed(caught.value, PASSWORD)


@pytest.mark.parametrize("options", [{"proxy": "http://proxy:1"}, {"trust_env": True}])
async def test_a_proxy_is_not_set_on_a_callers_session(options: dict[str, Any]) -> None:
    """It would be ignored."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(ConfigurationError, match="set them on it"):
            AsyncTripwire("sk_test_1", session=session, **options)


def test_a_proxy_of_another_type_is_a_type_error() -> None:
    """The message names the argument."""
    with pytest.raises(TypeError, match=r"^proxy must be text or a Secret, not int$"):
        AsyncTripwire("sk_test_1", proxy=5)  # type: ignore[arg-type] - the mistake under test


async def test_the_environment_is_ignored_unless_it_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable alone does not send a key to another machine."""
    async with connect_proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with AsyncTripwire("sk_test_1", base_url="https://127.0.0.1:1") as client:
            with pytest.raises(TransportError):
                await client.with_options(max_attempts=1).sessions.list()
        assert [] == proxy.requests


@pytest.fixture(params=["own session", "callers session", "environment", "callers environment"])
async def make_client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    """Return a function that makes a client which uses a proxy; the test server is not on a loopback name."""
    sessions: list[aiohttp.ClientSession] = []

    def make(proxy: str) -> AsyncTripwire:
        options: dict[str, Any] = {}
        if "environment" in request.param:
            monkeypatch.setenv("HTTPS_PROXY", proxy)
        if request.param == "own session":
            options["proxy"] = Secret(proxy)
        elif request.param == "environment":
            options["trust_env"] = True
        else:
            trusts = request.param == "callers environment"
            sessions.append(aiohttp.ClientSession(proxy=None if trusts else proxy, trust_env=trusts))
            options["session"] = sessions[0]
        return AsyncTripwire("sk_test_1", base_url=f"https://{HOST}", **options)

    yield make
    for session in sessions:
        await session.close()


@pytest.mark.parametrize(
    ("status", "attempts", "advice"),
    [
        ("407 Proxy Authentication Required", 1, "407 Proxy Authentication Required): check its user and password"),
        ("403 Forbidden", 1, "403 Forbidden): check its rules"),
        ("503 Service Unavailable", 2, "503 Service Unavailable): check its rules"),
    ],
)
async def test_a_rejected_tunnel_names_the_proxy_and_nothing_was_sent(
    make_client: Any, status: str, attempts: int, advice: str
) -> None:
    """The message has no password; a wrong password is not tried again."""
    async with connect_proxy(status=status) as proxy:
        client = make_client(proxy.url.replace("//", f"//user:{PASSWORD}@"))
        async with client:
            with pytest.raises(TransportError) as caught:
                await client.with_options(max_attempts=2).webhooks.send_test(ORGANIZATION_ID, ENDPOINT_ID)
    assert f"the proxy {proxy.url} rejected the tunnel to https://{HOST} ({advice}" in str(caught.value)
    assert (False, attempts) == (caught.value.maybe_sent, caught.value.attempts)
    assert (attempts == 2) is caught.value.retryable
    assert [f"CONNECT {HOST}:443 HTTP/1.1"] * attempts == proxy.requests
    assert not exposed(caught.value, PASSWORD)


async def test_a_tunnel_that_is_cut_off_means_that_nothing_was_sent(make_client: Any) -> None:
    """The proxy closes the connection instead of a response to CONNECT."""
    async with connect_proxy(status="") as proxy:
        client = make_client(proxy.url)
        async with client:
            with pytest.raises(TransportError, match=f"https://{HOST} through the proxy {proxy.url}") as caught:
                await client.with_options(max_attempts=1).webhooks.send_test(ORGANIZATION_ID, ENDPOINT_ID)
    assert not caught.value.maybe_sent


async def test_a_proxy_that_is_not_there_is_named(make_client: Any) -> None:
    """Nothing was sent."""
    client = make_client(f"http://user:{PASSWORD}@127.0.0.1:1")
    async with client:
        with pytest.raises(TransportError, match=r"cannot connect to the proxy http://127\.0\.0\.1:1 ") as caught:
            await client.with_options(max_attempts=1).webhooks.send_test(ORGANIZATION_ID, ENDPOINT_ID)
    assert not caught.value.maybe_sent
    assert not exposed(caught.value, PASSWORD)


async def test_a_run_through_a_proxy_that_rejects_it_has_refused_outcomes(make_client: Any) -> None:
    """Nothing was sent, so no test is unknown."""
    async with connect_proxy(status="407 Proxy Authentication Required") as proxy:
        client = make_client(proxy.url)
        async with client:
            outcomes = await client.webhooks.send_tests(ORGANIZATION_ID, [ENDPOINT_ID])
    assert ["refused"] == [outcome.state for outcome in outcomes]
    assert "the proxy" in outcomes[0].reason
    assert 1 == len(proxy.requests)


async def test_requests_go_through_the_tunnel(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy sees the host name; the certificate of the API is verified inside the tunnel."""
    context = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", context)
    async with listening(saying(http("200 OK", LIST), close=False), tls=server_context(certificates)) as server:
        port = URL(server.url).port or 0
        async with connect_proxy(target=port, credentials=f"user:{PASSWORD}") as proxy:
            url = proxy.url.replace("//", f"//user:{PASSWORD}@")
            async with AsyncTripwire("sk_test_1", base_url=f"https://{HOST}", proxy=url) as client:
                assert 0 == len(await client.sessions.list())
                assert PASSWORD not in repr(client) + repr(vars(client))
                # The far end closes first, so that no task of the proxy is left.
                await client.close()
                await asyncio.sleep(0)
    assert [f"CONNECT {HOST}:443 HTTP/1.1"] == proxy.requests
    assert b"Proxy-Authorization" not in server.requests[0]
    assert b"Authorization: Bearer sk_test_1\r\n" in server.requests[0]
