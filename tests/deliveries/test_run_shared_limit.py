"""A run whose rate limit is shared through Redis, over the wire."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest
import redis.asyncio

from tests.support.redis_server import RedisServer
from tripwire_async import AsyncTripwire
from tripwire_async.middleware import BearerAuth, RateLimit, RedisStore, Retry
from tripwire_async.testing import DeliveryOutcome, TripwireServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class CountingRedis(redis.asyncio.Redis):
    """Client with a callback in the middle of one of its commands, which are counted down."""

    commands_left = -1
    on_last: Callable[[], object] = lambda: None

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Run the command, and count it."""
        type(self).commands_left -= 1
        if self.commands_left == 0:
            type(self).on_last()
        return await super().execute_command(*args, **options)


class LossyRedis(CountingRedis):
    """Client whose commands lose a cancellation, like ``asyncio.wait_for`` in Python 3.11."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Run the command, and return its result even if it is cancelled."""
        command = asyncio.ensure_future(super().execute_command(*args, **options))
        try:
            return await asyncio.shield(command)
        except asyncio.CancelledError:
            return await command


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.mark.parametrize("kind", [CountingRedis, LossyRedis])
@pytest.mark.parametrize("commands", range(5, 30, 6))
async def test_a_cancelled_run_with_a_shared_limit_stops_sending(
    redis_server: RedisServer, kind: type[CountingRedis], commands: int
) -> None:
    """The client has its default timeouts, and the run is cancelled in the middle of one of its commands."""
    async with (
        TripwireServer(limit=20, window=1.0) as server,
        kind(unix_socket_path=redis_server.socket) as client,
        contextlib.aclosing(RedisStore(client=client, name=f"{kind.__name__}-{commands}")) as store,
        AsyncTripwire(
            base_url=server.base_url, middleware=[Retry(), RateLimit(store=store), BearerAuth(server.secret_key)]
        ) as tripwire,
    ):
        server.set_outcome(DeliveryOutcome("succeeded", after=0.1))
        ids = [server.add_endpoint("https://example.com/hook").id for _ in range(100)]
        run = tripwire.webhooks.send_tests(server.organization_id, ids, in_flight=10)
        before = asyncio.all_tasks()
        task = asyncio.create_task(_await(run))
        kind.on_last, kind.commands_left = task.cancel, commands
        async with asyncio.timeout(3.0):
            await asyncio.wait([task])
        assert task.cancelled()
        assert not any("WorkerPool" in repr(task) for task in asyncio.all_tasks() - before)
        assert len(server.deliveries) < 60


async def _await(run: Any) -> None:
    await run
