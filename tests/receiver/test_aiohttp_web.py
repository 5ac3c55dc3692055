"""The receiver in aiohttp.web, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import subprocess
import sys
import zlib
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.support.webhook_bodies import NOW, PAIR, SECRET, body_of, headers_of
from tripwire_async import receiver
from tripwire_async._secrets.secret import Secret
from tripwire_async.gate_delivery import decrypt_delivery
from tripwire_async.receiver import Router, WebhookEvent, WebhookResponse, aiohttp_handler
from tripwire_async.receiver.aiohttp_web import listen

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from yarl import URL

TEST = body_of("webhook.test")


class Hook:
    """An endpoint that counts what it handles, and a client for it."""

    def __init__(self, url: URL, session: aiohttp.ClientSession, seen: list[WebhookEvent]) -> None:
        self.url = url
        self.session = session
        self.seen = seen

    async def post(self, data: Any, headers: Any) -> tuple[int, bytes]:
        async with self.session.post(self.url, data=data, headers=headers) as response:
            return response.status, await response.read()


ReadBody: TypeAlias = Callable[[web.Request], Awaitable[object]]


@asynccontextmanager
async def hook_behind(read: ReadBody) -> AsyncGenerator[Hook]:
    """Yield an endpoint behind a middleware that reads the body with *read*."""

    @web.middleware
    async def middleware(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:
        await read(request)
        return await handler(request)

    router, seen = Router(), list[WebhookEvent]()
    router.default(seen.append)
    app = web.Application(middlewares=[middleware])
    app.router.add_post("/hook", aiohttp_handler(router, SECRET, now=lambda: NOW, max_body=2 * len(TEST)))
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield Hook(server.make_url("/hook"), session, seen)


@pytest.mark.parametrize("read", [web.Request.read, web.Request.text, web.Request.json])
async def test_a_body_that_a_middleware_has_read_is_used(read: ReadBody) -> None:
    """Aiohttp keeps the bytes; they are verified, and measured, as if they had just come."""
    async with hook_behind(read) as hook:
        assert (200, b"") == await hook.post(TEST, headers_of(TEST))
        assert (await hook.post(TEST, headers_of(TEST + b" ")))[0] == 401
        large = TEST + b" " * len(TEST) + b" "
        assert (await hook.post(large, headers_of(large)))[0] == 413
        assert len(hook.seen) == 1


async def test_a_body_whose_bytes_are_gone_is_a_500_that_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """A middleware took them from the stream: the signature is not to blame."""
    async with hook_behind(lambda request: request.content.read()) as hook:
        status, text = await hook.post(TEST, headers_of(TEST))
        assert 500 == status
        assert b"the body was read before the handler ran" in text
        assert "a middleware must use request.read()" in caplog.text
        assert 401 == (await hook.post(b"", {}))[0]


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    router, seen = Router(), list[WebhookEvent]()
    router.default(seen.append)
    router.on("gate.session.approved")(lambda event: {"ACME_KEY": "k"})
    router.on("session.deleted")(lambda event: 1 / 0)
    app = web.Application(client_max_size=10)
    app.router.add_post("/hook", aiohttp_handler(router, SECRET, now=lambda: NOW))
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield Hook(server.make_url("/hook"), session, seen)


async def test_a_webhook_is_received(hook: Hook) -> None:
    """A body larger than the application takes elsewhere does no harm."""
    assert (200, b"") == await hook.post(TEST, headers_of(TEST))
    assert len(hook.seen) == 1


async def test_each_failure_has_its_status(hook: Hook) -> None:
    """401 without a signature, 400 for an invalid body, 500 after an exception, 405 for another method."""
    failing = body_of("session.deleted")
    assert (await hook.post(TEST, {}))[0] == 401
    assert (await hook.post(TEST, headers_of(TEST + b" ")))[0] == 401
    assert (await hook.post(b"rubbish", headers_of(b"rubbish")))[0] == 400
    assert (await hook.post(failing, headers_of(failing)))[0] == 500
    async with hook.session.get(hook.url) as response:
        assert response.status == 405
    assert hook.seen == []


async def test_a_header_that_comes_twice_is_a_401(hook: Hook) -> None:
    """On the wire, where a proxy could have added one."""
    headers = headers_of(TEST)
    twice: Any = [*headers.items(), ("X-Tripwire-Timestamp", headers["X-Tripwire-Timestamp"])]
    status, response = await hook.post(TEST, twice)
    assert status == 401
    assert b"2 times" in response


@pytest.mark.parametrize("known_length", [True, False])
async def test_a_body_of_2_mib_is_a_413(hook: Hook, known_length: bool) -> None:
    """The same with a declared length and in chunks; the connection is closed afterwards."""
    body = TEST + b" " * (2 * 1024 * 1024)

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    data = io.BytesIO(body) if known_length else chunks()
    async with hook.session.post(hook.url, data=data, headers=headers_of(body)) as response:
        assert response.status == 413
        assert response.headers["Connection"] == "close"
    assert hook.seen == []


async def test_a_compressed_body_is_measured_as_it_unfolds(hook: Hook) -> None:
    """A small one is read, a bomb of 40 MiB is not."""
    small = gzip.compress(TEST)
    assert (await hook.post(small, headers_of(TEST) | {"Content-Encoding": "gzip"}))[0] == 200
    deflater = zlib.compressobj(9, wbits=31)
    bomb = b"".join(deflater.compress(b" " * 2**20) for _ in range(40)) + deflater.flush()
    assert len(bomb) < 1024 * 1024
    assert (await hook.post(bomb, headers_of(bomb) | {"Content-Encoding": "gzip"}))[0] == 413
    assert len(hook.seen) == 1


async def test_a_body_that_is_not_compressed_as_it_says_is_a_400(hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    """The sender's mistake, and no failure of ours: the log does not call it one."""
    assert (await hook.post(TEST, headers_of(TEST) | {"Content-Encoding": "gzip"}))[0] == 400
    assert [] == [record for record in caplog.records if record.levelname == "ERROR"]
    assert hook.seen == []


