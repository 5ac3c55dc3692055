"""Fixtures with a real Redis server."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
import redis.asyncio

from tests.support.redis_server import RedisServer
from tripwire_async.journal import RedisJournal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

NAMES = itertools.count()


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    """Run one server for all tests of a module; each journal has its own run."""
    with RedisServer() as server:
        yield server


@pytest.fixture
async def redis_journal(redis_server: RedisServer) -> AsyncIterator[RedisJournal]:
    """Return a journal of a run that does not exist, and close it."""
    async with RedisJournal(redis_server.url, run=f"run.{next(NAMES)}") as journal:
        yield journal


@pytest.fixture
async def raw(redis_server: RedisServer) -> AsyncIterator[Any]:
    """Return a client that reads and changes the data of the server."""
    async with redis.asyncio.Redis.from_url(redis_server.url, decode_responses=True) as client:
        yield client
