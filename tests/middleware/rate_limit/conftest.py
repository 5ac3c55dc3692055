"""Fixtures with a real Redis server."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
import redis.asyncio

from tests.support.redis_server import RedisServer
from tripwire_async.middleware import RedisStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """Run one server for all tests here; each store has its own name."""
    with RedisServer() as server:
        yield server


NAMES = itertools.count()


@pytest.fixture
def key() -> str:
    """Return what the keys of this test's store begin with."""
    return f"tripwire:{{test.{next(NAMES)}}}"


@pytest.fixture
async def store(server: RedisServer, key: str) -> AsyncIterator[RedisStore]:
    """Return a store without data, and close it."""
    store = RedisStore(server.url, name=key[len("tripwire:{") : -1])
    yield store
    await store.aclose()


@pytest.fixture
async def raw(server: RedisServer) -> AsyncIterator[Any]:
    """Return a client that reads and changes the data of the server."""
    async with redis.asyncio.Redis.from_url(server.url) as client:
        yield client
