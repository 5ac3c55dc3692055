"""Details of recorded runs: consumers, damaged records, leases, locks; and pausing a run without a journal."""

from __future__ import annotations

import asyncio
import math
import os
from typing import TYPE_CHECKING

import attrs
import pytest

from tests.support.delivery_service import BEGINNING, ORGANIZATION, Service, now, webhooks
from tests.support.journal_runs import ids_of, recorded_run, sends_per_endpoint
from tests.support.journal_worker import new_run
from tests.support.memory_journal import MemoryJournal, MemoryStorage
from tests.support.runs import SEND, outcomes_of, run_of, states
from tripwire_async._http.messages import Response
from tripwire_async.deliveries.test_source import AbandonedTestError
from tripwire_async.errors import AuthenticationError, JournalError, ServerError, TransportError
from tripwire_async.journal import Append, JournalAsk, SqliteJournal
from tripwire_async.journal._chunks import HeldChunk
from tripwire_async.journal._hooks import RecordedSend
from tripwire_async.journal._queue import EntryQueue
from tripwire_async.journal.protocol import Claim
from tripwire_async.journal.records import Done, Sending, Sent, encode_batch

if TYPE_CHECKING:
    from pathlib import Path

    from tripwire_async._http.messages import Request
    from tripwire_async.journal._chunks import Entry


def chunk_of(count: int) -> HeldChunk:
    """Return a chunk that was claimed."""
    return HeldChunk.of(Claim(0, tuple(ids_of(count)), None))


@pytest.mark.virtual_time
async def test_a_run_can_be_awaited_after_a_part_was_iterated() -> None:
    """From then on no outcome waits for a consumer; the iteration sees the others too."""
    service, journal = Service(), MemoryJournal()
    async with recorded_run(service, journal, 120) as run:
        iterator = aiter(run)
        first = await anext(iterator)
        outcomes = await run
        rest = [outcome async for outcome in iterator]
    assert 120 == len(outcomes)
    assert 120 == len({first.endpoint_id, *(outcome.endpoint_id for outcome in rest)})
    assert (await journal.runs())[0].finished is not None


@pytest.mark.virtual_time
async def test_outcomes_of_a_dead_worker_are_handed_over_by_awaiting() -> None:
    """They were recorded and not consumed."""
    service, storage = Service(takes=0.1), MemoryStorage()
    async with recorded_run(service, MemoryJournal(storage), 100) as run:
        await anext(aiter(run))
        await asyncio.sleep(5.0)
    assert {"succeeded": 100} == states(await recorded_run(service, MemoryJournal(storage), 100))
    assert {1: 100} == sends_per_endpoint(service)


@pytest.mark.virtual_time
async def test_a_record_that_cannot_be_read_is_a_journal_error() -> None:
    """Both while a chunk is taken over and while the outcomes are read."""
    service, storage = Service(), MemoryStorage()
    journal = MemoryJournal(storage)
    await recorded_run(service, journal, 5)
    storage.runs["default"].log[-1] = storage.runs["default"].log[-1].__class__("9", 0, b"[[0,9]]")
    with pytest.raises(JournalError, match="a record that cannot be read"):
        await recorded_run(service, journal, 5)
    segment = encode_batch([(0, Done({"format": 2}))])
    storage.runs["default"].log[0] = storage.runs["default"].log[0].__class__("1", 0, segment)
    del storage.runs["default"].log[1:]
    with pytest.raises(JournalError, match="an outcome that cannot be read"):
        await recorded_run(service, journal, 5)


@pytest.mark.virtual_time
async def test_single_looks_that_fail_end_the_worker() -> None:
    """The page can be read, the events of the endpoint cannot."""
    service, storage = Service(), MemoryStorage()
    journal = MemoryJournal(storage)
    new = attrs.evolve(new_run(1), organization_id=ORGANIZATION, endpoint_ids=tuple(ids_of(1)))
    await journal.begin(new)
    await journal.exchange(JournalAsk(worker="dead", number=1, lease=math.inf, wanted=1))
    batch = encode_batch([(0, Sending(BEGINNING.timestamp(), 0.0))])
    await journal.exchange(JournalAsk(worker="dead", number=2, lease=math.inf, appends=(Append(0, batch),)))
    storage.die("dead")

    def fail(request: Request, when: str) -> Response | None:
        return Response(500, {}, b"{}") if "endpoint_id" in request.url.query else None

    service.fault = fail
    client = webhooks(service)
    client._base_url = new.base_url  # noqa: SLF001 - the run of the other worker has one
    with pytest.raises(ServerError):
        await client.resume_tests(journal)
    assert 0 == service.count(SEND)


