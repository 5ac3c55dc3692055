"""Closing a client ends the calls that wait for the rate limit."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.support.raw_server import http, listening
from tests.support.threads import in_thread
from tripwire_async import AsyncTripwire
from tripwire_async.errors import ConfigurationError, RateLimitedError
from tripwire_async.middleware import BearerAuth, RateLimit

if TYPE_CHECKING:
    from tests.support.raw_server import Connection, RawServer

LIST = b'{"data":[],"pagination":{"limit":1,"has_more":false,"next_cursor":null},"meta":{"request_id":"req_1"}}'


async def five_then_a_cooldown(connection: Connection) -> None:
    """Accept five requests, and reject all others for a minute."""
    while True:
        await connection.request()
        if len(connection.server.requests) > 5:
            await connection.say(http("429 Too Many Requests", b"{}", "Retry-After: 60"))
        else:
            remaining = 5 - len(connection.server.requests)
            headers = ("X-RateLimit-Limit: 5", f"X-RateLimit-Remaining: {remaining}")
            await connection.say(http("200 OK", LIST, *headers))


async def waiting(limit: RateLimit, count: int, server: RawServer, sent: int) -> None:
    """Wait until *sent* requests have been sent and responded to, and *count* calls wait."""
    async with asyncio.timeout(5):
        await server.came(sent)
        while (limit.state().in_flight, limit.state().waiting) != (0, count):  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("leave", [False, True])
async def test_calls_that_wait_for_the_rate_limit_end_when_the_client_is_closed(leave: bool) -> None:
    """They fail at once, and nothing is sent."""
    limit = RateLimit()
    async with listening(five_then_a_cooldown) as server:
        client = AsyncTripwire(base_url=server.url, middleware=[limit, BearerAuth("sk_test_1")])
        await client.__aenter__()
        calls = [asyncio.ensure_future(client.sessions.list()) for _ in range(16)]
        await waiting(limit, 10, server, 6)
        await (client.__aexit__(None, None, None) if leave else client.close())
        await asyncio.wait(calls, timeout=5)
        assert 6 == len(server.requests)
    errors = [error for call in calls if (error := call.exception()) is not None]
    assert {RateLimitedError: 1, ConfigurationError: 10} == Counter(map(type, errors))
    assert "the client is closed: create a new one, or enter it again with 'async with'" in map(str, errors)
    assert (0, 0) == (limit.state().waiting, limit.state().in_flight)


async def test_calls_of_another_client_with_the_same_limit_go_on() -> None:
    """Two clients may share the limit of their key."""
    limit = RateLimit()
    async with listening(five_then_a_cooldown) as server:
        closed, other = (
            AsyncTripwire(base_url=server.url, middleware=[limit, BearerAuth("sk_test_1")]) for _ in range(2)
        )
        async with other, closed:
            first = [asyncio.ensure_future(other.sessions.list()) for _ in range(6)]
            await asyncio.wait(first)
            calls = [asyncio.ensure_future(client.sessions.list()) for client in (closed, other)]
            await waiting(limit, 2, server, 6)
            await closed.close()
            with pytest.raises(ConfigurationError):
                await asyncio.wait_for(calls[0], 5)
            assert 1 == limit.state().waiting
            calls[1].cancel()
            await asyncio.wait(calls)
            assert 1 == sum(call.exception() is not None for call in first)


async def test_a_call_after_close_uses_no_slot() -> None:
    """The transport rejects it, after the rate limit has let it pass."""
    limit = RateLimit()
    async with listening(five_then_a_cooldown) as server:
        client = AsyncTripwire(base_url=server.url, middleware=[limit, BearerAuth("sk_test_1")])
        await client.sessions.list()
        await client.close()
        for _ in range(3):
            with pytest.raises(ConfigurationError):
                await client.sessions.list()
    assert 4 == limit.state().remaining


def test_calls_that_wait_in_another_thread_end_too() -> None:
    """Closing is for all event loops."""
    limit = RateLimit()
    with in_thread(lambda: listening(five_then_a_cooldown)) as server:
        client = AsyncTripwire(base_url=server.url, middleware=[limit, BearerAuth("sk_test_1")])

        async def main() -> BaseException | None:
            for _ in range(5):
                await client.sessions.list()
            with pytest.raises(RateLimitedError):
                await client.sessions.list()
            call = asyncio.ensure_future(client.sessions.list())
            while not limit.state().waiting:  # noqa: ASYNC110 - the limit has no event for it
                await asyncio.sleep(0)
            await asyncio.to_thread(lambda: asyncio.run(client.close()))
            await asyncio.wait([call], timeout=5)
            return call.exception() if call.done() else None

        assert isinstance(asyncio.run(main()), ConfigurationError)
