"""Sessions per event loop, sessions of the caller, and cancellation."""

from __future__ import annotations

import asyncio
import gc
import re
import warnings
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.support.raw_server import Connection, http, listening, saying, silence
from tests.support.wire import OK, make_request
from tripwire_async._http.messages import Response
from tripwire_async._http.transport import AiohttpTransport
from tripwire_async.errors import ConfigurationError, RequestTimeoutError, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


# -- sessions -------------------------------------------------------------------------------------------------------


async def test_one_session_per_loop_is_created_on_first_use(transport: AiohttpTransport) -> None:
    """Twenty concurrent calls share it."""
    assert 0 == transport.statistics().sessions
    async with listening(saying(OK, close=False)) as server:
        await asyncio.gather(*(transport(make_request(server.url)) for _ in range(20)))
    assert 1 == transport.statistics().sessions


@pytest.mark.parametrize(("idle", "connections"), [(3.9, 1), (4.1, 2)])
async def test_an_idle_connection_is_kept_for_four_seconds(
    idle: float, connections: int, transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many servers close an idle connection after five seconds, and a POST that is sent at that time is lost."""
    now = 1000.0
    monkeypatch.setattr("aiohttp.connector.monotonic", lambda: now)
    async with listening(saying(OK, OK, close=False)) as server:
        await transport(make_request(server.url))
        now += idle
        await transport(make_request(server.url, "POST"))
        assert connections == server.connections


@pytest.mark.parametrize("closing", [True, False])
def test_a_transport_works_in_one_loop_after_another(closing: bool) -> None:
    """The second loop drops the session that the first one left open, as a loop does that is closed by hand."""
    transport = AiohttpTransport()

    async def main(*, close: bool) -> int:
        async with listening(saying(OK, close=False)) as server:
            response = await transport(make_request(server.url))
        if close:
            await transport.close()
            transport.closed = False
        return response.status

    loop = asyncio.new_event_loop()
    assert 200 == loop.run_until_complete(main(close=closing))
    loop.close()
    assert (0 if closing else 1) == transport.statistics().sessions
    with warnings.catch_warnings():
        # Python warns about connections that are open when their loop ends.
        warnings.simplefilter("ignore", ResourceWarning)
        assert 200 == asyncio.run(main(close=True))
        gc.collect()
    assert 0 == transport.statistics().sessions


async def test_a_closed_transport_rejects_requests(transport: AiohttpTransport) -> None:
    """The message contains the remedy. Closing twice is fine."""
    await transport.close()
    await transport.close()
    with pytest.raises(ConfigurationError, match="the client is closed: create a new one"):
        await transport(make_request("http://127.0.0.1:1"))


async def test_closing_ends_requests_in_flight_with_an_error_of_this_library(transport: AiohttpTransport) -> None:
    """On new connections, and on reused connections that aiohttp would retry."""
    async with listening(saying(OK, b"", close=False)) as server:
        await asyncio.gather(*(transport(make_request(server.url)) for _ in range(3)))
        calls = [asyncio.create_task(transport(make_request(server.url))) for _ in range(6)]
        await server.came(9)
        await transport.close()
        results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, (TransportError, ConfigurationError)) for result in results), results


async def test_a_callers_session_is_used_and_stays_open() -> None:
    """Its base URL, error handling, cookies and timeout do not affect requests."""
    response = http("200 OK", b"{}", "Set-Cookie: a=b")
    error = http("404 Not Found", b"{}")
    async with (
        listening(saying(response, error, close=False)) as server,
        aiohttp.ClientSession(
            base_url="https://elsewhere.example/",
            raise_for_status=True,
            timeout=aiohttp.ClientTimeout(total=1e-6),
            headers={"X-Theirs": "1", "accept": "text/html"},
        ) as session,
    ):
        transport = AiohttpTransport(session)
        assert 200 == (await transport(make_request(server.url))).status
        assert 404 == (await transport(make_request(server.url))).status
        await transport.close()
        assert not session.closed
    assert b"X-Theirs: 1" in server.requests[0]
    assert b"text/html" not in server.requests[0]


async def test_requests_in_flight_on_a_callers_session_keep_their_timeout() -> None:
    """Closing the transport does not close the session, so only the timeout ends them."""
    async with aiohttp.ClientSession() as session, listening(silence) as server:
        transport = AiohttpTransport(session)
        call = asyncio.create_task(transport(make_request(server.url, timeout=0.1)))
        await server.came(1)
        await transport.close()
        done, _ = await asyncio.wait([call], timeout=5.0)
        call.cancel()
    assert {call} == done
    assert isinstance(call.exception(), RequestTimeoutError)


async def test_a_closed_callers_session_is_a_configuration_error() -> None:
    """The message points to the session of the client."""
    session = aiohttp.ClientSession()
    await session.close()
    with pytest.raises(
        ConfigurationError, match=r"could not be sent \(Session is closed\): check base_url and the session"
    ):
        await AiohttpTransport(session)(make_request("http://127.0.0.1:1"))


async def test_our_credentials_win_over_those_of_a_netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Aiohttp rejects a request that has both, with an error that does not name the file."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with listening(saying(OK)) as server, aiohttp.ClientSession(trust_env=True) as session:
        await AiohttpTransport(session)(make_request(server.url))
    assert re.findall(rb"(?i)authorization: .*", server.requests[0]) == [b"Authorization: Bearer sk_test_canary\r"]


async def test_credentials_of_a_session_are_a_configuration_error() -> None:
    """A session for another service, for example; aiohttp rejects the second credentials before anything is sent."""
    with pytest.warns(DeprecationWarning, match="auth"):
        session = aiohttp.ClientSession(auth=aiohttp.BasicAuth("somebody", "hunter2"))
    async with session:
        with pytest.raises(ConfigurationError, match="must not have separate credentials") as caught:
            await AiohttpTransport(session)(make_request("http://127.0.0.1:1"))
    assert "hunter2" not in str(caught.value)


# -- cancellation ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["length", "chunked"])
async def test_a_cancellation_after_any_step_leaves_nothing_behind(
    transport: AiohttpTransport, connections_in_use: Callable[[], int], form: str
) -> None:
    """After any number of turns of the loop, no task and no connection in use is left, and the next call works."""

    async def talk(connection: Connection) -> None:
        while True:
            await connection.request()
            if form == "length":
                await connection.say(OK)
            else:
                await connection.say(http("200 OK", b"", "Transfer-Encoding: chunked", length=False) + b"1\r\n{\r\n")
                await asyncio.sleep(0)
                await connection.say(b"1\r\n}\r\n0\r\n\r\n")

    async with listening(talk) as server:
        for steps in range(200):
            call = asyncio.create_task(transport(make_request(server.url, "POST")))
            for _ in range(steps):
                await asyncio.sleep(0)
            finished = call.done()
            call.cancel()
            await asyncio.wait([call])
            assert call.cancelled() is not finished
            assert 0 == connections_in_use()
            if finished:
                break
        else:
            pytest.fail("the call never ended")
        assert steps > 3
        assert b"{}" == (await transport(make_request(server.url))).body
        await transport.close()
        transport.closed = False
        for _ in range(5):
            await asyncio.sleep(0)
        assert [] == [task for task in asyncio.all_tasks() if "aiohttp" in repr(task.get_coro())]


async def test_a_thousand_calls_with_cancellations_leave_nothing_behind(
    transport: AiohttpTransport, connections_in_use: Callable[[], int]
) -> None:
    """Half of them are cancelled at different points; the others succeed."""

    async def talk(connection: Connection) -> None:
        while True:
            await connection.request()
            await connection.say(OK)

    async with listening(talk) as server:
        calls = [asyncio.create_task(transport(make_request(server.url, timeout=30.0))) for _ in range(1000)]
        for number, call in enumerate(calls):
            if number % 2:
                call.cancel()
            if number % 7 == 0:
                await asyncio.sleep(0)
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert 0 == connections_in_use()
    assert all(isinstance(result, (Response, asyncio.CancelledError)) for result in results)
    assert all(isinstance(result, Response) for result in results[::2])
