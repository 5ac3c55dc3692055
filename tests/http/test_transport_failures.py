"""Timeouts, and failures after which the request was certainly not sent."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.raw_server import Connection, listening, saying, silence
from tests.support.wire import OK, failure, make_request
from tripwire_async._http.transport import AiohttpTransport
from tripwire_async.errors import RequestTimeoutError, TransportError

if TYPE_CHECKING:
    from pathlib import Path


# -- timeouts -------------------------------------------------------------------------------------------------------


async def test_a_server_that_never_responds_is_a_timeout(
    transport: AiohttpTransport,
) -> None:
    """It may have processed the request."""
    error = await failure(transport, silence, "POST", timeout=0.05)
    assert isinstance(error, RequestTimeoutError)
    assert isinstance(error, TimeoutError)
    assert error.maybe_sent
    assert "doThing (POST /v1/things): no response within 0.05 seconds" == str(error)


async def test_a_body_that_stops_is_a_timeout(transport: AiohttpTransport) -> None:
    """The timeout includes reading the body."""

    async def talk(connection: Connection) -> None:
        await connection.request()
        await connection.say(OK[:-1])
        await connection.gone()

    assert isinstance(await failure(transport, talk, timeout=0.05), RequestTimeoutError)


async def test_a_slow_body_is_a_timeout(transport: AiohttpTransport) -> None:
    """The timeout is for the whole response, not for each byte."""

    async def talk(connection: Connection) -> None:
        await connection.request()
        await connection.say(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await connection.say(b" ")
            await asyncio.sleep(0.005)

    assert isinstance(await failure(transport, talk, timeout=0.05), RequestTimeoutError)


async def test_the_deadline_of_the_call_limits_an_attempt(transport: AiohttpTransport) -> None:
    """A timeout of five seconds ends at a deadline in fifty milliseconds."""
    soon = asyncio.get_running_loop().time() + 0.05
    error = await failure(transport, silence, deadline=soon)
    assert isinstance(error, RequestTimeoutError)
    assert asyncio.get_running_loop().time() < soon + 1


async def test_timeouts_use_a_clock_that_is_replaced_after_the_first_call(
    transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Libraries that stop time in tests replace `time.monotonic`; the loop's timers follow, and so must timeouts."""
    async with listening(saying(OK, OK, close=False)) as server:
        await transport(make_request(server.url))
        monotonic = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: monotonic() + 1e6)
        assert 200 == (await transport(make_request(server.url))).status


async def test_nothing_is_sent_once_the_deadline_has_passed(transport: AiohttpTransport) -> None:
    """It does not count as an attempt."""
    async with listening(saying(OK)) as server:
        request = make_request(server.url, "POST", deadline=asyncio.get_running_loop().time())
        with pytest.raises(
            RequestTimeoutError, match="the deadline of the call passed before the request was sent"
        ) as caught:
            await transport(request)
    assert not caught.value.maybe_sent
    assert 0 == request.stats.attempts == server.connections


# -- requests that were not sent ------------------------------------------------------------------------------------


async def test_after_a_refused_connection_the_request_was_not_sent(transport: AiohttpTransport) -> None:
    """The message shows the URL, since base_url is the usual cause."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(TransportError) as caught:
            await transport(make_request(url, "POST"))
    assert not caught.value.maybe_sent
    assert f"cannot connect to {url} (" in str(caught.value)
    assert "check base_url" in str(caught.value)


async def test_the_advice_for_the_url_of_the_service_is_to_check_the_network(
    transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default URL is right."""

    async def fail(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    with pytest.raises(TransportError, match="check the network, or pass a proxy"):
        await transport(make_request("https://api.tripwirejs.com/v1/sessions", "POST"))


@pytest.mark.serial
async def test_after_a_connect_timeout_the_request_was_not_sent(transport: AiohttpTransport) -> None:
    """The backlog is full and the handshake never ends; the connect timeout is shorter than that of the attempt."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        with pytest.raises(RequestTimeoutError) as caught:
            await transport(make_request(f"http://127.0.0.1:{full.getsockname()[1]}", "POST", timeout=0.2))
        for client in waiting:
            client.close()
    assert not caught.value.maybe_sent
    assert "within 0.18 seconds" in str(caught.value)


async def test_without_an_address_for_the_host_the_request_was_not_sent(
    transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name resolution failed."""

    async def unknown(*_: object, **__: object) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    with pytest.raises(TransportError, match=r"cannot connect to https://api\.example") as caught:
        await transport(make_request("https://api.example", "POST"))
    assert not caught.value.maybe_sent


async def test_a_slow_name_resolution_is_a_connect_timeout(
    transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name resolution is part of connecting."""

    async def hang(*_: object, **__: object) -> list[Any]:
        return await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", hang)
    with pytest.raises(RequestTimeoutError, match=r"no connection to https://api\.example within") as caught:
        await transport(make_request("https://api.example", "POST", timeout=0.5))
    assert not caught.value.maybe_sent


async def test_waiting_for_the_pool_of_a_callers_session_is_a_connect_timeout() -> None:
    """A caller's session may have a pool of one connection, which is in use."""
    async with listening(silence) as server, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        transport = AiohttpTransport(session)
        first = asyncio.create_task(transport(make_request(server.url)))
        await server.came(1)
        with pytest.raises(RequestTimeoutError, match="no connection") as caught:
            await transport(make_request(server.url, "POST", timeout=0.5))
        assert not caught.value.maybe_sent
        first.cancel()
        await asyncio.wait([first])


async def test_after_a_failed_tls_handshake_the_request_was_not_sent(transport: AiohttpTransport) -> None:
    """The server does not support TLS, and the request is not sent in plain text."""
    error = await failure_over_tls(transport)
    assert isinstance(error, TransportError)
    assert not error.maybe_sent
    assert "check whether its URL begins with http://" in str(error)


async def failure_over_tls(transport: AiohttpTransport) -> Exception:
    async def talk(connection: Connection) -> None:
        await connection.reader.read(1)
        await connection.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with listening(talk) as server:
        with pytest.raises(TransportError) as caught:
            await transport(make_request(server.url.replace("http:", "https:"), "POST"))
        assert [] == server.requests
    return caught.value


async def test_an_untrusted_certificate_is_rejected_before_anything_is_sent(
    transport: AiohttpTransport, tmp_path: Path
) -> None:
    """A man in the middle has a self-signed certificate."""
    async with listening(saying(OK), tls=self_signed(tmp_path)) as server:
        with pytest.raises(TransportError, match="certificate") as caught:
            await transport(make_request(server.url, "POST"))
    assert not caught.value.maybe_sent
    assert [] == server.requests


def self_signed(directory: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = directory / "pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return context


async def test_after_a_lost_response_the_request_may_have_been_sent(transport: AiohttpTransport) -> None:
    """The server received the whole request and closed the connection."""
    error = await failure(transport, saying(b""), "POST")
    assert isinstance(error, TransportError)
    assert error.maybe_sent


async def test_a_post_on_a_stale_connection_is_not_sent_again(transport: AiohttpTransport) -> None:
    """The server closes an idle connection while it is reused; aiohttp itself retries only a GET."""
    async with listening(saying(OK, b"")) as server:
        await transport(make_request(server.url))
        with pytest.raises(TransportError) as caught:
            await transport(make_request(server.url, "POST"))
        assert caught.value.maybe_sent
        assert 2 == len(server.requests)
