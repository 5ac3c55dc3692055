"""Redis servers that cannot keep a journal: each is a JournalError that names the run, and nothing is stored."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import pytest
import redis.asyncio

from tests.support.journal_worker import JournalWorker, new_run
from tests.support.redis_server import RedisServer, replicated
from tests.support.secret_scanner import exposed
from tripwire_async import Secret
from tripwire_async.errors import ConfigurationError, JournalError
from tripwire_async.journal import RedisJournal

if TYPE_CHECKING:
    from pathlib import Path


async def refused(url: str, message: str) -> str:
    """Begin a run at *url*, expect an error with *message* that names the run, and return its text."""
    async with RedisJournal(url, run="nightly") as journal:
        with pytest.raises(JournalError, match=rf"^The journal of run 'nightly' .*{message}") as caught:
            await journal.begin(new_run())
    assert not caught.value.is_missing
    return str(caught.value)


async def keys(server: RedisServer) -> list[str]:
    async with redis.asyncio.Redis.from_url(server.url, decode_responses=True) as client:
        return [key async for key in client.scan_iter()]


async def test_a_redis_that_is_not_there(tmp_path: Path) -> None:
    """The URL is named, so that it can be corrected."""
    assert str(tmp_path) in await refused(f"unix://{tmp_path}/nothing", "does not respond.*Start Redis")


async def test_a_redis_that_is_full_stores_nothing() -> None:
    """Raise its memory, and the same start works."""
    with RedisServer("--maxmemory", "500kb") as server:
        await refused(server.url, "out of memory. Raise maxmemory")
        assert [] == await keys(server)


async def test_a_redis_that_becomes_full_is_waited_for() -> None:
    """The exchange raises OSError, after which the workers retry. Nothing was stored."""
    with RedisServer() as server:
        async with (
            RedisJournal(server.url, run="nightly") as journal,
            redis.asyncio.Redis.from_url(server.url) as admin,
        ):
            await journal.begin(new_run())
            worker = JournalWorker(journal, "one")
            await worker.ask(wanted=50)
            await admin.config_set("maxmemory", "1mb")
            with pytest.raises(OSError, match=r"'nightly'.*out of memory"):
                await worker.ask({0: b"[1]"}, counts={"failed": 1}, ended=(0,))
            assert [] == [segment async for segment in journal.read()]
            await admin.config_set("maxmemory", "0")
            assert ({"failed": 1}, 2) == ((reply := await worker.again()).counts, reply.chunks_open)


async def test_a_redis_without_its_replicas_stores_nothing() -> None:
    """It rejects writes until they are back."""
    with RedisServer("--min-replicas-to-write", "1") as server:
        await refused(server.url, "fewer replicas than min-replicas-to-write")
        assert [] == await keys(server)


async def test_a_redis_that_evicts() -> None:
    """It would delete records of tests that were sent. A policy for keys that expire does no harm."""
    with RedisServer("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru") as server:
        await refused(server.url, "maxmemory-policy is allkeys-lru")
        assert [] == await keys(server)
    with RedisServer("--maxmemory", "100mb", "--maxmemory-policy", "volatile-lru") as server:
        async with RedisJournal(server.url) as journal:
            await journal.begin(new_run())


async def test_a_redis_without_streams() -> None:
    """Some servers with the same protocol do not have them."""
    streams = ("XADD", "XGROUP", "XREADGROUP", "XPENDING", "XCLAIM", "XACK", "XDEL", "XLEN", "XRANGE")
    with RedisServer(*(word for name in streams for word in ("--rename-command", name, ""))) as server:
        await refused(server.url, "lacks a command")
        assert [] == await keys(server)


async def test_a_redis_that_is_too_old() -> None:
    """Its version is in the reply of the script."""

    class OldRedis:
        async def execute_command(self, *arguments: Any) -> Any:
            return [b"old", b"6.2.14"]

        async def aclose(self) -> None: ...

    journal = RedisJournal(client=OldRedis(), run="nightly")  # type: ignore[arg-type] - the part that is used
    with pytest.raises(JournalError, match=r"'nightly'.*Redis 6\.2\.14 is too old. Use Redis 7"):
        await journal.begin(new_run())


async def test_a_wrong_password_is_not_shown() -> None:
    """A missing one is the same error."""
    with RedisServer("--requirepass", "swordfish") as server:
        assert "hunter2" not in await refused(f"{server.url}?password=hunter2", "rejects the credentials")
        await refused(server.url, "rejects the credentials")


async def test_a_user_needs_the_permissions_that_the_error_names() -> None:
    """And no others."""
    with RedisServer() as server:
        needed = "+eval +evalsha +@read +@write +time +info"
        async with redis.asyncio.Redis.from_url(server.url) as admin:
            await admin.execute_command("ACL", "SETUSER", "limited", "on", ">pass", "~tripwire:*", *needed.split())
            await admin.execute_command("ACL", "SETUSER", "half", "on", ">pass", "~tripwire:*", "+eval", "+evalsha")
        text = await refused(f"{server.url}?username=half&password=pass", "lacks a permission")
        assert needed in text
        async with RedisJournal(f"{server.url}?username=limited&password=pass") as journal:
            await journal.begin(new_run(50))
            worker = JournalWorker(journal, "one")
            await worker.ask(wanted=50)
            await worker.ask({0: b"[]"}, ended=(0,))
            await worker.ask(lease=0.0)
            assert 1 == len(await journal.runs())
            await journal.drop()


async def test_a_read_only_replica() -> None:
    """A primary that has become a replica is waited for: its clients follow the failover."""
    async with replicated() as (primary, replica):
        await refused(replica.url, "read-only replica")
        async with (
            RedisJournal(primary.url, run="nightly") as journal,
            redis.asyncio.Redis.from_url(primary.url) as admin,
        ):
            await journal.begin(new_run())
            worker = JournalWorker(journal, "one")
            await admin.execute_command("REPLICAOF", "127.0.0.1", "1")
            with pytest.raises(OSError, match=r"'nightly'.*read-only replica"):
                await worker.ask(wanted=50)


async def test_a_password_that_changes_ends_the_worker() -> None:
    """No waiting corrects it."""
    with RedisServer() as server:
        async with (
            RedisJournal(server.url, run="nightly") as journal,
            redis.asyncio.Redis.from_url(server.url) as admin,
        ):
            await journal.begin(new_run())
            await admin.config_set("requirepass", "swordfish")
            await admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            worker = JournalWorker(journal, "one")

            async def ask() -> None:
                # The connection that was killed may be noticed first.
                with contextlib.suppress(OSError):
                    await worker.ask()
                await worker.again()

            with pytest.raises(JournalError, match="rejects the credentials"):
                await ask()


async def test_keys_that_another_program_has_written(redis_server: RedisServer, raw: Any) -> None:
    """Redis replies with an error, and the run is named."""
    await raw.set("tripwire:journal:{nightly}:run", "text")
    await refused(redis_server.url, "replied with an error")


async def test_a_run_of_a_newer_version(redis_server: RedisServer, raw: Any) -> None:
    """Its records cannot be understood, so nothing is done with it."""
    async with RedisJournal(redis_server.url, run="newer") as journal:
        await journal.begin(new_run())
        await raw.hset("tripwire:journal:{newer}:run", "format", 2)
        before = await raw.hgetall("tripwire:journal:{newer}:run")
        with pytest.raises(JournalError, match=r"'newer'.*A newer version"):
            await journal.begin(None)
        assert before == await raw.hgetall("tripwire:journal:{newer}:run")


async def test_a_redis_that_hangs_is_not_waited_for_longer_than_a_third_of_the_lease() -> None:
    """The retry uses a new connection, and gets the reply that was cut off."""
    with RedisServer() as server:
        async with RedisJournal(server.url, run="nightly", lease=0.6) as journal:
            await journal.begin(new_run())
            worker = JournalWorker(journal, "one")
            server.pause()
            started = time.monotonic()
            with pytest.raises(OSError, match=r"'nightly'.*does not respond \(TimeoutError\)"):
                await worker.ask(wanted=50)
            assert time.monotonic() - started < 5
            server.resume()
            reply = await worker.again()
            assert [0] == [claim.chunk for claim in reply.claims]
            assert reply == await worker.again()


async def test_no_exception_holds_the_password(tmp_path: Path) -> None:
    """Frames and contexts included."""
    password = "canary0123456789"
    url = f"unix://{tmp_path}/nothing?password={password}"
    async with RedisJournal(url) as journal:
        with pytest.raises(JournalError) as absent:
            await journal.begin(None)
        with pytest.raises(JournalError) as listed:
            await journal.runs()
    with pytest.raises(ConfigurationError) as invalid:
        RedisJournal(url, run="two words")
    with RedisServer("--requirepass", "swordfish") as server:
        async with RedisJournal(Secret(f"{server.url}?password={password}")) as journal:
            with pytest.raises(JournalError) as rejected:
                await journal.begin(None)
    for caught in (absent, listed, invalid, rejected):
        assert not exposed(caught.value, password)
