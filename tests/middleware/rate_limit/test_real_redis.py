"""The rate limit with real Redis servers: far away, misconfigured, failing over, and of several kinds."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import pytest
import redis.asyncio
from redis.asyncio.sentinel import Sentinel

from tests.support import requests
from tests.support.delay_proxy import far_away
from tests.support.redis_server import RedisServer, cluster, eventually, free_port, replicated, watched
from tripwire_async.errors import ConfigurationError
from tripwire_async.middleware import RateLimit, RedisStore

if TYPE_CHECKING:
    from tripwire_async._http.messages import Request, Response


async def accept(request: Request) -> Response:
    """Accept a request, with 60 of a limit of 100 remaining."""
    return requests.answer(200, {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "60"})


async def call(limit: RateLimit) -> Response:
    return await limit(requests.request("POST", deadline=asyncio.get_running_loop().time() + 60), accept)


async def until_shared(limit: RateLimit) -> None:
    """Make calls until the limit is shared."""

    async def is_shared() -> bool:
        await call(limit)
        return limit.state().shared is True

    await eventually(is_shared)


async def test_a_redis_that_is_far_away_is_shared_once_the_connection_is_made() -> None:
    """Connecting takes longer than the patience, 30 ms each way; a request after it takes 60 ms and fits."""
    with RedisServer() as server:
        async with far_away(server.socket, 0.03) as port:
            store = RedisStore(f"redis://127.0.0.1:{port}")
            limit = RateLimit(store=store)
            assert limit.state().shared is False
            await until_shared(limit)
            for _ in range(5):
                await call(limit)
                assert limit.state().shared is True
            await store.aclose()


async def test_patience_is_enough_for_a_redis_that_is_farther_away() -> None:
    """A request of 200 ms never fits into the default patience."""
    with RedisServer() as server:
        async with far_away(server.socket, 0.1) as port:
            store = RedisStore(f"redis://127.0.0.1:{port}", patience=0.5)
            limit = RateLimit(store=store)
            await until_shared(limit)
            await store.aclose()
    assert store.patience == 0.5


async def test_no_call_waits_for_a_connection_longer_than_the_patience() -> None:
    """The connection is made in the background, and calls use their own limit until then."""
    with RedisServer() as server:
        async with far_away(server.socket, 5.0) as port:
            store = RedisStore(f"redis://127.0.0.1:{port}")
            limit = RateLimit(store=store)
            for _ in range(5):
                started = time.monotonic()
                await call(limit)
                # A busy machine takes longer than the patience of 0.08 s, and a connection takes 20 s.
                assert time.monotonic() - started < 5
            assert limit.state().shared is False
            await store.aclose()


@pytest.mark.parametrize("delay", [0.0, 0.03])
async def test_a_wrong_password_is_an_error_of_the_calls(delay: float) -> None:
    """Also when the error is found in the background, after the first call has gone on. The password is not shown."""
    with RedisServer("--requirepass", "swordfish") as server:
        async with far_away(server.socket, delay) as port:
            store = RedisStore(f"redis://:hunter2@127.0.0.1:{port}")
            limit = RateLimit(store=store)

            with pytest.raises(ConfigurationError, match="rejects the credentials") as caught:
                await until_shared(limit)
            assert "hunter2" not in str(caught.value)
            assert limit.state().shared is False
            await store.aclose()


async def test_a_missing_password_is_an_error_of_the_calls() -> None:
    """The server requires one."""
    with RedisServer("--requirepass", "swordfish") as server:
        store = RedisStore(server.url)
        with pytest.raises(ConfigurationError, match="rejects the credentials"):
            await call(RateLimit(store=store))
        await store.aclose()


async def test_a_read_only_replica_is_an_error_of_the_calls() -> None:
    """The script writes."""
    async with replicated() as (_, replica):
        store = RedisStore(replica.url)
        with pytest.raises(ConfigurationError, match="read-only replica"):
            await call(RateLimit(store=store))
        await store.aclose()


async def test_a_password_that_changes_later_is_logged_as_an_error(caplog: pytest.LogCaptureFixture) -> None:
    """The store has worked, so calls continue without it until it accepts the credentials again."""
    with RedisServer() as server:
        store = RedisStore(server.url)
        limit = RateLimit(store=store)
        await until_shared(limit)
        async with redis.asyncio.Redis.from_url(server.url) as admin:
            await admin.config_set("requirepass", "swordfish")
            await admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

            async def is_alone() -> bool:
                assert (await call(limit)).status == 200
                return bool(caplog.records) and caplog.records[-1].levelno == logging.ERROR

            await eventually(is_alone)
            assert limit.state().shared is False
            await admin.config_set("requirepass", "")
        await until_shared(limit)
        await store.aclose()


async def test_a_user_may_be_limited_to_the_script() -> None:
    """EVAL and EVALSHA are permitted, SCRIPT LOAD is not. Without permission the error names the required ones."""
    with RedisServer() as server:
        async with redis.asyncio.Redis.from_url(server.url) as admin:
            rules = "+eval +evalsha +@read +@write +@hash +@sortedset +time ~tripwire:*"
            await admin.execute_command("ACL", "SETUSER", "limited", "on", ">pass", *rules.split())
            await admin.execute_command("ACL", "SETUSER", "reader", "on", ">pass", "+@read", "~tripwire:*")
            await admin.execute_command("ACL", "SETUSER", "half", "on", ">pass", "+eval", "+evalsha", "~tripwire:*")
        store = RedisStore(f"{server.url}?username=limited&password=pass")
        await until_shared(RateLimit(store=store))
        await store.aclose()
        for user in ("reader", "half"):
            store = RedisStore(f"{server.url}?username={user}&password=pass")
            with pytest.raises(ConfigurationError, match=r"lacks a permission.*\+evalsha"):
                await call(RateLimit(store=store))
            await store.aclose()


async def test_a_request_that_is_cut_off_closes_its_connection() -> None:
    """Otherwise the next request would read the reply to this one."""
    with RedisServer() as server:
        store = RedisStore(server.url)
        limit = RateLimit(store=store)
        await until_shared(limit)
        async with redis.asyncio.Redis.from_url(server.url) as admin:
            own = {str(await admin.client_id())}
            before = {client["id"] for client in await admin.client_list()} - own
            server.pause()
            await call(limit)
            assert limit.state().shared is False
            server.resume()
            await until_shared(limit)
            after = {client["id"] for client in await admin.client_list()} - own
        assert before
        assert not before & after
        await store.aclose()


async def test_the_connection_after_a_cut_off_request_is_made_in_the_background_too() -> None:
    """At 30 ms each way it takes longer than the patience, so that a request would be cut off again and again."""
    with RedisServer() as server:
        async with far_away(server.socket, 0.03) as port:
            store = RedisStore(f"redis://127.0.0.1:{port}")
            limit = RateLimit(store=store)
            await until_shared(limit)
            server.pause()
            await call(limit)
            assert limit.state().shared is False
            server.resume()
            await until_shared(limit)
            await store.aclose()


async def test_a_client_of_a_sentinel_follows_a_failover() -> None:
    """Without a primary, calls use their own limit; then the new primary is used."""
    async with watched() as (primary, sentinel):
        sentinels = Sentinel([("127.0.0.1", sentinel.port)])
        client = sentinels.master_for("primary")
        limit = RateLimit(store=RedisStore(client=client))
        await until_shared(limit)
        primary.kill()

        async def is_alone() -> bool:
            assert (await call(limit)).status == 200
            return limit.state().shared is False

        await eventually(is_alone)
        await until_shared(limit)
        await client.aclose()
        for each in sentinels.sentinels:
            await each.aclose()


async def test_a_cluster_of_three_nodes_keeps_the_limit() -> None:
    """The keys of a limit share a hash tag, so that the script finds them all on one node."""
    async with cluster() as nodes:
        client = redis.asyncio.RedisCluster(host="127.0.0.1", port=nodes[0].port)
        for name in ("one", "two", "three", "four"):
            limits = [RateLimit(store=RedisStore(client=client, name=name)) for _ in range(2)]
            for limit in limits:
                await until_shared(limit)
            assert limits[1].state().limit == 100
        keys = [key async for key in client.scan_iter("tripwire:*", target_nodes=redis.asyncio.RedisCluster.ALL_NODES)]
        assert len(keys) == 4 * (4 + 2)  # four of the limit, and one of each process
        await client.aclose()


async def test_a_node_of_a_cluster_is_an_error_of_the_calls() -> None:
    """A plain client does not follow the slots; one of three nodes has the slot of the name."""
    async with cluster() as nodes:
        errors = []
        for node in nodes:
            store = RedisStore(node.tcp_url)
            try:
                await call(RateLimit(store=store))
            except ConfigurationError as error:
                errors.append(str(error))
            await store.aclose()
    assert len(errors) == 2
    assert all("RedisCluster" in error for error in errors)


def test_a_client_belongs_to_one_event_loop() -> None:
    """Its connections belong to the loop, and the error of redis-py would not explain that."""
    with RedisServer() as server:
        client = redis.asyncio.Redis.from_url(server.url)
        store = RedisStore(client=client)

        async def first() -> None:
            await until_shared(RateLimit(store=store))
            await client.aclose()

        async def second() -> None:
            with pytest.raises(ConfigurationError, match="belongs to the event loop"):
                await call(RateLimit(store=store))

        async def close() -> None:
            await store.aclose()

        with asyncio.Runner() as one, asyncio.Runner() as two:
            one.run(first())
            two.run(second())
            one.run(close())


async def test_a_client_that_loses_cancellations_does_not_lose_those_of_a_call() -> None:
    """A client with the default timeouts of redis-py uses `asyncio.wait_for`; cancel its calls in every turn."""
    with RedisServer() as server:
        client = redis.asyncio.Redis.from_url(server.url, socket_timeout=5)
        limit = RateLimit(store=RedisStore(client=client))
        await until_shared(limit)
        for turns in range(30):
            task = asyncio.create_task(call(limit))
            for _ in range(turns):
                await asyncio.sleep(0)
            if not task.done():
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
        assert (await call(limit)).status == 200
        assert limit.state().in_flight == limit.state().waiting == 0
        await client.aclose()


async def test_a_redis_that_is_absent_at_first_is_used_when_it_comes() -> None:
    """Absence is not a mistake: calls continue, and share the limit later."""
    server = RedisServer(port=free_port())
    store = RedisStore(server.tcp_url)
    limit = RateLimit(store=store)
    assert (await call(limit)).status == 200
    assert limit.state().shared is False
    with server:
        await until_shared(limit)
        await store.aclose()
