"""Notes about the connection of an attempt, and the last check before a request is written."""

from __future__ import annotations

import asyncio
import math
import socket
import time
import traceback
from typing import TYPE_CHECKING

import aiohttp
import pytest
from msgspec.structs import replace

from tests.support.raw_server import Connection, listening, saying
from tests.support.wire import OK, make_request
from tripwire_async._http.transport import AiohttpTransport
from tripwire_async.errors import RequestTimeoutError, TransportError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tripwire_async.middleware import Request


@pytest.fixture(params=["own session", "callers session", "debug mode"])
async def any_transport(request: pytest.FixtureRequest) -> AsyncIterator[AiohttpTransport]:
    """A transport of each kind of session."""
    if request.param == "callers session":
        async with aiohttp.ClientSession() as session:
            yield AiohttpTransport(session, timeout=5.0)
    else:
        asyncio.get_running_loop().set_debug(request.param == "debug mode")
        transport = AiohttpTransport(timeout=5.0)
        yield transport
        await transport.close()


class Refused(Exception):  # noqa: N818 - any exception will do
    """Raised by a check."""


def refuse() -> None:
    raise Refused from KeyError("cause")


async def test_the_time_of_the_connection_is_noted(
    any_transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is after connecting, and on an open connection directly before sending."""
    loop = asyncio.get_running_loop()
    create = aiohttp.TCPConnector._create_connection  # noqa: SLF001 - connecting must take long
    connected: list[float] = []

    async def slowly(*args: object) -> object:
        protocol = await create(*args)  # type: ignore[arg-type] - passed on
        await asyncio.sleep(0.01)
        connected.append(loop.time())
        return protocol

    monkeypatch.setattr(aiohttp.TCPConnector, "_create_connection", slowly)
    async with listening(saying(OK, OK, close=False)) as server:
        first, second = make_request(server.url, "POST"), make_request(server.url, "POST")
        await any_transport(first)
        between = loop.time()
        await any_transport(second)
    assert [first.stats.connected_at >= connected[0]] == [True] * len(connected)
    assert first.stats.connected_at < between < second.stats.connected_at < loop.time()


async def test_concurrent_attempts_have_their_own_notes(transport: AiohttpTransport) -> None:
    """Each request is linked with its own attempt."""

    async def talk(connection: Connection) -> None:
        await connection.request()
        await connection.gone()

    async with listening(talk) as server:
        requests = [make_request(server.url, "POST") for _ in range(3)]
        tasks = [asyncio.create_task(transport(request)) for request in requests]
        await server.came(3)
        times = [request.stats.connected_at for request in requests]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert len({*times}) == 3
    assert all(0 < when < math.inf for when in times)


async def test_a_busy_loop_while_connecting_has_sent_nothing(any_transport: AiohttpTransport) -> None:
    """The connect timeout and that of the attempt have passed together; the cause is not the service."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        task = asyncio.create_task(any_transport(make_request(url, "POST", timeout=0.05)))
        asyncio.get_running_loop().call_soon(time.sleep, 0.1)
        with pytest.raises(RequestTimeoutError, match=f"no connection to {url} within") as caught:
            await task
        connection, _ = server.accept()
        with connection:
            assert b"" == connection.recv(1)
    assert not caught.value.maybe_sent


async def test_a_failure_of_another_kind_while_connecting_has_sent_nothing(
    any_transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the error is, without a connection nothing was sent."""

    async def fail(*_: object) -> None:
        raise aiohttp.ServerDisconnectedError

    monkeypatch.setattr(aiohttp.TCPConnector, "_create_connection", fail)
    with pytest.raises(TransportError, match="cannot connect") as caught:
        await any_transport(make_request("http://127.0.0.1:9", "POST"))
    assert not caught.value.maybe_sent


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_request_is_sent_once_per_attempt(any_transport: AiohttpTransport, method: str) -> None:
    """By itself, aiohttp sends an idempotent request again when a connection is closed without a response."""

    async def talk(connection: Connection) -> None:
        await connection.request()

    async with listening(talk) as server:
        request = make_request(server.url, method)
        with pytest.raises(TransportError, match="closed by the server") as caught:
            await any_transport(request)
        assert 1 == len(server.requests) == request.stats.attempts
    assert caught.value.maybe_sent


async def test_a_kept_connection_that_was_closed_is_not_used_twice(any_transport: AiohttpTransport) -> None:
    """The second request may meet a connection that the server has just closed."""

    async def talk(connection: Connection) -> None:
        await connection.request()
        await connection.say(OK)
        await connection.request()

    async with listening(talk) as server:
        await any_transport(make_request(server.url))
        with pytest.raises(TransportError, match="closed by the server"):
            await any_transport(make_request(server.url))
        assert (1, 2) == (server.connections, len(server.requests))


async def test_a_check_before_writing_can_refuse_to_send(any_transport: AiohttpTransport) -> None:
    """It runs once the connection is at hand; its exception is unchanged, and no frame of aiohttp hangs on it."""
    async with listening(saying(OK)) as server:
        request: Request = replace(make_request(server.url, "POST"), before_write=refuse)
        with pytest.raises(Refused) as caught:
            await any_transport(request)
        assert (1, []) == (server.connections, server.requests)
    assert math.inf == request.stats.connected_at
    assert isinstance(caught.value.__cause__, KeyError)
    assert not [frame for frame in traceback.extract_tb(caught.value.__traceback__) if "aiohttp" in frame.filename]


async def test_a_check_before_writing_costs_none_of_the_shortcuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A send that a journal records takes the same way as any other, on the library's own session."""
    checks: list[str] = []
    transport = AiohttpTransport(timeout=5.0)
    monkeypatch.setattr(AiohttpTransport, "_send_with_options", None)
    async with listening(saying(OK)) as server:
        await transport(replace(make_request(server.url, "POST"), before_write=lambda: checks.append("write")))
        await transport.close()
    assert ["write"] == checks


async def test_a_check_before_writing_runs_before_each_attempt(any_transport: AiohttpTransport) -> None:
    """On an open connection as well."""
    checks: list[int] = []
    async with listening(saying(OK, OK)) as server:
        request = replace(make_request(server.url, "POST"), before_write=lambda: checks.append(len(server.requests)))
        await any_transport(request)
        await any_transport(request)
    assert [0, 1] == checks


async def test_middlewares_of_a_callers_session_stay_in_use() -> None:
    """Those that a request passes replace those of the session in aiohttp."""
    seen: list[str] = []

    async def middleware(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        seen.append(request.method)
        return await handler(request)

    async with listening(saying(OK)) as server, aiohttp.ClientSession(middlewares=[middleware]) as session:
        await AiohttpTransport(session)(make_request(server.url, "POST"))
    assert ["POST"] == seen


async def test_a_middleware_of_a_session_may_send_a_request_twice() -> None:
    """For example one for a rotated proxy token; the time of the first connection counts."""

    async def twice(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        first = await handler(request)
        first.release()
        times.append(sent.stats.connected_at)
        return await handler(request)

    times: list[float] = []
    async with (
        listening(saying(OK, OK, close=False)) as server,
        aiohttp.ClientSession(middlewares=[twice]) as session,
    ):
        sent = make_request(server.url)
        await AiohttpTransport(session)(sent)
        assert 2 == len(server.requests)
    assert [sent.stats.connected_at] == times
