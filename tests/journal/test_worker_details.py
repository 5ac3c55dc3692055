"""Details of a worker of a recorded run, and of runs, that happen too rarely in whole runs to be tested there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support.delivery_service import Service, endpoint, now
from tests.support.journal_runs import recorded_run
from tests.support.journal_worker import new_run
from tests.support.memory_journal import MemoryJournal, MemoryStorage
from tests.support.runs import SEND, outcomes_of, run_of, states
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.messages import Response
from tripwire_async.deliveries import TestOutcome, TestTimings
from tripwire_async.errors import AuthenticationError, JournalError
from tripwire_async.journal._chunks import HeldChunk
from tripwire_async.journal._handover import Handover
from tripwire_async.journal._worker_locks import WorkerLocks
from tripwire_async.journal._writer import Writer
from tripwire_async.journal.protocol import Claim
from tripwire_async.journal.records import Sending

if TYPE_CHECKING:
    from pathlib import Path

    from tripwire_async._http.messages import Request
    from tripwire_async.deliveries import TestRun
    from tripwire_async.journal import JournalAsk, JournalReply
    from tripwire_async.journal._chunks import Entry

pytestmark = pytest.mark.virtual_time


def held_chunk() -> HeldChunk:
    """Return a claimed chunk of two endpoints."""
    return HeldChunk.of(Claim(0, (endpoint(0), endpoint(1)), None))


class FailingJournal(MemoryJournal):
    """A journal that cannot be used any more."""

    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        msg = "the disk is full"
        raise JournalError(msg)


def writer_of(journal: MemoryJournal) -> Writer:
    """Return the writer of a worker that wants no chunk."""
    return Writer(journal, 30.0, LOOP_CLOCK, wanted=lambda: 0, on_reply=lambda _: None)


async def iterated(run: TestRun) -> list[TestOutcome]:
    """Return the outcomes of an iteration."""
    return [outcome async for outcome in run]


async def test_a_journal_that_fails_ends_the_sends_that_wait_for_it() -> None:
    """They have the error of the journal, and are not sent."""
    writer = writer_of(FailingJournal())
    commit = asyncio.ensure_future(writer.commit(now() + 60.0))
    await asyncio.sleep(0)
    writer.ask(0.0)
    with pytest.raises(JournalError, match="the disk is full"):
        await writer.run()
    with pytest.raises(JournalError, match="the disk is full"):
        await commit
    assert now() < 60.0


async def test_each_send_waits_for_its_record_until_its_own_deadline() -> None:
    """They share a timer, which is set for the next one. A send that was cancelled is not among them."""
    writer = writer_of(MemoryJournal(MemoryStorage()))
    ended: list[tuple[float, float]] = []

    async def wait(seconds: float) -> None:
        with pytest.raises(JournalError, match="before the deadline of the call"):
            await writer.commit(seconds)
        ended.append((seconds, now()))

    tasks = [asyncio.create_task(wait(seconds)) for seconds in (2.0, 3.0, 1.0, 2.5, 1.0)]
    await asyncio.sleep(0.5)
    tasks[3].cancel()
    await asyncio.wait(tasks)
    assert [(1.0, 1.0), (1.0, 1.0), (2.0, 2.0), (3.0, 3.0)] == ended
    assert tasks[3].cancelled()


async def test_a_send_after_the_end_of_its_worker_waits_until_its_deadline() -> None:
    """The timer of an earlier one has ended with the worker."""
    storage = MemoryStorage()
    journal = MemoryJournal(storage)
    await journal.begin(new_run(0))
    writer = writer_of(journal)
    early = asyncio.ensure_future(writer.commit(5.0))
    writer.leave()
    await writer.run()
    await early
    with pytest.raises(JournalError, match="before the deadline of the call"):
        await writer.commit(60.0)
    assert now() == 60.0


class TimedJournal(MemoryJournal):
    """A journal that notes the time of each exchange."""

    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        TIMES.append(round(now(), 6))
        return await super().exchange(ask)


TIMES: list[float] = []


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        ([(0.0, 0.25), (0.1, 0.25), (0.2, 0.01)], [0.21]),
        ([(0.0, 0.25), (0.1, 0.25)], [0.25]),
        ([(0.0, 0.25), (0.245, 0.01)], [0.25]),
        ([(0.0, 0.01), (0.1, 0.5), (0.2, 0.1)], [0.01, 0.3]),
        ([(0.0, 0.01), (0.01, 1.0)], [0.01, 1.01]),
    ],
)
async def test_an_exchange_is_made_at_the_earliest_requested_time(
    requests: list[tuple[float, float]], expected: list[float]
) -> None:
    """A later request neither delays it nor is delayed by it; without a request it is made after a second."""
    TIMES.clear()
    journal = TimedJournal()
    await journal.begin(new_run())
    writer = writer_of(journal)
    running = asyncio.create_task(writer.run())
    for when, within in requests:
        await asyncio.sleep(when - now())
        writer.ask(within)
    await asyncio.sleep(expected[-1] + 0.001 - now())
    assert expected == TIMES
    running.cancel()
    await asyncio.wait([running])


async def test_a_chunk_is_claimed_soon_after_there_is_room_for_it() -> None:
    """If the last claim got as many endpoints as it asked for; otherwise no chunk is free."""
    TIMES.clear()
    journal, room = TimedJournal(), 100
    await journal.begin(new_run(150))
    writer = Writer(journal, 30.0, LOOP_CLOCK, wanted=lambda: room, on_reply=lambda _: None)
    running = asyncio.create_task(writer.run())
    for when, wanted in ((0.0, 100), (0.1, 0), (0.2, 50), (0.3, 100), (0.4, 50)):
        await asyncio.sleep(when - now())
        room = wanted
        writer.claim()
        # Several tests that end at once make one exchange.
        writer.claim()
        await asyncio.sleep(0.05)
        room = 0
    assert [0.01, 0.21, 0.31] == TIMES
    running.cancel()
    await asyncio.wait([running])


async def test_a_cancelled_send_does_not_keep_the_others_from_their_commit() -> None:
    """Both wait for the same exchange."""
    journal = MemoryJournal()
    await journal.begin(new_run())
    writer = writer_of(journal)
    cancelled, other = (asyncio.ensure_future(writer.commit(now() + 60.0)) for _ in range(2))
    await asyncio.sleep(0)
    cancelled.cancel()
    writer.ask(0.0)
    running = asyncio.create_task(writer.run())
    await other
    assert cancelled.cancelled()
    running.cancel()
    await asyncio.wait([running])


async def test_nothing_is_written_for_a_chunk_of_another_worker() -> None:
    """Its records and its end are dropped."""
    journal, chunk = MemoryJournal(), held_chunk()
    writer = writer_of(journal)
    chunk.is_lost = True
    writer.append(chunk.entries[0], Sending(0.0, 0.0), within=0.0)
    writer.end(chunk)
    running = asyncio.create_task(writer.run())
    await asyncio.sleep(10.0)
    assert not journal.asks
    running.cancel()
    await asyncio.wait([running])


async def test_an_awaited_run_that_is_iterated_keeps_its_outcomes_for_the_iteration() -> None:
    """They count as received at once, since the consumer of the whole run gets them."""
    handed: list[Entry] = []
    handover = Handover(handed.append, lambda outcome: outcome)
    entries = held_chunk().entries
    timings = TestTimings(queued=0.0, rate_limit_wait=0.0, backoff_wait=0.0, network_time=0.0, settling=0.0)
    outcomes = [
        TestOutcome(
            endpoint_id=entry.endpoint_id,
            state="succeeded",
            delivery=None,
            error=None,
            pending=None,
            attempts=1,
            request_ids=(),
            timings=timings,
        )
        for entry in entries
    ]
    assert handover.get(0) is None
    handover.expect_no_consumer()
    for entry, outcome in zip(entries, outcomes, strict=True):
        handover.add(entry, outcome)
    assert handed == list(entries)
    assert outcomes == [handover.get(0), handover.get(1)]


async def test_a_lock_that_is_not_held_is_not_released(tmp_path: Path) -> None:
    """The file of a worker that never joined does not exist."""
    locks = WorkerLocks(tmp_path / "workers")
    locks.release("nobody")
    assert not locks.is_alive("nobody")


async def test_a_run_can_be_paused_before_it_is_created() -> None:
    """Nothing is sent, and another worker can continue."""
    service, storage = Service(latency=(0.5, 0.5)), MemoryStorage()
    async with recorded_run(service, MemoryJournal(storage), 5) as run:
        waiting = asyncio.create_task(iterated(run))
        await asyncio.sleep(0.1)
        await run.pause()
        assert not await waiting
    assert not service.sent
    assert {"succeeded": 5} == states(await recorded_run(service, MemoryJournal(storage), 5))


async def test_a_paused_run_tests_no_other_endpoint() -> None:
    """Also if a test ends while the last response is awaited."""
    service = Service(latency=(0.5, 1.5))
    async with run_of(service, 20, in_flight=3, until="sent") as run:
        waiting = asyncio.create_task(outcomes_of(run))
        await asyncio.sleep(0.2)
        await run.pause()
        await waiting
    assert 3 == len(service.sent)


async def test_a_key_that_is_revoked_while_deliveries_are_awaited_ends_the_worker() -> None:
    """The accepted tests are followed by the next worker, and not sent again."""
    service, storage = Service(takes=20.0), MemoryStorage()

    def reject(request: Request, when: str) -> Response | None:
        if request.operation.id == SEND or when != "before" or now() < 5.0:
            return None
        body = b'{"error": {"code": "auth.invalid_api_key", "message": "m", "status": 401, "request_id": "req_x"}}'
        return Response(401, {}, body)

    service.fault = reject
    with pytest.raises(AuthenticationError):
        await recorded_run(service, MemoryJournal(storage), 10)
    service.fault = lambda request, when: None
    assert {"succeeded": 10} == states(await recorded_run(service, MemoryJournal(storage), 10))
    assert 10 == len(service.sent)
