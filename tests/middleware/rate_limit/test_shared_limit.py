"""One limit for many processes: real processes, a real Redis server, and the clock of the server that counts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support.processes import most_among_waiting, most_in_a_window, run
from tests.support.redis_server import RedisServer
from tripwire_async import AsyncTripwire
from tripwire_async.middleware import BearerAuth, RateLimit, RedisStore, Retry
from tripwire_async.testing import TripwireServer

if TYPE_CHECKING:
    from tripwire_async._http.messages import Request, Response
    from tripwire_async._http.pipeline import Handler

pytestmark = pytest.mark.serial


async def test_four_processes_of_two_hundred_tasks_never_exceed_the_limit() -> None:
    """All calls succeed in equal parts; learning costs one rejection, and later runs none."""
    with RedisServer() as redis:
        async with TripwireServer(limit=100, window=1.0) as server:
            # Six processes compete for the machine. Without the patience, a call uses the limit of its process when
            # Redis receives no processor for 0.08 s.
            first = await run(server, redis.url, processes=4, calls=200, patience=5.0)
            refused = server.rate_limited
            second = await run(server, redis.url, processes=2, calls=50, patience=5.0)
            times = sorted(request.time for request in server.requests)
    assert ([200] * 4, []) == (first.succeeded, first.failed)
    assert ([50] * 2, []) == (second.succeeded, second.failed)
    assert refused <= 1
    assert refused == server.rate_limited
    # The server counts the rejected request too.
    assert most_in_a_window(times, 1.0) <= 100 + refused
    # A quarter of the window, and the request that is rejected. The times and the number of waiting processes are the
    # store's, so the load of the machine changes nothing.
    assert 1 <= max(most_among_waiting(grants, 1.0, others=3) for grants in first.grants) <= 25 + refused


async def call(limit: RateLimit, server: TripwireServer, calls: int, pause: float = 0.0) -> list[float]:
    """Make *calls* one after the other, and return how long each waited for the limit."""
    waited: list[float] = []

    async def measure(request: Request, call_next: Handler) -> Response:
        response = await call_next(request)
        waited.append(request.stats.rate_limit_wait)
        return response

    middleware = [measure, Retry(max_attempts=50), limit, BearerAuth(server.secret_key)]
    async with AsyncTripwire(base_url=server.base_url, middleware=middleware) as tripwire:
        for _ in range(calls):
            await tripwire.webhooks.list_endpoints(server.organization_id)
            await asyncio.sleep(pause)
    return waited


async def test_a_redis_that_hangs_holds_a_call_for_a_tenth_of_a_second(caplog: pytest.LogCaptureFixture) -> None:
    """No other call is delayed, all succeed, and loss and return are logged once."""
    with RedisServer() as redis:
        store = RedisStore(redis.url)
        limit = RateLimit(store=store)
        async with TripwireServer() as server:
            await call(limit, server, 3)
            redis.pause()
            *others, longest = sorted(await call(limit, server, 20, pause=0.01))
            redis.resume()
            assert {0.0} == set(others)
            assert longest >= 0.08
            for _ in range(300):
                if len(words(caplog)) == 2:
                    break
                await call(limit, server, 1, pause=0.01)
        await store.aclose()
    assert ["does not respond (TimeoutError)", "is back"] == words(caplog)


async def test_a_redis_that_is_killed_and_comes_back_empty_is_used_again(caplog: pytest.LogCaptureFixture) -> None:
    """In the middle of a run at the limit all calls succeed, and the empty server receives the estimate."""
    with RedisServer() as redis:
        store = RedisStore(redis.url)
        limit = RateLimit(store=store)
        async with TripwireServer(limit=20, window=0.5) as server:
            tasks = [asyncio.create_task(call(limit, server, 7)) for _ in range(10)]
            await server.until(lambda: len(server.requests) > 30)
            redis.kill()
            await server.until(lambda: len(server.requests) > 50)
            redis.start()
            await asyncio.gather(*tasks)
            assert server.rate_limited <= 2
        await store.aclose()
    assert ["does not respond (ConnectionError)", "is back"] == words(caplog)


def words(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the log messages about the store, without its name and their consequences."""
    messages = [record.message for record in caplog.records if record.message.startswith("<RedisStore")]
    return [message.partition("> ")[2].partition(":")[0] for message in messages]
