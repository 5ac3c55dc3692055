"""Requests whose body cannot be read: no failure of the server, and no traceback in the terminal of ``serve``."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from yarl import URL

from tripwire_async.testing import RecordingProxy, TripwireServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

HEAD = b"Host: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n"


@pytest.fixture(params=["server", "proxy"])
async def target(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[URL]:
    """The URL of an operation, of the test server or of a recording proxy."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(TripwireServer())
        if request.param == "proxy":
            proxy = RecordingProxy(server.base_url, tmp_path / "exchanges.jsonl")
            yield URL((await stack.enter_async_context(proxy)).base_url) / "v1/organizations"
        else:
            yield URL(server.base_url) / "v1/organizations"


async def turns() -> None:
    """Let the server, which runs on the same loop, notice what happened."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.mark.parametrize("ends", ["aborted", "ended", "not gzip"])
async def test_a_body_that_cannot_be_read_is_not_logged_as_an_error(
    ends: str, target: URL, caplog: pytest.LogCaptureFixture
) -> None:
    """The client has gone away, or its body is not encoded as its headers say."""
    reader, writer = await asyncio.open_connection(target.host, target.port)
    coding = b"Content-Encoding: gzip\r\n" if ends == "not gzip" else b""
    writer.write(b"POST %s HTTP/1.1\r\n%s%s\r\n{" % (target.raw_path.encode(), HEAD, coding))
    await writer.drain()
    await turns()
    if ends == "aborted":
        writer.transport.abort()
        await turns()
    elif ends == "ended":
        writer.write_eof()
        await reader.read()
    else:
        writer.write(999 * b" ")
        assert b"HTTP/1.1 400 " == (await reader.read())[:13]
    writer.close()
    assert [] == [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