@pytest.mark.virtual_time
async def test_a_start_that_fails_leaves_no_run_behind() -> None:
    """With a malformed organization id, or a key that is rejected."""
    service, storage = Service(), MemoryStorage()
    client = webhooks(service)
    with pytest.raises(ValueError, match="organization_id 'org_1' is not a valid id"):
        await client.send_tests("org_1", ids_of(5), journal=MemoryJournal(storage))
    service.fault = lambda request, when: Response(401, {}, b"{}")
    with pytest.raises(AuthenticationError):
        await client.send_tests(ORGANIZATION, ids_of(5), journal=MemoryJournal(storage))
    assert {} == storage.runs


@pytest.mark.virtual_time
async def test_a_pause_waits_for_the_last_response() -> None:
    """And not for the whole time that it may take."""
    service, storage = Service(), MemoryStorage()

    def slow_down(request: Request, when: str) -> None:
        if request.operation.id == SEND and when == "after":
            service.limits.latency = (4.0, 4.0)

    service.fault = slow_down
    async with recorded_run(service, MemoryJournal(storage), 50) as run:
        waiting = asyncio.create_task(outcomes_of(run))
        await asyncio.sleep(1.0)
        assert (50, 0) == (len(service.sent), run.progress().pending)
        await run.pause(within=60.0)
        assert now() < 5.0
        await waiting
    assert 0 == storage.runs["default"].counts["sending"]


@pytest.mark.virtual_time
async def test_a_pause_waits_ten_seconds_for_sends_on_the_wire() -> None:
    """Unless another time is given."""
    async with run_of(Service(latency=(100.0, 100.0)), 3) as run:
        waiting = asyncio.create_task(outcomes_of(run))
        await asyncio.sleep(1.0)
        await run.pause()
        assert 11.0 == now()
        await waiting


@pytest.mark.virtual_time
async def test_a_run_without_a_journal_can_be_paused() -> None:
    """No further endpoint is tested, and sends on the wire receive their responses."""
    service = Service(latency=(1.0, 1.0), limit=100)
    async with run_of(service, 300) as run:
        waiting = asyncio.create_task(outcomes_of(run))
        await asyncio.sleep(2.2)
        await run.pause()
        sent = len(service.sent)
        assert 0 < sent < 300
        await waiting
        await asyncio.sleep(5.0)
    assert sent == len(service.sent)
    assert all(outcome.pending is not None for outcome in run.results.values() if outcome.attempts)


@pytest.mark.virtual_time
async def test_a_pause_without_a_journal_ends_after_the_given_time() -> None:
    """Responses that are later are lost."""
    service = Service(latency=(60.0, 60.0), limit=10, window=1000.0)
    async with run_of(service, 5) as run:
        waiting = asyncio.create_task(outcomes_of(run))
        await asyncio.sleep(1.0)
        await run.pause(within=2.0)
        assert now() < 4.0
        await waiting


class Log:
    """A run whose lease a test controls."""

    def __init__(self) -> None:
        self.is_paused = False
        self.is_fresh = True
        self.events: list[str] = []

    async def record_send(self, entry: Entry, deadline: float) -> None:
        self.events.append("record")

    async def refresh(self, deadline: float) -> None:
        self.events.append("refresh")
        self.is_fresh = True

    def note_wire(self, entry: Entry) -> None:
        self.events.append("wire")


async def test_a_send_is_recorded_once_and_waits_for_its_lease() -> None:
    """An attempt after one that was rejected has no second record; a second send has one."""
    log, chunk = Log(), chunk_of(1)
    hook = RecordedSend(log, chunk.entries[0])
    await hook(1.0)
    log.is_fresh = False
    with pytest.raises(TransportError, match="another worker may have it") as caught:
        hook.check()
    assert not caught.value.maybe_sent
    await hook(1.0)
    hook.check()
    hook.send_again()
    await hook(1.0)
    assert ["record", "wire", "refresh", "wire", "record", "wire"] == log.events


async def test_a_send_of_a_lost_chunk_is_abandoned() -> None:
    """Also if it was lost while the connection was made; and so is every send of a paused run."""
    log, chunk = Log(), chunk_of(1)
    hook = RecordedSend(log, chunk.entries[0])
    await hook(1.0)
    chunk.is_lost = True
    with pytest.raises(AbandonedTestError):
        hook.check()
    with pytest.raises(AbandonedTestError):
        await hook(1.0)
    chunk.is_lost, log.is_paused = False, True
    with pytest.raises(AbandonedTestError):
        await hook(1.0)


async def test_the_queue_gives_out_no_endpoint_of_a_lost_chunk() -> None:
    """The one behind it is given out instead, and a task that was canceled gets none."""
    queue, lost, held = EntryQueue(1), chunk_of(1), chunk_of(1)
    canceled = asyncio.create_task(queue.get())
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    canceled.cancel()
    await asyncio.sleep(0)
    lost.is_lost = True
    queue.put([*lost.entries, *held.entries])
    assert held.entries[0] is await waiting
    assert (1, 0) == (queue.active, queue.room)
    queue.close()
    assert await queue.get() is None
    assert 0 == queue.room


