"""Requests past the constructor of aiohttp are the same as requests by it."""

from __future__ import annotations

import asyncio
import time
from http.cookies import SimpleCookie
from typing import Any

import aiohttp
import pytest
from aiohttp.helpers import TimerNoop
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from yarl import URL

from tests.support.raw_server import listening, saying
from tests.support.virtual_time import run
from tests.support.wire import OK
from tripwire_async._http.plain_request import PlainRequest, RequestFactory, TimedRequest

plain_request = RequestFactory(time.monotonic, {}).create
URL_ = URL("https://api.example:8443/v1/things/a%2Fb?limit=5", encoded=True)


def arguments(**changes: Any) -> dict[str, Any]:
    """Return the arguments that a session passes for a plain request, with *changes*."""
    return {
        "params": {},
        "headers": CIMultiDict({"Authorization": "Bearer sk_test_1"}),
        "skip_auto_headers": None,
        "data": None,
        "cookies": SimpleCookie(),
        "auth": None,
        "version": aiohttp.HttpVersion11,
        "compress": None,
        "chunked": None,
        "expect100": False,
        "loop": asyncio.get_running_loop(),
        "response_class": aiohttp.ClientResponse,
        "proxy": None,
        "proxy_auth": None,
        "timer": TimerNoop(),
        "session": None,
        "ssl": True,
        "server_hostname": None,
        "proxy_headers": None,
        "traces": [],
        "trust_env": False,
        **changes,
    }


def assert_equal(request: aiohttp.ClientRequest, expected: aiohttp.ClientRequest) -> None:
    """Compare every attribute that aiohttp's constructor sets: the body by its content, headers in any order."""
    assert request.connection_key == expected.connection_key
    for name in vars(expected):
        value, expected_value = getattr(request, name), getattr(expected, name)
        if name == "_body" and expected_value is not None:
            value, expected_value = value.decode("latin-1"), expected_value.decode("latin-1")
        elif name == "headers":
            value, expected_value = sorted(value.items()), sorted(expected_value.items())
        elif name == "_continue":
            value, expected_value = value is None, expected_value is None
        assert expected_value == value, name


@given(
    method=st.sampled_from(["GET", "POST", "PATCH", "DELETE", "HEAD"]),
    data=st.none() | st.binary(max_size=20),
    headers=st.dictionaries(
        st.sampled_from(["accept", "Content-Type", "content-length", "Host", "user-agent", "X-A", "Expect", "TE"]),
        st.sampled_from(["1", "application/json", "100-continue"]),
    ),
    host=st.sampled_from(
        [
            "https://api.example",
            "https://api.example.",
            "http://api.example:443",
            "http://127.0.0.1:8080",
            "http://[::1]:1",
            "http://api.example:80",
        ]
    ),
)
def test_every_attribute_is_the_same_as_by_aiohttp(
    method: str, data: bytes | None, headers: dict[str, str], host: str
) -> None:
    """For any method, body, headers and host."""

    async def main() -> None:
        url = URL(host).with_path("/v1/things", encoded=True)
        given = arguments(headers=CIMultiDict(headers), data=data)
        assert_equal(plain_request(method, url, **given), aiohttp.ClientRequest(method, url, **given))

    run(main())


@pytest.mark.parametrize("changes", [{}, {"expect100": True}], ids=["plain", "unusual"])
@pytest.mark.parametrize("headers", [{}, {"accept": "text/plain", "X-A": "1"}], ids=["none", "one replaced"])
async def test_the_headers_of_every_request_are_added(changes: dict[str, Any], headers: dict[str, str]) -> None:
    """A header of the request replaces one of the same name in any case."""
    common = {"Accept": "application/json", "User-Agent": "a client"}
    given = arguments(**changes, headers=CIMultiDict(headers))
    request = RequestFactory(time.monotonic, common).create("GET", URL_, **given)
    given["headers"] = CIMultiDict({name: value for name, value in common.items() if name not in given["headers"]})
    given["headers"].update(headers)
    assert_equal(request, aiohttp.ClientRequest("GET", URL_, **given))


