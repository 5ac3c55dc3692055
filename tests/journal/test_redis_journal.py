"""The journal in Redis: its data, its arguments, and servers of several kinds."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

import pytest
import redis.asyncio
from redis.asyncio.sentinel import Sentinel

from tests.support.journal_worker import JournalWorker, new_run
from tests.support.redis_server import RedisServer, cluster, eventually, watched
from tripwire_async.deliveries import TestOutcome, TestTimings
from tripwire_async.errors import ConfigurationError, JournalError
from tripwire_async.journal import RedisJournal
from tripwire_async.journal import redis_journal as redis_journal_module
from tripwire_async.journal.records import Done, encode_batch
from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, SharedPage, WindowAsk


def recorded_outcome(number: int, state: Any) -> dict[str, Any]:
    """Return an outcome as a journal holds it."""
    timings = TestTimings(queued=0, rate_limit_wait=0, backoff_wait=0, network_time=0, settling=0)
    outcome = TestOutcome(
        endpoint_id=f"we_{number}",
        state=state,
        delivery=None,
        error=None,
        pending=None,
        attempts=0,
        request_ids=(),
        timings=timings,
    )
    return outcome.to_dict()


async def finish(journal: RedisJournal) -> None:
    """Create a run, and end all of its chunks."""
    await journal.begin(new_run())
    worker = JournalWorker(journal, "one")
    await worker.ask(wanted=1000)
    assert 0 == (await worker.ask({0: b"[]"}, ended=(0, 1, 2))).chunks_open


async def test_a_finished_run_expires_as_a_whole(redis_server: RedisServer, raw: Any) -> None:
    """A later ask does not create keys that stay; the list of runs forgets it."""
    async with RedisJournal(redis_server.url, run="short", keep=0.3) as journal:
        await finish(journal)
        assert [summary.name for summary in await journal.runs()] == ["short"]
        await JournalWorker(journal, "two").ask()

        async def is_gone() -> bool:
            return not await raw.keys("tripwire:journal:{short}:*")

        await eventually(is_gone)
        assert () == await journal.runs()
        assert 0 == await raw.exists("tripwire:journal:runs")


async def test_a_run_that_is_not_finished_never_expires(redis_server: RedisServer, raw: Any) -> None:
    """A finished one that is kept for ever does not either."""
    async with RedisJournal(redis_server.url, run="open", keep=0.1) as journal:
        await journal.begin(new_run())
        await JournalWorker(journal, "one").ask(wanted=50)
        assert {-1} == {await raw.ttl(key) for key in await raw.keys("tripwire:journal:{open}:*")}
    async with RedisJournal(redis_server.url, run="kept", keep=float("inf")) as journal:
        await finish(journal)
        assert {-1} == {await raw.ttl(key) for key in await raw.keys("tripwire:journal:{kept}:*")}


async def test_a_run_without_endpoints_expires_too(redis_server: RedisServer, raw: Any) -> None:
    """It is finished when it is created."""
    async with RedisJournal(redis_server.url, run="empty") as journal:
        assert (await journal.begin(new_run(0))).finished is not None
        keys = await raw.keys("tripwire:journal:{empty}:*")
        assert keys
        assert {604_800} == {round((await raw.pttl(key)) / 1000, -2) for key in keys}


async def test_a_run_that_was_deleted_in_part_can_be_created_again(redis_journal: RedisJournal, raw: Any) -> None:
    """The rest of it does not mix with the new run."""
    await redis_journal.begin(new_run())
    await JournalWorker(redis_journal, "one").ask(wanted=1000)
    name = (await redis_journal.begin(None)).name
    await raw.delete(f"tripwire:journal:{{{name}}}:run")
    run = await redis_journal.begin(new_run(60, "run_2"))
    assert ("run_2", 60) == (run.id, run.endpoints)
    assert [0, 1] == [claim.chunk for claim in (await JournalWorker(redis_journal, "two").ask(wanted=1000)).claims]


async def test_a_large_run_is_created_and_claimed(redis_journal: RedisJournal) -> None:
    """20,000 endpoints; a worker that takes all of them gives all of them back."""
    await redis_journal.begin(new_run(20_010))
    worker = JournalWorker(redis_journal, "one")
    claims = (await worker.ask(wanted=30_000)).claims
    assert new_run(20_010).endpoint_ids == tuple(endpoint for claim in claims for endpoint in claim.endpoint_ids)
    await worker.ask(lease=0.0)
    assert 401 == len((await JournalWorker(redis_journal, "two").ask(wanted=30_000)).claims)


async def test_a_worker_that_was_silent_for_a_day_is_forgotten(redis_journal: RedisJournal, raw: Any) -> None:
    """Its last reply is deleted when another worker joins; chunks that it still holds are not lost."""
    name = (await redis_journal.begin(new_run())).name
    for worker in ("idle", "holder"):
        await JournalWorker(redis_journal, worker).ask(wanted=50 if worker == "holder" else 0)
        await raw.zadd(f"tripwire:journal:{{{name}}}:workers", {worker: 1})
    reply = await JournalWorker(redis_journal, "new").ask(wanted=1000)
    assert [0, 1, 2] == [claim.chunk for claim in reply.claims]
    assert ["new"] == await raw.hkeys(f"tripwire:journal:{{{name}}}:asks")


async def test_a_repeated_ask_that_arrives_late_changes_nothing(redis_journal: RedisJournal) -> None:
    """A question that was cut off may be executed after the next one."""
    await redis_journal.begin(new_run())
    worker = JournalWorker(redis_journal, "one")
    await worker.ask(wanted=50)
    await worker.ask({0: b"[1]"})
    worker.number = 0
    with pytest.raises(JournalError, match="not its last"):
        await worker.ask({0: b"[2]"})
    assert [b"[1]"] == [segment.batch async for segment in redis_journal.read()]


async def test_reading_from_a_redis_that_stays_away_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After half a minute of attempts."""
    monkeypatch.setattr(redis_journal_module, "_READ_PAUSE", 0.001)
    with RedisServer() as server:
        async with RedisJournal(server.url, run="gone") as journal:
            await journal.begin(new_run())
            server.kill()
            with pytest.raises(JournalError, match=r"'gone'.*does not respond"):
                await anext(journal.read())


