"""The client: configuration, copies, and use in several event loops."""

from __future__ import annotations

import asyncio
import math
import socket
from typing import TYPE_CHECKING, Any

import pytest
from multidict import CIMultiDict
from yarl import URL

from tests.support.raw_server import http, listening, saying
from tripwire_async import AsyncTripwire, Secret
from tripwire_async.errors import ConfigurationError
from tripwire_async.middleware import BearerAuth

if TYPE_CHECKING:
    from tripwire_async.middleware import Handler, Request, Response
    from tripwire_async.testing import TripwireServer

KEY = "sk_test_canary"
ORGANIZATION = "org_" + "0" * 26
PAGE = b'{"data":[],"pagination":{"limit":50,"has_more":false},"meta":{"request_id":"req_1"}}'
OK = http("200 OK", PAGE)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the key and the URL of the environment."""
    for name in ("TRIPWIRE_SECRET_KEY", "TRIPWIRE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


async def use(client: AsyncTripwire) -> int:
    return len(await client.webhooks.list_endpoints(ORGANIZATION))


# -- base URL ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "base_url",
    [
        "https://api.example",
        "HTTPS://API.EXAMPLE:8443/prefix/",
        "http://localhost:8080",
        "http://LOCALHOST",
        "http://127.0.0.1",
        "http://127.8.8.8:1/x",
        "http://[::1]:8080",
    ],
)
def test_https_and_loopback_urls_are_accepted(base_url: str) -> None:
    """Any other URL would send the key in plain text."""
    assert str(URL(base_url)) in repr(AsyncTripwire(KEY, base_url=base_url))


@pytest.mark.parametrize(
    "base_url",
    [
        "http://api.example",
        "http://localhost.evil.com",
        "http://127.0.0.1.evil.com",
        "http://127.1",
        "http://2130706433",
        "http://0.0.0.0",
        "http://[::]",
        "http://notlocalhost",
        "http://127.0.0.1%00.evil.com",
    ],
)
def test_plain_http_to_another_machine_is_rejected(base_url: str) -> None:
    """Also if the host resembles a loopback address."""
    with pytest.raises(ConfigurationError, match=r"base_url .* must begin with https://"):
        AsyncTripwire(KEY, base_url=base_url)


@pytest.mark.parametrize(
    "base_url",
    [
        "api.example",
        "//api.example",
        "ftp://api.example",
        "https://",
        "https://:443",
        "https://[::1",
        "https://api.example:port",
        "https://api.example:99999",
        "https://api example",
        " https://api.example",
        "https://api.example\n",
        "https://api.example/\r\nHost: evil",
        "https://xn--",
        "https://evil.example\\@localhost",
        5,
        b"https://api.example",
    ],
)
def test_an_invalid_url_is_rejected_with_an_example(base_url: Any) -> None:
    """On construction, not in the first call."""
    with pytest.raises(
        ConfigurationError, match=r"base_url .* is not a valid URL: pass one like https://api\.tripwirejs\.com"
    ):
        AsyncTripwire(KEY, base_url=base_url)


@pytest.mark.parametrize(
    "base_url",
    [
        "https://hunter2@api.example",
        "https://somebody:hunter2@api.example",
        "https://:hunter2@api.example",
        "https://@api.example",
        "https://some:hunter[2@api.example",
        "http://localhost:hunter2@evil.example",
        "somebody:hunter2@api.example",
        "https://api.example?key=hunter2",
        "https://api.example/#hunter2",
    ],
)
def test_a_url_with_a_user_a_query_or_a_fragment_is_rejected_and_not_shown(base_url: str) -> None:
    """It may contain a password or a key, or be misleading."""
    with pytest.raises(ConfigurationError, match="base_url") as caught:
        AsyncTripwire(KEY, base_url=base_url)
    assert "hunter" not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_the_environment_sets_the_base_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """An argument takes precedence; an empty variable counts as unset."""
    assert "https://api.tripwirejs.com" in repr(AsyncTripwire(KEY))
    monkeypatch.setenv("TRIPWIRE_BASE_URL", "https://env.example")
    assert "https://env.example" in repr(AsyncTripwire(KEY))
    assert "https://arg.example" in repr(AsyncTripwire(KEY, base_url="https://arg.example"))
    monkeypatch.setenv("TRIPWIRE_BASE_URL", "")
    assert "https://api.tripwirejs.com" in repr(AsyncTripwire(KEY))


def test_a_client_prints_no_key() -> None:
    """Only its URL, and whether it is closed."""
    assert "<AsyncTripwire https://api.tripwirejs.com>" == repr(AsyncTripwire(KEY))


# -- keys -----------------------------------------------------------------------------------------------------------


async def test_without_a_key_the_first_call_names_the_variable() -> None:
    """Nothing is sent. Construction succeeds, because public operations need no key."""
    async with listening(saying(OK)) as server, AsyncTripwire(base_url=server.url) as client:
        with pytest.raises(ConfigurationError, match="TRIPWIRE_SECRET_KEY"):
            await use(client)
        assert 0 == server.connections


@pytest.mark.parametrize("key", ["pk_live_canary", "", "sk_test canary", "sk_test_canary\n", "sk_tést"])
def test_an_invalid_key_is_rejected_and_not_shown(key: str) -> None:
    """On construction."""
    with pytest.raises(ConfigurationError) as caught:
        AsyncTripwire(key)
    assert "canary" not in str(caught.value)


async def test_the_key_of_a_running_client_can_be_replaced() -> None:
    """From the next attempt on; after an invalid key the previous one stays."""
    async with listening(saying(OK, OK, OK)) as server, AsyncTripwire(KEY, base_url=server.url) as client:
        await use(client)
        client.use_key(Secret("sk_test_second"))
        await use(client)
        with pytest.raises(ConfigurationError):
            client.use_key("pk_test_third")
        await use(client)
    keys = [request.split(b"Authorization: Bearer ")[1].split(b"\r\n")[0] for request in server.requests]
    assert [KEY.encode(), b"sk_test_second", b"sk_test_second"] == keys


def test_a_key_needs_a_bearer_auth() -> None:
    """A custom chain without BearerAuth would ignore the key silently."""
    with pytest.raises(ConfigurationError, match="the middleware has no BearerAuth"):
        AsyncTripwire(KEY, middleware=[])
    with pytest.raises(ConfigurationError, match="the middleware has no BearerAuth"):
        AsyncTripwire(middleware=[]).use_key(KEY)


async def test_the_key_is_used_only_by_a_bearer_auth_without_a_key() -> None:
    """A BearerAuth that has a key keeps it."""
    async with listening(saying(OK)) as server:
        layers = [BearerAuth(), BearerAuth("sk_test_own")]
        async with AsyncTripwire(KEY, base_url=server.url, middleware=layers) as client:
            await use(client)
    assert b"Bearer sk_test_own" in server.requests[0]
    assert "BearerAuth(no key)" == repr(layers[0])


# -- options --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["timeout", "deadline"])
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, "30", [5]])
def test_an_invalid_time_is_rejected_by_its_name(name: str, value: Any) -> None:
    """For a client and for a copy."""
    with pytest.raises(ConfigurationError, match=f"{name} must be a positive number of seconds"):
        AsyncTripwire(KEY, **{name: value})
    with pytest.raises(ConfigurationError, match=f"{name} must be a positive number of seconds"):
        AsyncTripwire(KEY).with_options(**{name: value})


def test_a_timeout_is_required() -> None:
    """None is not accepted."""
    with pytest.raises(ConfigurationError, match="timeout"):
        AsyncTripwire(KEY, timeout=None)


@pytest.mark.parametrize("value", [0, -1, 1.5, "3", True])
def test_an_invalid_number_of_attempts_is_rejected(value: Any) -> None:
    """At least one attempt is required."""
    with pytest.raises(ConfigurationError, match="max_attempts must be an integer of at least 1"):
        AsyncTripwire(KEY).with_options(max_attempts=value)


@pytest.mark.parametrize(
    "name",
    ["Authorization", "AUTHORIZATION", "Host", "content-length", "Transfer-Encoding", "X-Client-Request-Id", "Upgrade"],
)
def test_reserved_headers_are_rejected(name: str) -> None:
    """Credentials, and headers that define the end of a message."""
    with pytest.raises(ConfigurationError, match=f"the header {name} cannot be given: the client sets it"):
        AsyncTripwire(KEY).with_options(headers={name: "x"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("", "x"),
        ("X Y", "x"),
        ("X: y\r\nZ", "x"),
        ("X:", "x"),
        ("\N{LATIN SMALL LETTER E WITH ACUTE}", "x"),
        ("X", "a\nb"),
        ("X", "a\r\nAuthorization: b"),
        ("X", "a\0"),
        ("X", "\ud800"),
        ("X", 5),
        ("X", None),
        (5, "x"),
    ],
)
def test_malformed_headers_are_rejected(name: Any, value: Any) -> None:
    """A header cannot contain another one."""
    with pytest.raises(ConfigurationError, match="cannot be sent"):
        AsyncTripwire(KEY).with_options(headers={name: value})


async def test_options_apply_to_the_copy_alone() -> None:
    """Later changes of the mapping of headers have no effect."""
    seen: list[Request] = []

    async def keep(request: Request, call_next: Handler, /) -> Response:
        seen.append(request)
        return await call_next(request)

    headers = {"X-Tenant": "1"}
    async with (
        listening(saying(*[OK] * 4)) as server,
        AsyncTripwire(base_url=server.url, timeout=7.0, deadline=70.0, middleware=[keep, BearerAuth(KEY)]) as client,
    ):
        copy = client.with_options(timeout=3.0, deadline=30.0, max_attempts=2, headers=headers)
        headers["X-Tenant"] = "changed"
        second_copy = copy.with_options(headers={"X-More": "2"})
        for used in (client, copy, second_copy, client.with_options()):
            await use(used)
        now = asyncio.get_running_loop().time()
    first, second, third, fourth = seen
    assert [(7.0, None), (3.0, 2), (3.0, 2), (7.0, None)] == [
        (request.timeout, request.max_attempts) for request in seen
    ]
    assert first.deadline > now + 60 > now + 30 > second.deadline
    assert [{}, {"X-Tenant": "1"}, {"X-Tenant": "1", "X-More": "2"}, {}] == [
        dict(request.headers) for request in (first, second, third, fourth)
    ]


@pytest.mark.parametrize("timeout", [None, 4.0])
async def test_a_header_in_two_cases_is_sent_once(timeout: float | None) -> None:
    """The later value is used, also for a header of the client, with every timeout."""
    async with listening(saying(OK)) as server, AsyncTripwire(KEY, base_url=server.url) as client:
        tenant = client.with_options(headers={"X-Tenant": "1", "user-agent": "mine/1"}, timeout=timeout)
        await use(tenant.with_options(headers=CIMultiDict({"x-tenant": "2"})))
    lines = server.requests[0].lower().split(b"\r\n")
    assert [b"x-tenant: 2"] == [line for line in lines if line.startswith(b"x-tenant")]
    assert [b"user-agent: mine/1"] == [line for line in lines if line.startswith(b"user-agent")]


async def test_copies_share_connections_and_are_closed_together() -> None:
    """Closing the copy closes the client."""
    async with listening(saying(OK, OK, close=False)) as server:
        client = AsyncTripwire(KEY, base_url=server.url)
        copy = client.with_options(max_attempts=1)
        await use(client)
        await use(copy)
        assert 1 == server.connections
        await copy.close()
        with pytest.raises(ConfigurationError, match="closed"):
            await use(client)


# -- event loops ----------------------------------------------------------------------------------------------------


def test_a_client_works_in_one_loop_after_another() -> None:
    """No state of the first loop is used in the second."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    client = AsyncTripwire(KEY, base_url=f"http://127.0.0.1:{port}")

    async def entered() -> int:
        async with listening(saying(OK, close=False), port=port), client:
            return await use(client)

    assert 0 == asyncio.run(entered())
    assert "closed" in repr(client)
    assert 0 == asyncio.run(entered())