async def test_the_queue_gives_out_an_endpoint_at_once_if_there_is_room() -> None:
    """In the turn of the event loop in which it is requested, unless another task waits."""
    queue, lost, held = EntryQueue(2), chunk_of(1), chunk_of(3)
    lost.is_lost = True
    queue.put([*lost.entries, *held.entries])
    tasks = [asyncio.create_task(queue.get()) for _ in range(3)]
    await asyncio.sleep(0)
    assert [held.entries[0], held.entries[1], None] == [task.result() if task.done() else None for task in tasks]
    assert (2, -1) == (queue.active, queue.room)
    queue.leave()
    assert held.entries[2] is await tasks[2]
    queue.close()


async def test_accepted_tests_come_first_and_then_tests_in_doubt() -> None:
    """Also before endpoints that wait already: the events of accepted tests are soon no longer on the newest page."""
    queue, waiting, taken_over = EntryQueue(5), chunk_of(2), chunk_of(3)
    untouched, doubtful, accepted = taken_over.entries
    doubtful.apply(Sending(1.0, 2.0))
    accepted.apply(Sending(1.0, 2.0))
    accepted.apply(Sent("twd1.x"))
    queue.put(waiting.entries)
    queue.put(taken_over.entries)
    assert [accepted, doubtful, *waiting.entries, untouched] == [queue.get_nowait() for _ in range(5)]
    assert queue.get_nowait() is None
    queue.close()


async def test_records_are_applied_once() -> None:
    """The first acceptance, outcome and bound count; a send without effect resets the state."""
    entry = chunk_of(1).entries[0]
    entry.apply(Sending(1.0, 2.0))
    entry.apply(Sending(5.0, 6.0, 2))
    assert Sending(1.0, 6.0, 2) == entry.sending
    entry.apply(Sending(1.0, 7.0, 0))
    assert (None, None) == (entry.sending, entry.phase)
    entry.apply(Done({"a": 1}))
    entry.apply(Done({"a": 2}))
    assert {"a": 1} == entry.outcome
    entry.hand_over()
    entry.hand_over()
    assert 0 == entry.chunk.left


async def test_a_worker_whose_lock_file_was_removed_is_dead(tmp_path: Path) -> None:
    """Its writes are rejected, so its chunks can be taken over."""
    async with SqliteJournal(tmp_path / "run.db") as journal, SqliteJournal(tmp_path / "run.db") as other:
        await journal.begin(new_run(50))
        await journal.exchange(JournalAsk(worker="a", number=1, lease=math.inf, wanted=50))
        (tmp_path / "run.db-workers" / "a").unlink()
        taken = await other.exchange(JournalAsk(worker="b", number=1, lease=math.inf, wanted=50))
        assert 1 == len(taken.claims)
        (tmp_path / "run.db-workers" / "b").unlink()
        again = await journal.exchange(JournalAsk(worker="c", number=1, lease=math.inf, wanted=50))
        assert 1 == len(again.claims)


async def test_the_lock_file_of_a_killed_worker_is_removed(tmp_path: Path) -> None:
    """The kernel has released its lock."""
    async with SqliteJournal(tmp_path / "run.db") as journal:
        await journal.begin(new_run(50))
        async with SqliteJournal(tmp_path / "run.db") as other:
            await other.exchange(JournalAsk(worker="a", number=1, lease=math.inf, wanted=50))
        (tmp_path / "run.db-workers").mkdir(exist_ok=True)
        (tmp_path / "run.db-workers" / "a").touch()
        assert 0 == (await journal.runs())[0].workers
        assert not (tmp_path / "run.db-workers").exists()


async def test_a_forked_process_closes_the_locks_and_rejects_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same as in a child process, so that its coverage is measured."""
    async with SqliteJournal(tmp_path / "run.db") as journal:
        await journal.begin(new_run(50))
        await journal.exchange(JournalAsk(worker="a", number=1, lease=math.inf, wanted=50))
        store = journal._store  # noqa: SLF001 - what the child of a fork has of it
        assert store is not None
        store._locks.forget()  # noqa: SLF001 - Python calls this after a fork
        with monkeypatch.context() as patch:
            patch.setattr(os, "getpid", lambda: 1)
            with pytest.raises(JournalError, match="before a fork"):
                await journal.runs()


async def test_the_folder_of_the_locks_may_be_removed_at_any_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process removes it when it was empty, between two steps of this one."""
    opened, open_file = [], os.open

    def remove_first(path: str, flags: int, mode: int = 0o777) -> int:
        if str(path).endswith("/a") and not opened:
            opened.append(path)
            (tmp_path / "run.db-workers").rmdir()
        return open_file(path, flags, mode)

    monkeypatch.setattr(os, "open", remove_first)
    async with SqliteJournal(tmp_path / "run.db") as journal:
        await journal.begin(new_run(50))
        reply = await journal.exchange(JournalAsk(worker="a", number=1, lease=math.inf, wanted=50))
    assert (1, 1) == (len(reply.claims), len(opened))