async def test_outcomes_are_read_in_the_order_of_the_endpoints(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In parts, so that a long run needs little memory; the first record of an outcome counts."""
    monkeypatch.setattr(redis_journal_module, "_CHUNKS", 2)
    async with RedisJournal(redis_server.url, run="outcomes") as journal:
        with pytest.raises(JournalError, match="There is no run"):
            await anext(journal.outcomes())
        await journal.begin(new_run(300))
        assert [] == [outcome async for outcome in journal.outcomes()]
        worker = JournalWorker(journal, "one")
        await worker.ask(wanted=230)
        for chunk, index, state in (
            (4, 1, "failed"),
            (0, 7, "skipped"),
            (0, 3, "refused"),
            (0, 3, "failed"),
            (2, 0, "sent"),
        ):
            await worker.ask({chunk: encode_batch([(index, Done(recorded_outcome(chunk * 50 + index, state)))])})
        found = [(outcome.endpoint_id, outcome.state) async for outcome in journal.outcomes()]
    assert [("we_3", "refused"), ("we_7", "skipped"), ("we_100", "sent"), ("we_201", "failed")] == found


async def test_runs_are_listed_with_their_state(redis_server: RedisServer) -> None:
    """Of all names in this Redis. A pause ends when a worker joins."""
    with RedisServer() as server:
        async with RedisJournal(server.url, run="b") as journal, RedisJournal(server.url, run="a") as other:
            await finish(journal)
            await other.begin(new_run(10, "run_2"))
            worker = JournalWorker(other, "one")
            await worker.ask(wanted=10)
            await worker.ask({0: b"[]"}, counts={"failed": 2, "sending": 1, "skipped": 0})
            await other.pause()
            await journal.pause()
            first, second = await journal.runs()
            assert ("a", "run_2", "org_1", 10) == (first.name, first.id, first.organization_id, first.endpoints)
            assert ({"failed": 2}, 1, None, True) == (first.counts, first.workers, first.finished, first.paused)
            assert second.finished is not None
            assert not second.paused
            assert first.created <= second.finished + 60
            reply = await worker.ask(wanted=50)
            assert reply.paused
            assert not (await JournalWorker(other, "two").ask()).paused
            assert [False, False] == [summary.paused for summary in await journal.runs()]
            await other.drop()
            assert ["b"] == [summary.name for summary in await journal.runs()]


async def test_a_run_that_was_dropped_ends_its_workers(redis_server: RedisServer) -> None:
    """Also if it was started again under its name: the worker would mix two runs."""
    async with (
        RedisJournal(redis_server.url, run="dropped") as one,
        RedisJournal(redis_server.url, run="dropped") as two,
    ):
        await one.begin(new_run())
        worker = JournalWorker(one, "one")
        await worker.ask(wanted=50)
        await two.drop()
        with pytest.raises(JournalError, match=r"'dropped'.*does not exist any more") as caught:
            await worker.ask({0: b"[]"})
        assert caught.value.is_missing
        for action in (two.pause, two.drop):
            with pytest.raises(JournalError, match="does not exist"):
                await action()
        with pytest.raises(JournalError, match="There is no run 'dropped'"):
            await anext(two.read())
        await two.begin(new_run(120, "run_2"))
        with pytest.raises(JournalError, match=r"'dropped'.*started again"):
            await worker.again()


async def test_the_pages_and_the_window_of_a_run_expire(redis_server: RedisServer, raw: Any) -> None:
    """Within a minute of their last use, also if the run is dropped."""
    async with RedisJournal(redis_server.url, run="pages") as journal:
        await journal.begin(new_run())
        lasting = set(await raw.keys("tripwire:journal:{pages}:*"))
        assert (await journal.exchange_page(PageAsk(worker="one", after=0.0, scope="s"))).is_reader
        window = WindowAsk(worker="one", width=200, used=0, wanted=150, scope="s")
        assert 150 == (await journal.exchange_window(window)).part
        keys = set(await raw.keys("tripwire:journal:{pages}:*")) - lasting
        assert {"pages", "readers", "senders"} == {key.split(":")[-2] for key in keys}
        assert all([0 < await raw.pttl(key) <= 60_000 for key in keys])


async def test_a_redis_whose_scripts_were_flushed_gets_them_again(redis_journal: RedisJournal, raw: Any) -> None:
    """A restart of the server has the same effect."""
    await redis_journal.begin(new_run())
    await raw.script_flush()
    assert 1 == len((await JournalWorker(redis_journal, "one").ask(wanted=50)).claims)


def test_a_journal_serves_one_event_loop_after_the_other(redis_server: RedisServer) -> None:
    """Each loop has its own connections."""
    journal = RedisJournal(redis_server.url, run="loops")

    async def main(count: int) -> int:
        async with journal:
            run = await journal.begin(new_run(count))
        await journal.aclose()
        return run.endpoints

    assert [10, 10] == [asyncio.run(main(count)) for count in (10, 20)]


async def test_a_client_of_ones_own_may_decode_replies(redis_server: RedisServer) -> None:
    """Text and bytes are both understood."""
    client = redis.asyncio.Redis.from_url(redis_server.url, decode_responses=True)
    journal = RedisJournal(client=client, run="decoded")
    await journal.begin(new_run())
    worker = JournalWorker(journal, "one")
    assert 50 == len((await worker.ask(wanted=1)).claims[0].endpoint_ids)
    await worker.ask({0: '["é"]'.encode()}, counts={"failed": 1})
    assert ['["é"]'.encode()] == [segment.batch async for segment in journal.read()]
    time = (await journal.exchange_page(PageAsk(worker="one", after=0.0))).time
    page = SharedPage(time, '["é"]'.encode())
    reply = await journal.exchange_page(PageAsk(worker="one", after=time - 1.0, publish=page))
    assert reply.page is not None
    assert page.body == reply.page.body
    assert "decoded" in [summary.name for summary in await journal.runs()]
    assert "<RedisJournal 'decoded' at a Redis client>" == repr(journal)
    await client.aclose()


async def test_a_client_that_loses_cancellations_does_not_lose_those_of_an_exchange(redis_server: RedisServer) -> None:
    """A client with the default timeouts of redis-py uses `asyncio.wait_for`; cancel its calls in every turn."""
    client = redis.asyncio.Redis.from_url(redis_server.url, socket_timeout=5)
    journal = RedisJournal(client=client, run="cancelled")
    await journal.begin(new_run())
    worker = JournalWorker(journal, "one")
    reply = await worker.ask(wanted=50)
    for turns in range(20):
        task = asyncio.create_task(worker.again())
        for _ in range(turns):
            await asyncio.sleep(0)
        if not task.done():
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    assert reply == await worker.again()
    await client.aclose()


async def test_a_cluster_keeps_a_run_on_one_node() -> None:
    """The keys of a run share a hash tag. For a plain client, the error names RedisCluster."""
    async with cluster() as nodes:
        client = redis.asyncio.RedisCluster(host="127.0.0.1", port=nodes[0].port)
        for name in ("one", "two", "three", "four"):
            journal = RedisJournal(client=client, run=name)
            await finish(journal)
            assert ["[]"] == [segment.batch.decode() async for segment in journal.read()]
        assert ["four", "one", "three", "two"] == [summary.name for summary in await journal.runs()]
        errors = []
        for node in nodes:
            async with RedisJournal(node.tcp_url, run="one") as journal:
                try:
                    await journal.begin(None)
                except JournalError as error:
                    errors.append(str(error))
        assert len(errors) >= 2
        assert all("RedisCluster" in error for error in errors)
        await client.aclose()


async def test_a_failover_changes_the_epoch() -> None:
    """A Sentinel names another primary, which may lack the last writes. A later worker gets the new epoch too."""
    async with watched() as (primary, sentinel):
        sentinels = Sentinel([("127.0.0.1", sentinel.port)])
        client = sentinels.master_for("primary")
        journal = RedisJournal(client=client)
        await journal.begin(new_run())
        worker = JournalWorker(journal, "one")
        assert "" == (await worker.ask(wanted=50)).epoch
        # A replica that does not have the run yet would lose it.
        assert 1 == await client.wait(1, 10_000)
        primary.kill()

        async def answers() -> bool:
            try:
                await worker.again()
            except OSError:
                return False
            return True

        await eventually(answers)
        epoch = (await worker.ask()).epoch
        assert epoch.startswith("1:")
        assert epoch == (await worker.ask()).epoch
        assert epoch == (await JournalWorker(journal, "two").ask()).epoch
        await client.aclose()
        for each in sentinels.sentinels:
            await each.aclose()


async def test_a_restart_changes_the_epoch_and_loses_nothing() -> None:
    """With an append-only file. Until Redis is back an exchange raises OSError, and the same ask works later.

    A worker that does not know of the restart cannot append, end or claim.
    """
    with RedisServer("--appendonly", "yes", "--appendfsync", "always") as server:
        async with RedisJournal(server.url, run="restarted") as journal:
            await journal.begin(new_run())
            worker = JournalWorker(journal, "one")
            assert "" == (await worker.ask(wanted=50)).epoch
            reply = await worker.ask({0: b"[1]"}, counts={"failed": 1})
            server.kill()
            with pytest.raises(OSError, match=r"'restarted'.*does not respond"):
                await worker.again()
            with pytest.raises(JournalError, match=r"'restarted'.*does not respond"):
                await journal.runs()
            reading = asyncio.create_task(anext(journal.read()))
            await asyncio.sleep(0)
            server.start()
            assert reply == await worker.again()
            assert b"[1]" == (await reading).batch
            reply = await worker.ask({0: b"[2]"}, ended=(0,), wanted=1000)
            assert reply.epoch.startswith("1:")
            assert (frozenset({0}), (), 3) == (reply.refused, reply.claims, reply.chunks_open)
            reply = await worker.ask({0: b"[2]"}, wanted=50, epoch=reply.epoch)
            assert (frozenset(), 1) == (reply.refused, len(reply.claims))
            assert [b"[1]", b"[2]"] == [segment.batch async for segment in journal.read()]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"run": ""}, "run must be"),
        ({"run": "{x}"}, "run must be"),
        ({"run": "x" * 101}, "run must be"),
        ({"lease": 0.0}, "lease must be"),
        ({"lease": float("inf")}, "lease must be"),
        ({"lease": float("nan")}, "lease must be"),
        ({"keep": 0.0}, "keep must be"),
        ({"keep": float("nan")}, "keep must be"),
        ({"client": redis.asyncio.Redis()}, "either url or client"),
    ],
)
def test_invalid_arguments_are_rejected_at_once(arguments: dict[str, Any], message: str) -> None:
    """The constructor makes no connection."""
    with pytest.raises(ConfigurationError, match=message):
        RedisJournal("redis://127.0.0.1", **arguments)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is raised by the constructor, not in the middle of a run."""

    def refuse(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", refuse)
    with pytest.raises(ConfigurationError, match=r"RedisJournal needs.*pip install 'tripwire-async\[redis\]'"):
        RedisJournal("redis://127.0.0.1")
