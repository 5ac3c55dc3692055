"""Journals that lose records after acknowledging them: a failover, or a restart from an older state."""

from __future__ import annotations

import asyncio
import copy

import pytest

from tests.support.delivery_service import Service
from tests.support.journal_runs import Worker, recorded_run, sends_per_endpoint
from tests.support.memory_journal import MemoryJournal, MemoryStorage
from tests.support.runs import states

pytestmark = pytest.mark.virtual_time


async def lose(storage: MemoryStorage, seconds: float) -> None:
    """Let time pass, and restore the journal as it was before."""
    kept = copy.deepcopy(storage.runs)
    await asyncio.sleep(seconds)
    storage.runs = kept
    storage.epoch += "x"


@pytest.mark.parametrize("after", [1.7, 6.0])
async def test_workers_that_live_adopt_what_the_journal_has_lost(after: float) -> None:
    """Also chunks that they had claimed or ended in that time."""
    service, storage = Service(limit=40, window=1.0, takes=0.3), MemoryStorage(lease=30.0)
    workers = [Worker(service, storage, 400, in_flight=60) for _ in range(3)]
    await asyncio.sleep(after)
    await lose(storage, 1.0)
    results = await asyncio.gather(*(worker.task for worker in workers))
    assert [{"succeeded": 400}] * 3 == [states(result) for result in results]
    assert {1: 400} == sends_per_endpoint(service)


@pytest.mark.parametrize("after", [1.7, 6.0])
async def test_a_worker_that_starts_later_adopts_what_the_journal_has_lost(after: float) -> None:
    """The worker whose records were lost has been killed."""
    service, storage = Service(limit=40, window=1.0, takes=0.3), MemoryStorage(lease=30.0)
    worker = Worker(service, storage, 400, in_flight=60)
    await asyncio.sleep(after)
    await lose(storage, 1.0)
    await worker.kill()
    outcomes = await recorded_run(service, MemoryJournal(storage), 400)
    assert {1: 400} == sends_per_endpoint(service)
    assert {"succeeded": 400} == states(outcomes)


async def test_a_consumer_receives_every_outcome_at_least_once() -> None:
    """It is slow, so that outcomes wait for it when the journal loses them."""
    service, storage = Service(limit=100, window=1.0, takes=0.1), MemoryStorage(lease=30.0)
    seen: list[str] = []
    losing: asyncio.Task[None] | None = None
    async with recorded_run(service, MemoryJournal(storage), 150, in_flight=60) as run:
        async for outcome in run:
            losing = losing or asyncio.create_task(lose(storage, 1.0))
            seen.append(outcome.endpoint_id)
            await asyncio.sleep(0.02)
    assert 150 == len(set(seen)) <= len(seen)
    assert {1: 150} == sends_per_endpoint(service)


async def test_a_worker_that_loses_a_chunk_and_gets_it_back_sends_nothing_twice() -> None:
    """The responses of its sends come after another worker has the chunk, so it has to find their events again."""
    service, storage = Service(limit=5, window=0.5, latency=(0.3, 0.9), takes=0.1), MemoryStorage(lease=30.0)
    worker = Worker(service, storage, 20, in_flight=10)
    await asyncio.sleep(1.2)
    (chunk,) = storage.runs["default"].chunks
    chunk.owner, chunk.expires = "other", asyncio.get_running_loop().time() + 4.0
    assert {"succeeded": 20} == states(await worker.task)
    assert {1: 20} == sends_per_endpoint(service)
