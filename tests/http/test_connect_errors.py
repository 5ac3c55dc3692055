"""Failures before a request is sent: TLS, the pool of a session, and file descriptors."""

from __future__ import annotations

import asyncio
import errno
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.support.certificates import server_context, write_certificates
from tests.support.raw_server import listening, saying, silence
from tests.support.wire import OK, make_request
from tripwire_async import AsyncTripwire
from tripwire_async._http.transport import AiohttpTransport
from tripwire_async.errors import RequestTimeoutError, TransportError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.raw_server import Connection


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the certificates of a private CA."""
    return write_certificates(tmp_path_factory.mktemp("certificates"))


async def test_a_certificate_that_is_not_trusted_is_tried_once(certificates: Path) -> None:
    """The message says how a CA is trusted; a retry would not help."""
    async with (
        listening(saying(OK), tls=server_context(certificates)) as server,
        AsyncTripwire("sk_test_1", base_url=server.url) as client,
    ):
        with pytest.raises(TransportError, match=r"is not trusted .*SSL_CERT_FILE") as caught:
            await client.sessions.list()
        assert 1 == caught.value.attempts
    assert not caught.value.maybe_sent
    assert not caught.value.retryable
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (b"\x15\x03\x01\x00\x02\x02\x46", r"that the server supports TLS 1\.2"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "whether its URL begins with http://"),
    ],
    ids=["alert", "http"],
)
async def test_a_failed_handshake_is_tried_once(answer: bytes, advice: str) -> None:
    """The server rejects our version of TLS with an alert, or does not know TLS."""

    async def talk(connection: Connection) -> None:
        await connection.reader.read(1)
        await connection.say(answer)
        await connection.gone()

    async with listening(talk) as server:
        url = server.url.replace("http:", "https:")
        async with AsyncTripwire("sk_test_1", base_url=url) as client:
            with pytest.raises(TransportError, match=f"the TLS handshake with https://.* failed .*{advice}") as caught:
                await client.sessions.list()
        assert 1 == server.connections
    assert (False, False) == (caught.value.maybe_sent, caught.value.retryable)


async def test_a_handshake_that_is_cut_off_names_tls(transport: AiohttpTransport) -> None:
    """A server that is being restarted, for example, so a retry can help."""

    async def hang_up(connection: Connection) -> None:
        await connection.reader.read(1)

    async with listening(hang_up) as server:
        with pytest.raises(TransportError, match=r"the TLS handshake with https://.* (was cut off|failed)") as caught:
            await transport(make_request(server.url.replace("http:", "https:"), "POST"))
    assert not caught.value.maybe_sent


async def test_a_full_pool_is_named() -> None:
    """The pool of a caller's session has one connection, which is in use."""
    async with listening(silence) as server, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        transport = AiohttpTransport(session)
        first = asyncio.create_task(transport(make_request(server.url)))
        await server.came(1)
        with pytest.raises(RequestTimeoutError, match="whether all 1 connections of the session are in use"):
            await transport(make_request(server.url, "POST", timeout=0.5))
        first.cancel()
        await asyncio.wait([first])


OUT_OF_DESCRIPTORS = """
import asyncio, os, resource, sys
from tripwire_async import AsyncTripwire
from tripwire_async.testing import TripwireServer

async def main():
    async with TripwireServer() as server:
        endpoints = [server.add_endpoint("http://127.0.0.1:9/").id for _ in range(3)]
        async with AsyncTripwire(server.secret_key, base_url=server.base_url) as client:
            run = client.webhooks.send_tests(server.organization_id, endpoints)
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
            taken = []
            try:
                while True:
                    taken.append(os.dup(0))
            except OSError:
                pass
            outcomes = await run
        assert not server.requests, server.requests
        for outcome in outcomes:
            print(outcome.state, outcome.error.maybe_sent, outcome.reason)

asyncio.run(main())
"""


def test_too_many_open_files_mean_that_nothing_was_sent() -> None:
    """No socket can be opened, and neither can a module that would be imported only after a failure."""
    done = subprocess.run(  # noqa: S603 - a command of constants
        [sys.executable, "-c", OUT_OF_DESCRIPTORS], capture_output=True, text=True, timeout=60, check=False
    )
    lines = done.stdout.splitlines()
    assert 3 == len(lines), done.stderr
    for line in lines:
        assert line.startswith("refused False ")
        assert "too many open files" in line
        assert "ulimit -n" in line


async def test_a_lack_of_file_descriptors_is_named(
    transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The URL is not the cause."""

    async def fail(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("aiohttp.connector.TCPConnector._create_connection", fail)
    with pytest.raises(TransportError, match=r"too many open files\): raise the limit") as caught:
        await transport(make_request("https://api.example", "POST"))
    assert not caught.value.maybe_sent
