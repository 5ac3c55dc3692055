"""Processes that make no calls for some time, and share a limit through a store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support import virtual_time
from tests.support.fake_store import FakeStore
from tests.support.limited_server import LimitedServer
from tests.support.rate_limits import call, limited, settle, start
from tests.support.redis_server import RedisServer
from tests.support.virtual_store import ScriptRunner, VirtualStore
from tripwire_async.errors import TransportError
from tripwire_async.middleware import Retry
from tripwire_async.middleware.rate_limit import RateLimit

if TYPE_CHECKING:
    from tripwire_async._http.messages import Request, Response
    from tripwire_async._http.pipeline import Handler


async def accept(request: Request) -> Response:
    """Accept a request."""
    return limited(10, 5)


async def lose(request: Request) -> Response:
    """Lose a request."""
    raise TransportError("no response", maybe_sent=True)


@pytest.mark.virtual_time
@pytest.mark.parametrize("ahead", range(3))
async def test_a_report_and_a_call_at_the_same_time_are_one_request_to_the_store(ahead: int) -> None:
    """Two would have the same number, and the store would grant the slots of the first one twice."""
    store = FakeStore()
    limit = RateLimit(store=store)
    # Before the timer of the report, so that the loop wakes this call first.
    begins = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_at(1.0, begins.set_result, None)

    async def later() -> None:
        await begins
        for _ in range(ahead):
            await asyncio.sleep(0)
        await limit(call(), accept)

    task = asyncio.create_task(later())
    await limit(call(), accept)
    store.delay = 0.05
    await task
    await asyncio.sleep(2)
    numbers = [ask.number for ask in store.asked]
    assert sorted(set(numbers)) == numbers
    assert [1, 2] == sorted(ended.serial for ask in store.asked for ended in ask.finished)


@pytest.mark.virtual_time
@pytest.mark.parametrize("handler", [accept, lose])
async def test_the_end_of_a_request_is_reported_although_no_call_follows(handler: Handler) -> None:
    """Within a second; the store would release the slots of a silent process as if they had not been used."""
    store = FakeStore()
    limit = RateLimit(store=store)
    await asyncio.gather(*start(limit, handler, call(), call()), return_exceptions=True)
    await asyncio.sleep(1.5)
    assert 2 == sum(len(request.finished) for request in store.asked)
    assert 0 == store.asked[-1].interactive + store.asked[-1].bulk


@pytest.mark.virtual_time
async def test_a_call_waits_for_a_report_that_is_on_its_way() -> None:
    """A process sends one request to the store at a time, so that the numbers of its slots stay unique."""
    store = FakeStore(delay=0.05)
    limit = RateLimit(store=store)
    await asyncio.gather(*start(limit, accept, call()))
    before = len(store.asked)
    for _ in range(200):
        if len(store.asked) > before:
            break
        await asyncio.sleep(0.01)
    tasks = start(limit, accept, call())
    await settle()
    assert len(store.asked) == before + 1
    await asyncio.gather(*tasks)
    assert len({ask.number for ask in store.asked}) == len(store.asked)


@pytest.mark.virtual_time
async def test_a_report_that_fails_is_repeated_with_the_next_request() -> None:
    """The store cannot be reached when the report is due, and nothing is lost."""
    store = FakeStore()
    limit = RateLimit(store=store)
    await asyncio.gather(*start(limit, accept, call()))
    store.error = ConnectionError()
    await asyncio.sleep(1.5)
    store.error = None
    await asyncio.gather(*start(limit, accept, call()))
    await asyncio.sleep(3.0)
    assert {1, 2} == {finished.serial for request in store.asked for finished in request.finished}


def test_requests_of_a_process_that_falls_silent_count_for_the_others() -> None:
    """The first process uses half of the limit and makes no call for ten seconds; the second is not rejected."""

    async def main(runner: ScriptRunner) -> int:
        service = LimitedServer(40, 60.0)
        limits = [RateLimit(store=VirtualStore(runner)) for _ in range(2)]

        async def run(limit: RateLimit, calls: int) -> None:
            retry = Retry()

            async def attempt(request: Request) -> Response:
                return await limit(request, service)

            await asyncio.gather(*(retry(call(), attempt) for _ in range(calls)))

        # A rejection reveals the window; then half of it is used, and later the rest.
        await run(limits[0], 41)
        await run(limits[1], 1)
        await asyncio.sleep(130.0)
        rejected = len(service.refused)
        await run(limits[0], 20)
        await asyncio.sleep(10.0)
        await run(limits[1], 30)
        return len(service.refused) - rejected

    with RedisServer() as server:
        runner = ScriptRunner(server.url, "silent")
        assert 0 == virtual_time.run(main(runner))
        runner.close()
