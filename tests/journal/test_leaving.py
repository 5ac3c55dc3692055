"""A worker that leaves a run while replies of the journal are still on their way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import attrs
import pytest

from tests.support.delivery_service import Service, now
from tests.support.journal_runs import Worker, recorded_run
from tests.support.memory_journal import MemoryJournal, MemoryStorage
from tests.support.runs import states

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tripwire_async.deliveries import TestRun
    from tripwire_async.journal import Segment

pytestmark = pytest.mark.virtual_time

COUNT = 20


@attrs.define
class WatchedJournal(MemoryJournal):
    """A journal that notes its reads."""

    reads: list[float] = attrs.field(factory=list)

    async def read(self, after: str | None = None, /) -> AsyncIterator[Segment]:
        self.reads.append(now())
        async for segment in MemoryJournal.read(self, after):
            # Long enough to outlive a worker that does not wait for its reads.
            await asyncio.sleep(5.0)
            yield segment


async def half_tested(service: Service, storage: MemoryStorage) -> None:
    """Let a worker begin the run, and kill it."""
    worker = Worker(service, storage, COUNT, in_flight=4)
    await asyncio.sleep(6.0)
    assert 0 < len(service.sent) < COUNT
    await worker.kill()


def tasks() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {task for task in [asyncio.current_task()] if task is not None}


@pytest.mark.parametrize("epoch", ["", "1:restarted"])
@pytest.mark.parametrize("cancelled_at", [0.5, 2.0])
async def test_a_worker_that_leaves_reads_nothing_more(cancelled_at: float, epoch: str) -> None:
    """A claim that arrives while it leaves begins no read, and a read in progress ends."""
    service, storage = Service(), MemoryStorage()
    await half_tested(service, storage)
    storage.epoch = epoch
    journal = WatchedJournal(storage, delay=1.0)
    run = asyncio.create_task(_await(recorded_run(service, journal, COUNT)))
    await asyncio.sleep(cancelled_at)
    run.cancel()
    requests, reads = len(service.requests), len(journal.reads)
    await asyncio.wait([run])
    assert run.cancelled()
    assert set() == tasks()
    assert (requests, reads) == (len(service.requests), len(journal.reads))
    assert {"succeeded": COUNT} == states(await recorded_run(service, MemoryJournal(storage), COUNT))


async def _await(run: TestRun) -> None:
    await run