async def test_each_of_many_origins_has_its_own_connections() -> None:
    """Requests to more hosts and ports than are remembered have the keys of aiohttp, each time."""
    for port in (*range(1, 40), *range(1, 40)):
        for scheme in ("http", "https"):
            url = URL(f"{scheme}://api.example:{port}/")
            given = arguments()
            assert_equal(plain_request("GET", url, **given), aiohttp.ClientRequest("GET", url, **given))


async def test_a_request_of_this_library_is_plain() -> None:
    """With a body of bytes and without a body; the headers of the session are not changed."""
    given = arguments()
    assert type(plain_request("POST", URL_, **given)) is PlainRequest
    assert {"Authorization": "Bearer sk_test_1"} == dict(given["headers"])
    assert type(plain_request("POST", URL_, **arguments(data=b"{}"))) is PlainRequest


@pytest.mark.parametrize(
    "changes",
    [
        {"params": {"a": "b"}},
        {"skip_auto_headers": ["accept"]},
        {"data": "text"},
        {"data": bytearray(b"bytes")},
        {"data": aiohttp.BytesPayload(b"bytes")},
        {"cookies": SimpleCookie({"a": "b"})},
        {"version": aiohttp.HttpVersion10},
        {"compress": "deflate", "data": b"bytes"},
        {"chunked": True, "data": b"bytes"},
        {"expect100": True},
        {"proxy": URL("http://proxy.example:3128")},
        {"ssl": False},
        {"server_hostname": "other.example"},
        {"traces": ["a trace"]},
        {"trust_env": True},
        {"headers": CIMultiDict({"Transfer-Encoding": "chunked"})},
        {"headers": CIMultiDict({"Content-Encoding": "gzip"}), "data": b"bytes"},
        {"headers": CIMultiDict({"Expect": "100-continue"})},
        {"headers": CIMultiDict({"Content-Length": "5"}), "data": b"bytes"},
    ],
    ids="-".join,
)
async def test_an_unusual_request_is_made_by_aiohttp(changes: dict[str, Any]) -> None:
    """All arguments are passed on."""
    given = arguments(**changes)
    request = plain_request("POST", URL_, **given)
    assert type(request) is TimedRequest
    assert_equal(request, aiohttp.ClientRequest("POST", URL_, **given))


@pytest.mark.parametrize(
    "url", ["https://user@api.example/", "https://:password@api.example/", "https://api.example/#a"]
)
async def test_a_url_with_more_than_host_path_and_query_is_left_to_aiohttp(url: str) -> None:
    """Aiohttp turns the user into credentials and removes the fragment."""
    assert type(plain_request("GET", URL(url), **arguments())) is TimedRequest


async def test_in_debug_mode_requests_are_made_by_aiohttp() -> None:
    """Its constructor records the traceback of their origin."""
    asyncio.get_running_loop().set_debug(True)
    assert type(plain_request("GET", URL_, **arguments())) is TimedRequest


async def test_an_argument_of_a_later_aiohttp_is_passed_on() -> None:
    """An unknown argument is not ignored."""
    with pytest.raises(TypeError, match="new_argument"):
        plain_request("GET", URL_, **arguments(new_argument=1))


@pytest.mark.parametrize("data", [None, b'{"name": "a thing"}'])
async def test_the_same_bytes_are_sent(data: bytes | None) -> None:
    """Apart from the order of the headers."""
    requests = []
    for request_class in (plain_request, aiohttp.ClientRequest):
        async with (
            listening(saying(OK)) as server,
            aiohttp.ClientSession(request_class=request_class) as session,
        ):
            await session.post(URL(server.url) / "v1/things", data=data, headers={"Host": "api.example"})
            head, _, body = server.requests[0].partition(b"\r\n\r\n")
            start, *lines = head.split(b"\r\n")
            requests.append((start, sorted(lines), body))
    assert requests[0] == requests[1]