async def post_half(port: int | None, *, aborts: bool) -> None:
    """Send a part of a webhook, and end or abort the connection; return when the server has noticed it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    await writer.drain()
    for _ in range(50):  # now the server waits for the rest of the body
        await asyncio.sleep(0)
    if aborts:
        writer.transport.abort()
        for _ in range(50):
            await asyncio.sleep(0)
    else:
        writer.write_eof()
        await reader.read()
    writer.close()


def errors_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("aborts", [False, True])
async def test_a_sender_that_goes_away_halfway_does_no_harm(
    aborts: bool, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is handled, and the next webhook is. The log does not call it an error of this server."""
    await post_half(hook.url.port, aborts=aborts)
    assert (await hook.post(TEST, headers_of(TEST)))[0] == 200
    assert len(hook.seen) == 1
    assert [] == errors_in(caplog)


@pytest.mark.parametrize("aborts", [False, True])
async def test_a_listener_takes_no_failure_of_a_sender_for_its_own(
    aborts: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Of the loopback endpoint and of ``listen``, which would print a traceback."""
    async with listen(accept, host="127.0.0.1", port=0) as port, aiohttp.ClientSession() as session:
        await post_half(port, aborts=aborts)
        async with session.post(
            f"http://127.0.0.1:{port}/", data=b"not gzip", headers={"Content-Encoding": "gzip"}
        ) as response:
            assert 400 == response.status
        async with session.post(f"http://127.0.0.1:{port}/", data=b"") as response:
            assert 200 == response.status
    assert [] == errors_in(caplog)


async def test_an_approved_gate_session_is_answered_with_credentials(hook: Hook) -> None:
    """As JSON."""
    body = body_of("gate.session.approved")
    async with hook.session.post(hook.url, data=body, headers=headers_of(body)) as response:
        assert response.status == 200
        assert response.content_type == "application/json"
        envelope = json.loads(await response.read())["encrypted_delivery"]
    assert decrypt_delivery(envelope, PAIR).outputs == {"ACME_KEY": Secret("k")}


def test_the_rest_of_the_receiver_does_not_import_aiohttp_s_server() -> None:
    """Users of another framework do not pay for it, and cryptography is imported on first use."""
    script = (
        "import sys, tripwire_async.receiver as r, tripwire_async.sealed_tokens, tripwire_async.gate_delivery\n"
        "print(sorted({'aiohttp.web', 'cryptography'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
    assert done.stdout == "[]\n"


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    """As in any module."""
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        receiver.nothing  # noqa: B018 - the access is the test


async def accept(body: bytes, headers: Mapping[str, str]) -> WebhookResponse:
    return WebhookResponse(200)


async def test_a_listener_stops_two_seconds_after_its_block_whatever_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Aiohttp waits a second for the request, and a second for its task; then it closes the connection."""
    loop, started, stop = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    listening, clock, ahead = loop.create_future(), loop.time, 0.0
    monkeypatch.setattr(loop, "time", lambda: clock() + ahead)

    async def never(body: bytes, headers: Mapping[str, str]) -> WebhookResponse:
        started.set()
        await asyncio.Event().wait()
        return WebhookResponse(200)

    async def run() -> None:
        async with listen(never, host="127.0.0.1", port=0) as port:
            listening.set_result(port)
            await stop.wait()

    async def has_stopped(seconds: float) -> bool:
        nonlocal ahead
        ahead = seconds
        for _ in range(30):
            await asyncio.sleep(0)
        return listener.done()

    listener = asyncio.create_task(run())
    url = f"http://127.0.0.1:{await listening}/"
    async with aiohttp.ClientSession() as session:
        request = asyncio.create_task(session.post(url, data=b""))
        await started.wait()
        stop.set()
        assert [await has_stopped(seconds) for seconds in (0.0, 0.8, 1.1, 2.0, 2.2)] == [False] * 4 + [True]
        with pytest.raises(aiohttp.ClientConnectionError):
            await request