async def test_a_closed_client_can_be_entered_again() -> None:
    """Closing twice is fine."""
    async with listening(saying(OK)) as server:
        client = AsyncTripwire(KEY, base_url=server.url)
        await client.close()
        await client.close()
        assert repr(client).endswith(" closed>")
        with pytest.raises(ConfigurationError, match="the client is closed"):
            await use(client)
        async with client as entered:
            assert entered is client
            assert 0 == await use(client)


async def test_an_exception_in_the_block_closes_the_client_and_passes_through() -> None:
    """It is not wrapped."""
    client = AsyncTripwire(KEY)
    with pytest.raises(KeyError):
        async with client:
            raise KeyError
    assert "closed" in repr(client)


def test_resources_are_created_on_first_use_and_kept() -> None:
    """Each imports its models on first use."""
    client = AsyncTripwire(KEY)
    for name in ("sessions", "fingerprints", "organizations", "webhooks", "gate"):
        assert name not in vars(client)
        assert getattr(client, name) is getattr(client, name)


# -- state of the rate limit ----------------------------------------------------------------------------------------


async def test_a_plan_uses_the_limit_that_the_client_has_learned(
    tripwire: AsyncTripwire, tripwire_server: TripwireServer
) -> None:
    """A chain without a rate limit has no limit."""
    organization = tripwire_server.organization_id
    assert (await tripwire.webhooks.send_tests(organization).plan()).limit == tripwire_server.limit
    bare = AsyncTripwire(tripwire_server.secret_key, base_url=tripwire_server.base_url, middleware=[BearerAuth()])
    async with bare:
        assert (await bare.webhooks.send_tests(organization).plan()).limit is None
