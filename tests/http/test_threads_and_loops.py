"""One client in several threads, and in event loops that are closed with tasks pending."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import time
import unittest.mock
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import aiohttp
import pytest

from tests.support.raw_server import listening
from tests.support.threads import in_thread
from tripwire_async import AsyncTripwire
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async.errors import ConfigurationError, RequestTimeoutError, TransportError
from tripwire_async.middleware import BearerAuth
from tripwire_async.testing import TripwireServer

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from tests.support.raw_server import Connection


@pytest.fixture(scope="module")
def server() -> Iterator[TripwireServer]:
    """Return a server in another thread, with a limit that is not reached."""
    with in_thread(lambda: TripwireServer(limit=1_000_000)) as server:
        yield server


def client_of(server: TripwireServer) -> AsyncTripwire:
    return AsyncTripwire(server.secret_key, base_url=server.base_url)


def run_in_threads(*jobs: Coroutine[Any, Any, object]) -> list[object]:
    """Run all jobs at the same time, each in a loop in another thread, and return their results or exceptions."""
    start = threading.Barrier(len(jobs))

    def work(job: Coroutine[Any, Any, object]) -> object:
        start.wait()
        try:
            return asyncio.run(job)
        except Exception as error:  # noqa: BLE001 - the test checks it
            return error

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(work, jobs))


def test_one_client_works_in_eight_threads_at_once(server: TripwireServer) -> None:
    """Every call returns, each loop has its own connections, and their sessions are closed with the client."""
    client = client_of(server)

    async def job() -> int:
        async with client:
            organizations = await asyncio.gather(*(client.organizations.get(server.organization_id) for _ in range(25)))
            assert all(found.id == server.organization_id for found in organizations)
            return len(await client.sessions.list(limit=5))

    assert [5] * 8 == run_in_threads(*(job() for _ in range(8)))
    assert "closed" in repr(client)


def test_leaving_a_block_does_not_close_the_client_for_another_thread(server: TripwireServer) -> None:
    """Each thread enters the client; it is closed when the last one leaves."""
    client = client_of(server)
    left = threading.Event()

    async def first() -> None:
        async with client:
            await client.organizations.get(server.organization_id)
        left.set()

    async def second() -> str:
        async with client:
            await client.organizations.get(server.organization_id)
            await asyncio.to_thread(left.wait, 10)
            return (await client.organizations.get(server.organization_id)).id

    assert [None, server.organization_id] == run_in_threads(first(), second())
    assert "closed" in repr(client)


def test_closing_in_one_thread_closes_the_connections_of_the_others() -> None:
    """A request in flight in another thread ends with an exception of this library, and no session is left open."""
    received = threading.Event()

    async def receive(connection: Connection) -> None:
        await connection.request()
        received.set()
        await connection.gone()

    with in_thread(lambda: listening(receive)) as silent:
        client = AsyncTripwire("sk_test_1", base_url=silent.url, middleware=[BearerAuth()], timeout=30)

        async def call() -> object:
            return await client.organizations.get("org_" + "0" * 26)

        async def close() -> None:
            await asyncio.to_thread(received.wait, 10)
            await client.close()

        result, _ = run_in_threads(call(), close())
    assert isinstance(result, (TransportError, ConfigurationError))
    assert not isinstance(result, RequestTimeoutError)


# Python and aiohttp warn about connections that are open when their loop is closed.
abandoned = pytest.mark.filterwarnings("ignore::ResourceWarning")


@abandoned
def test_a_loop_that_is_closed_with_calls_pending_does_not_disturb_the_next_one(server: TripwireServer) -> None:
    """The pattern of task queues: a new loop per job, closed with tasks pending."""
    client = client_of(server)

    async def job() -> int:
        for _ in range(5):
            # Referenced by the loop alone, and pending when it is closed.
            asyncio.ensure_future(client.sessions.list(limit=1)).add_done_callback(lambda done: done.exception())
        await asyncio.sleep(0)
        return len(await client.sessions.list(limit=5))

    for _ in range(20):
        loop = asyncio.new_event_loop()
        assert 5 == loop.run_until_complete(job())
        loop.close()
    asyncio.run(client.close())
    gc.collect()


@abandoned
@pytest.mark.parametrize("turns", range(0, 40, 3))
def test_a_loop_can_be_closed_at_any_point_of_a_call(server: TripwireServer, turns: int) -> None:
    """The abandoned call raises nothing when it is collected, and the client works in the next loop."""
    client = client_of(server)

    async def job() -> None:
        asyncio.ensure_future(client.sessions.list(limit=1)).add_done_callback(lambda done: done.exception())
        for _ in range(turns):
            await asyncio.sleep(0)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(job())
    loop.close()
    gc.collect()

    async def next_job() -> int:
        async with client:
            return len(await client.sessions.list(limit=5))

    assert 5 == asyncio.run(next_job())
    gc.collect()


def test_the_time_without_a_running_loop_is_monotonic() -> None:
    """The clock can be read while an abandoned coroutine is ended."""
    assert LOOP_CLOCK.now() <= time.monotonic() <= LOOP_CLOCK.now()


async def other_tasks() -> None:
    """Wait for all other tasks of the loop, for example the one that closes its connections."""
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))


@contextlib.contextmanager
def two_loops() -> Iterator[tuple[asyncio.AbstractEventLoop, asyncio.AbstractEventLoop]]:
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    try:
        yield first, second
    finally:
        first.close()
        second.close()


def test_a_client_that_is_open_again_keeps_the_connections_of_other_loops(server: TripwireServer) -> None:
    """Another loop closes its connections when it runs again, unless the client is open by that time."""
    client = client_of(server)

    async def call() -> str:
        return (await client.organizations.get(server.organization_id)).id

    with two_loops() as (first, second):
        first.run_until_complete(call())
        second.run_until_complete(client.close())
        second.run_until_complete(client.__aenter__())
        assert server.organization_id == first.run_until_complete(call())
        second.run_until_complete(client.close())
        with pytest.raises(ConfigurationError):
            first.run_until_complete(call())
        first.run_until_complete(other_tasks())


def test_a_callers_session_stays_open_when_its_loop_is_closed(server: TripwireServer) -> None:
    """The caller closes it."""

    async def call() -> aiohttp.ClientSession:
        session = aiohttp.ClientSession()
        clients.append(AsyncTripwire(server.secret_key, base_url=server.base_url, session=session))
        await clients[0].organizations.get(server.organization_id)
        await session.close()
        return session

    clients: list[AsyncTripwire] = []
    with two_loops() as (first, second):
        session = first.run_until_complete(call())
        first.close()
        with unittest.mock.patch.object(aiohttp.ClientSession, "close") as close:
            second.run_until_complete(clients[0].close())
        close.assert_not_called()
    assert session.closed


def test_the_connections_of_a_loop_are_closed_with_it(server: TripwireServer) -> None:
    """A client that is never closed keeps no connection of a loop that has ended."""

    async def call() -> None:
        await asyncio.gather(*(client.sessions.list(limit=1) for _ in range(4)))
        assert connections(server.base_url) >= 1

    client = client_of(server)
    gc.collect()
    gc.disable()
    try:
        before = connections(server.base_url)
        for _ in range(3):
            asyncio.run(call())
        assert connections(server.base_url) == before
    finally:
        gc.enable()


def connections(base_url: str) -> int:
    """Return the number of open connections to a server on this machine."""
    peer, is_open = f":{int(base_url.rpartition(':')[2]):04X}", "01"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()]
    return sum(row[2].endswith(peer) and row[3] == is_open for row in rows)


@pytest.mark.parametrize("action", ["error", "ignore"])
def test_a_client_is_used_after_a_loop_has_closed_its_generators(
    server: TripwireServer, action: Literal["error", "ignore"]
) -> None:
    """The next call opens a new session, which is closed with the client; Python's warning does not fail the call."""

    async def call() -> None:
        async with client_of(server) as client:
            await client.sessions.list(limit=1)
            await asyncio.get_running_loop().shutdown_asyncgens()
            await client.sessions.list(limit=1)

    with warnings.catch_warnings():
        warnings.filterwarnings(action, message="asynchronous generator", category=ResourceWarning)
        asyncio.run(call())
    gc.collect()
