"""Closing that is cancelled: it closes all connections to Redis before the cancellation continues."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.journal_worker import new_run
from tests.support.redis_server import eventually
from tripwire_async.journal import RedisJournal
from tripwire_async.middleware import RedisStore
from tripwire_async.middleware.rate_limit.shared_pages import PageAsk

if TYPE_CHECKING:
    from tests.support.redis_server import RedisServer


async def used_journal(url: str) -> RedisJournal:
    """Return a journal with a connection for the run, and one for shared pages."""
    journal = RedisJournal(url, run="cancelled")
    await journal.begin(new_run())
    await journal.exchange_page(PageAsk(worker="one", after=0.0))
    return journal


async def used_store(url: str) -> RedisStore:
    """Return a store with a connection for the limit, and one for shared pages."""
    store = RedisStore(url, name="cancelled", patience=10.0)
    await store._script.run(b"")  # noqa: SLF001 - a request of the limit needs a whole client
    await store.exchange_page(PageAsk(worker="one", after=0.0))
    return store


@pytest.mark.parametrize("use", [used_journal, used_store])
async def test_a_cancellation_leaves_no_connection_open(use: Any, redis_server: RedisServer, raw: Any) -> None:
    """In any turn of the loop."""
    connections = len(await raw.client_list())
    for turns in range(12):
        used = await use(redis_server.url)
        assert connections + 2 == len(await raw.client_list())
        closing = asyncio.create_task(used.aclose())
        for _ in range(turns):
            await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        if turns == 0:
            # The task was cancelled before it began.
            await used.aclose()

        async def is_closed() -> bool:
            return connections == len(await raw.client_list())

        await eventually(is_closed)
