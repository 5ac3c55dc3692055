"""Responses that are malformed, incomplete or too large."""

from __future__ import annotations

import asyncio
import resource
import zlib
from typing import TYPE_CHECKING

import pytest

from tests.support.raw_server import Connection, http, listening, saying
from tests.support.wire import OK, failure, make_request
from tripwire_async._http.transport import MAX_BODY_BYTES, AiohttpTransport
from tripwire_async.errors import RequestTimeoutError, ResponseDecodeError, TransportError

if TYPE_CHECKING:
    from tests.support.raw_server import Talk


# -- malformed and incomplete responses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("talk", "reason"),
    [
        (saying(b""), "the connection was lost before the response (closed by the server)"),
        (
            saying(b"HTTP/1.1 200 OK\r\nContent-Le"),
            "the connection was lost before the response (closed by the server)",
        ),
        (saying(b"SSH-2.0-OpenSSH_9.0\r\n\r\n"), "the response is malformed (Bad status line"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n{}"), "the response is malformed ("),
        (
            saying(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"),
            "a line of the response headers is longer than 8190 bytes",
        ),
        (
            saying(b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 20_000 + b"\r\n"),
            "the response has too many headers",
        ),
    ],
    ids=["nothing", "half a head", "ssh", "invalid length", "endless header", "endless headers"],
)
async def test_a_malformed_response_is_a_transport_error(transport: AiohttpTransport, talk: Talk, reason: str) -> None:
    """The service may have processed the request."""
    error = await failure(transport, talk, "POST")
    assert isinstance(error, TransportError)
    assert not isinstance(error, RequestTimeoutError)
    assert f"doThing (POST /v1/things): {reason}" in str(error)
    assert 1 == len(str(error).splitlines())
    assert (True, None, None) == (error.maybe_sent, error.status, error.request_id)


@pytest.mark.parametrize(
    "response",
    [
        OK.replace(b"Content-Length: 2", b"Content-Length: 20"),
        http("200 OK", b"", "X-Request-Id: req_1", "Transfer-Encoding: chunked", length=False) + b"10\r\n01234",
        http("200 OK", b"this is not gzip", "X-Request-Id: req_1", "Content-Encoding: gzip"),
    ],
    ids=["shorter than its length", "truncated chunks", "invalid compression"],
)
async def test_an_incomplete_response_keeps_its_status_and_request_id(
    transport: AiohttpTransport, response: bytes
) -> None:
    """The service's support can find the request."""
    error = await failure(transport, saying(response), "POST")
    assert isinstance(error, TransportError)
    assert (True, 200, "req_1") == (error.maybe_sent, error.status, error.request_id)
    assert "the response (200, request req_1) is incomplete or malformed" in str(error)


async def test_an_incomplete_response_without_a_request_id_has_its_status(transport: AiohttpTransport) -> None:
    """For example from a proxy."""
    error = await failure(transport, saying(b"HTTP/1.1 502 Bad\r\nContent-Length: 9\r\n\r\nhalf"))
    assert "the response (502) is incomplete or malformed" in str(error)


async def test_a_protocol_switch_is_a_response_without_a_body(transport: AiohttpTransport) -> None:
    """The transport supports no other protocol and closes the connection."""
    # Only in debug mode does aiohttp report a response that was not closed.
    asyncio.get_running_loop().set_debug(True)
    upgrade = http("101 Switching Protocols", b"xx", "Upgrade: websocket", "Connection: Upgrade", length=False)
    async with listening(saying(upgrade, close=False)) as server:
        assert (101, b"") == ((response := await transport(make_request(server.url))).status, response.body)


# -- large responses ------------------------------------------------------------------------------------------------


async def endless(connection: Connection) -> None:
    await connection.request()
    await connection.say(b"HTTP/1.1 200 OK\r\nX-Request-Id: req_1\r\n\r\n")
    while True:
        await connection.say(b" " * 65536)


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * 2**20
    return b"".join([*(packer.compress(block) for _ in range(size // len(block))), packer.flush()])


async def test_a_gzip_bomb_is_rejected_in_little_memory(transport: AiohttpTransport) -> None:
    """522 KB decompress to 512 MiB."""
    packed = bomb(512 * 2**20)
    assert len(packed) < 530_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = await failure(transport, saying(http("200 OK", packed, "Content-Encoding: gzip"), close=False))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert isinstance(error, ResponseDecodeError)
    assert grown < 4 * MAX_BODY_BYTES


@pytest.mark.parametrize(
    "talk",
    [endless, saying(b"HTTP/1.1 200 OK\r\nX-Request-Id: req_1\r\nContent-Length: 16777217\r\n\r\n", close=False)],
    ids=["endless", "by its length"],
)
async def test_a_body_above_the_limit_is_rejected(transport: AiohttpTransport, talk: Talk) -> None:
    """The size is counted during reading; a body with a larger Content-Length is not read."""
    error = await failure(transport, talk)
    assert isinstance(error, ResponseDecodeError)
    assert ("doThing", 200, "req_1") == (error.operation, error.status, error.request_id)
    assert "larger than 16777216 bytes" in str(error)
    assert "check that base_url is the URL of the API" in str(error)


async def test_the_traceback_does_not_keep_a_rejected_body(transport: AiohttpTransport) -> None:
    """Errors are often stored together with their frames."""
    error = await failure(transport, endless)
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    assert [] == [chunk for frame in frames for chunk in frame.f_locals.get("chunks", ())]


@pytest.mark.parametrize("form", ["length", "until closed"])
async def test_a_body_of_exactly_the_limit_is_read(form: str) -> None:
    """The limit is inclusive."""
    transport = AiohttpTransport(max_body=1000)
    async with listening(saying(http("200 OK", b" " * 1000, length=form == "length"))) as server:
        assert 1000 == len((await transport(make_request(server.url))).body)
    await transport.close()


async def test_one_byte_more_is_rejected_also_when_it_arrives_at_once() -> None:
    """The limit applies to a response that is complete before it is read, and no frame keeps the body."""
    transport = AiohttpTransport(max_body=1000)
    async with listening(saying(http("200 OK", b" " * 1001))) as server:
        with pytest.raises(ResponseDecodeError, match="larger than 1000 bytes") as caught:
            await transport(make_request(server.url))
    await transport.close()
    frames = [frame.frame.f_locals for frame in caught.traceback]
    assert not any(isinstance(value, bytes) and len(value) > 1000 for held in frames for value in held.values())
