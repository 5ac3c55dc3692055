"""One attempt over real sockets: requests, responses and redirects."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.support.raw_server import http, listening, saying
from tests.support.wire import OK, make_request

if TYPE_CHECKING:
    from tripwire_async._http.transport import AiohttpTransport


async def test_a_response_is_read_completely_and_the_connection_reused(transport: AiohttpTransport) -> None:
    """Status, headers in any case, body; two requests, one connection."""
    async with listening(saying(OK, OK, close=False)) as server:
        responses = [await transport(make_request(server.url)) for _ in range(2)]
    assert [(200, b"{}", "req_1")] * 2 == [(r.status, r.body, r.headers["x-request-id"]) for r in responses]
    assert 1 == server.connections


async def test_the_request_method_of_a_session_only_wraps_the_coroutine_that_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Aiohttp's `request` passes all arguments to `_request` unchanged: calling it directly skips nothing."""
    calls: list[object] = []

    async def send(_: aiohttp.ClientSession, *arguments: object, **more: object) -> str:
        calls.append((arguments, more))
        return "the response"

    monkeypatch.setattr(aiohttp.ClientSession, "_request", send)
    async with aiohttp.ClientSession() as session:
        assert "the response" == await session.request("POST", "http://a.example/", data=b"1", allow_redirects=False)
    assert [(("POST", "http://a.example/"), {"data": b"1", "allow_redirects": False})] == calls


@pytest.mark.parametrize("timeout", [5.0, 4.0])
async def test_the_headers_are_the_same_for_every_timeout(transport: AiohttpTransport, timeout: float) -> None:
    """With the usual timeout the session adds its headers, with another one the transport does."""
    async with listening(saying(OK, close=False)) as server:
        await transport(make_request(server.url, "POST", timeout=timeout))
    (sent,) = server.requests
    head, _, body = sent.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert b'{"name": "a thing"}' == body
    assert b"accept: application/json" in lines
    assert b"authorization: bearer sk_test_canary" in lines
    assert 1 == sum(line.startswith(b"x-tripwire-client: tripwire-async/") for line in lines)
    assert 1 == sum(line.startswith(b"user-agent: tripwire-async/") for line in lines)


@pytest.mark.parametrize("body", [b"{}", b"{}" * 40_000], ids=["small", "large"])
@pytest.mark.parametrize("form", ["length", "chunked", "until closed", "gzip"])
async def test_a_body_is_read_completely_in_every_framing(transport: AiohttpTransport, form: str, body: bytes) -> None:
    """With a length, chunked, until the connection closes, compressed."""
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:1], body[1:])) + b"0\r\n\r\n"
    talks = {
        "length": saying(http("200 OK", body)),
        "chunked": saying(http("200 OK", b"", "Transfer-Encoding: chunked", length=False) + chunks),
        "until closed": saying(http("200 OK", body, length=False)),
        "gzip": saying(http("200 OK", gzip.compress(body), "Content-Encoding: gzip")),
    }
    async with listening(talks[form]) as server:
        assert body == (await transport(make_request(server.url))).body


async def test_an_interim_response_is_skipped(transport: AiohttpTransport) -> None:
    """100 Continue precedes the response."""
    async with listening(saying(http("100 Continue", length=False) + OK)) as server:
        assert 200 == (await transport(make_request(server.url))).status


# -- redirects ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("target", ["elsewhere", "same origin"])
async def test_redirects_are_not_followed(transport: AiohttpTransport, status: int, method: str, target: str) -> None:
    """A redirect could send the key and the body to another server."""
    async with listening(saying(OK)) as thief:
        location = thief.url if target == "elsewhere" else "/v1/other"
        async with listening(saying(http(f"{status} Moved", b"", f"Location: {location}"), OK, close=False)) as server:
            response = await transport(make_request(server.url, method))
    assert status == response.status
    assert 1 == len(server.requests)
    assert 0 == thief.connections
