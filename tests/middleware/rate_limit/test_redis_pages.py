"""Shared pages in a real Redis server: keys, kinds of clients, failures, and several processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import redis.asyncio

from tests.support.processes import run_tests
from tests.support.redis_server import RedisServer, cluster, replicated
from tripwire_async.errors import ConfigurationError
from tripwire_async.middleware import RedisStore
from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, SharedPage, SharedPages, SharedWindow, WindowAsk
from tripwire_async.testing import DeliveryOutcome, TripwireServer

if TYPE_CHECKING:
    from redis.asyncio import Redis, RedisCluster


async def exchange(store: RedisStore) -> None:
    """Have two processes share a page and the window."""
    assert isinstance(store, SharedPages)
    assert isinstance(store, SharedWindow)
    first = await store.exchange_page(PageAsk(worker="a", after=0.0, scope="s", awaited=3))
    assert (True, None, 0) == (first.is_reader, first.page, first.others)
    waits = await store.exchange_page(PageAsk(worker="b", after=0.0, scope="s", awaited=4, overdue=1.5))
    assert (False, None, 1, 3) == (waits.is_reader, waits.page, waits.others, waits.awaited)
    page = SharedPage(first.time, b'["\xc3\xa9"]')
    kept = await store.exchange_page(PageAsk(worker="a", after=page.started, scope="s", is_due=False, publish=page))
    assert (False, None, 4, 0.0) == (kept.is_reader, kept.page, kept.awaited, kept.overdue)
    found = await store.exchange_page(PageAsk(worker="b", after=0.0, scope="s"))
    assert found.page is not None
    assert page.body == found.page.body
    assert abs(page.started - found.page.started) < 1e-5
    assert None is (await store.exchange_page(PageAsk(worker="b", after=0.0, scope="other"))).page
    part = await store.exchange_window(WindowAsk(worker="a", width=200, used=0, wanted=150, scope="s"))
    assert (150, 0) == (part.part, part.others)
    other = await store.exchange_window(WindowAsk(worker="b", width=200, used=0, wanted=150, oldest=2.0, scope="s"))
    assert (50, 1) == (other.part, other.others)
    assert 2.0 <= other.oldest < 3.0


async def test_processes_share_pages_and_the_window(store: RedisStore, raw: Any, key: str) -> None:
    """Every key begins with the name of the store, and expires."""
    await exchange(store)
    keys = [name.decode() async for name in raw.scan_iter(f"{key}:*")]
    assert {"pages", "readers", "senders"} == {name.removeprefix(f"{key}:").split(":")[0] for name in keys}
    assert all([0 < await raw.pttl(name) <= 60_000 for name in keys])


@pytest.mark.parametrize("decode", [True, False])
async def test_a_client_of_your_own_may_decode_replies(server: RedisServer, decode: bool) -> None:
    """The page arrives as it was published."""
    client: Redis = redis.asyncio.Redis(unix_socket_path=server.socket, decode_responses=decode)
    store = RedisStore(client=client, name=f"decode-{decode}")
    await exchange(store)
    await store.aclose()
    await client.aclose()


async def test_a_cluster_keeps_the_keys_of_an_exchange_on_one_node() -> None:
    """They have the same hash tag as those of the limit."""
    async with cluster() as nodes:
        client: RedisCluster = redis.asyncio.RedisCluster(host="127.0.0.1", port=nodes[0].port)
        store = RedisStore(client=client)
        await exchange(store)
        await store.aclose()
        await client.aclose()


async def test_the_permissions_of_the_documentation_suffice(server: RedisServer) -> None:
    """Of the user of an ACL."""
    rules = "+eval +evalsha +@read +@write +@hash +@sortedset +time"
    async with redis.asyncio.Redis(unix_socket_path=server.socket) as admin:
        await admin.execute_command("ACL", "SETUSER", "limited", "on", ">secret", "~tripwire:*", *rules.split())
    store = RedisStore(f"unix://limited:secret@{server.socket}", name="acl")
    await exchange(store)
    await store.aclose()


async def test_a_read_only_replica_cannot_share() -> None:
    """The exchange raises what an exchange of slots raises."""
    async with replicated() as (_, replica):
        store = RedisStore(replica.url)
        with pytest.raises(ConfigurationError, match="read-only replica"):
            await store.exchange_page(PageAsk(worker="a", after=0.0))
        await store.aclose()


async def test_an_absent_server_cannot_share() -> None:
    """The error is one that passes."""
    store = RedisStore("unix:///nowhere/redis.sock")
    with pytest.raises(OSError, match="Error"):
        await store.exchange_page(PageAsk(worker="a", after=0.0))
    await store.aclose()


@pytest.mark.serial
async def test_processes_read_a_page_for_fifty_sends() -> None:
    """Three real processes test 450 endpoints at 150 requests per 2 s; alone, each would read its own pages."""
    with RedisServer() as redis_server:
        async with TripwireServer(limit=150, window=2.0) as server:
            server.set_outcome(DeliveryOutcome("succeeded", after=1.0))
            states = await run_tests(server, redis_server.url, processes=3, endpoints=150)
            reads = sum(request.operation in {"listEvents", "retrieveEvent"} for request in server.requests)
    assert {"succeeded": 450} == states
    assert reads <= 0.04 * 450
