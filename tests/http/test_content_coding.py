"""Content codings of responses."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.support.raw_server import http, listening, saying
from tests.support.wire import make_request
from tripwire_async import AsyncTripwire
from tripwire_async._http.transport import AiohttpTransport
from tripwire_async.errors import ResponseDecodeError, TransportError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BODY = b'{"data":[],"pagination":{"limit":1,"has_more":false,"next_cursor":null},"meta":{"request_id":"req_1"}}'


def raw_deflate(data: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush()


@pytest.fixture(params=["own session", "callers session", "session without decompression"])
async def any_transport(request: pytest.FixtureRequest) -> AsyncIterator[AiohttpTransport]:
    """A transport of each kind of session; a session may leave decompression to its user."""
    if request.param == "own session":
        transport = AiohttpTransport(timeout=5.0)
        yield transport
        await transport.close()
    else:
        async with aiohttp.ClientSession(auto_decompress=request.param == "callers session") as session:
            yield AiohttpTransport(session, timeout=5.0)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(BODY)),
        ("x-gzip", gzip.compress(BODY)),
        ("GZIP", gzip.compress(BODY)),
        ("gzip", gzip.compress(BODY[:30]) + gzip.compress(b"") + gzip.compress(BODY[30:])),
        ("deflate", zlib.compress(BODY)),
        ("deflate", raw_deflate(BODY)),
        ("identity", BODY),
        ("", BODY),
    ],
    ids=["gzip", "x-gzip", "upper case", "several members", "deflate", "deflate without a header", "identity", "empty"],
)
async def test_a_body_is_decompressed(any_transport: AiohttpTransport, coding: str, body: bytes) -> None:
    """Whatever the session is set to; the old name of gzip is understood too, and gzip that was made in parts."""
    async with listening(saying(http("200 OK", body, f"Content-Encoding: {coding}"))) as server:
        assert BODY == (await any_transport(make_request(server.url))).body


async def test_only_known_codings_are_requested(any_transport: AiohttpTransport) -> None:
    """By default, aiohttp requests every coding for which a package is installed."""
    async with listening(saying(http("200 OK", BODY))) as server:
        await any_transport(make_request(server.url))
    assert b"\r\nAccept-Encoding: gzip, deflate\r\n" in server.requests[0]


@pytest.mark.parametrize("coding", ["gzip, gzip", "br", "zstd", "compress"])
async def test_a_coding_that_was_not_requested_is_named(any_transport: AiohttpTransport, coding: str) -> None:
    """A proxy may compress a body again."""
    async with listening(saying(http("200 OK", gzip.compress(BODY), f"Content-Encoding: {coding}"))) as server:
        with pytest.raises(ResponseDecodeError, match=f"the content coding '{coding}'"):
            await any_transport(make_request(server.url))


@pytest.mark.parametrize(
    "body",
    [gzip.compress(BODY)[:-9], gzip.compress(BODY)[:-1], b"not compressed"],
    ids=["cut off in the data", "cut off in the check sum", "damaged"],
)
async def test_a_body_that_is_cut_off_is_incomplete(any_transport: AiohttpTransport, body: bytes) -> None:
    """The length can be right although the data is not complete."""
    async with listening(saying(http("200 OK", body, "Content-Encoding: gzip"))) as server:
        with pytest.raises(TransportError, match="its compressed data is cut off or damaged") as caught:
            await any_transport(make_request(server.url, "POST"))
    assert (True, 200) == (caught.value.maybe_sent, caught.value.status)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(BODY) + b"more"),
        ("gzip", gzip.compress(BODY) + gzip.compress(b" ")[:-1]),
        ("gzip", gzip.compress(BODY) + 100 * gzip.compress(b"")),
        ("deflate", zlib.compress(BODY) + b"\0"),
        ("deflate", raw_deflate(BODY) + raw_deflate(BODY)),
    ],
    ids=["other data", "a member that is cut off", "too many members", "deflate", "deflate without a header"],
)
async def test_data_after_the_end_is_not_dropped(any_transport: AiohttpTransport, coding: str, body: bytes) -> None:
    """The part before it can be valid JSON, which says something else than the whole."""
    async with listening(saying(http("200 OK", body, f"Content-Encoding: {coding}"))) as server:
        with pytest.raises(TransportError, match="its compressed data is cut off or damaged"):
            await any_transport(make_request(server.url, "POST"))


async def test_the_limit_is_for_all_members_together() -> None:
    """Each of them is small."""
    body = 3 * gzip.compress(1000 * b"x")
    for limit in (2999, 3000):
        transport = AiohttpTransport(timeout=5.0, max_body=limit)
        async with listening(saying(http("200 OK", body, "Content-Encoding: gzip"))) as server:
            if limit == 3000:
                assert 3000 * b"x" == (await transport(make_request(server.url))).body
            else:
                with pytest.raises(ResponseDecodeError, match="larger than 2999 bytes"):
                    await transport(make_request(server.url))
        await transport.close()


async def test_a_read_whose_compressed_body_was_cut_off_is_retried() -> None:
    """As it is without compression."""
    body = gzip.compress(BODY)
    talk = saying(*(http("200 OK", part, "Content-Encoding: gzip") for part in (body[:-9], body)), close=False)
    async with listening(talk) as server, AsyncTripwire("sk_test_1", base_url=server.url) as client:
        assert 0 == len(await client.sessions.list())
        assert 2 == len(server.requests)
        await client.close()
