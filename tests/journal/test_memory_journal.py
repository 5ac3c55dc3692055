"""The model of a journal: it follows the protocol, so that other journals can be compared with it."""

from __future__ import annotations

import attrs
import pytest

from tests.support.memory_journal import MemoryJournal, MemoryStorage
from tripwire_async.errors import JournalError
from tripwire_async.journal.protocol import Append, JournalAsk, NewRun


def new_run(count: int = 120, run_id: str = "run_1") -> NewRun:
    """Return a run of three chunks."""
    return NewRun(
        id=run_id,
        organization_id="org_1",
        base_url="http://x",
        until="settled",
        endpoint_ids=tuple(f"we_{number}" for number in range(count)),
    )


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time


async def test_a_run_is_created_once() -> None:
    """A second begin returns the first run, whatever it names."""
    journal = MemoryJournal(MemoryStorage(now=Clock().now))
    with pytest.raises(JournalError) as caught:
        await journal.begin(None)
    assert caught.value.is_missing
    run = await journal.begin(new_run())
    assert run == await journal.begin(new_run(5, "run_2")) == await journal.begin(None)
    assert (120, None) == (run.endpoints, run.finished)
    assert [run.id] == [summary.id for summary in await journal.runs()]
    await journal.drop()
    assert () == await journal.runs()
    assert 100.0 == (await journal.begin(new_run(0))).finished
    await journal.aclose()


async def test_a_chunk_belongs_to_one_worker_until_its_lease_is_over() -> None:
    """Then another worker claims it, and the appends of the first one are rejected, except for other chunks."""
    clock = Clock()
    journal = MemoryJournal(MemoryStorage(lease=30.0, now=clock.now))
    await journal.begin(new_run())
    ask = JournalAsk(worker="a", number=1, wanted=60, lease=30.0)
    first = await journal.exchange(ask)
    assert [0, 1] == [claim.chunk for claim in first.claims]
    assert first is await journal.exchange(ask)
    other = await journal.exchange(JournalAsk(worker="b", number=1, wanted=100, lease=30.0))
    assert [(2, None)] == [(claim.chunk, claim.position) for claim in other.claims]
    clock.time += 20
    appended = JournalAsk(worker="a", number=2, appends=(Append(0, b"[]", {"sent": 1}),), ended=(1,), lease=30.0)
    assert (frozenset(), 2) == ((reply := await journal.exchange(appended)).refused, reply.workers)
    clock.time += 15
    taken = await journal.exchange(JournalAsk(worker="a", number=3, wanted=100, lease=30.0))
    assert ([2], 1, 2) == ([claim.chunk for claim in taken.claims], taken.workers, taken.chunks_open)
    late = JournalAsk(worker="b", number=2, appends=(Append(2, b"[]", {"sent": 5}),), lease=30.0)
    assert (frozenset({2}), {"sent": 1}) == ((reply := await journal.exchange(late)).refused, reply.counts)
    clock.time += 40
    own = await journal.exchange(JournalAsk(worker="a", number=4, wanted=100, lease=30.0))
    assert () == own.claims


async def test_a_worker_that_leaves_gives_back_its_chunks() -> None:
    """The next worker receives the position to read from, and finishes the run."""
    journal = MemoryJournal(MemoryStorage(now=Clock().now))
    await journal.begin(new_run(60))
    await journal.exchange(JournalAsk(worker="a", number=1, wanted=50, lease=1e9))
    leave = JournalAsk(worker="a", number=2, appends=(Append(0, b"[1]"),), lease=0.0)
    left = await journal.exchange(leave)
    assert (0, left) == (left.workers, await journal.exchange(leave))
    claims = (await journal.exchange(JournalAsk(worker="b", number=1, wanted=60, lease=1e9))).claims
    assert [0, 1] == [claim.chunk for claim in claims]
    position = claims[0].position
    assert position is not None
    assert [(0, b"[1]")] == [(segment.chunk, segment.batch) async for segment in journal.read(position)]
    assert [0] == [segment.chunk async for segment in journal.read()]
    ended = await journal.exchange(JournalAsk(worker="b", number=2, ended=(0, 1), lease=1e9))
    assert 0 == ended.chunks_open
    assert (await journal.begin(None)).finished is not None


async def test_a_paused_worker_gets_no_chunks() -> None:
    """A worker that joins later does."""
    storage = MemoryStorage(now=Clock().now)
    journal = MemoryJournal(storage)
    await journal.begin(new_run())
    await journal.exchange(JournalAsk(worker="a", number=1, wanted=50, lease=1e9))
    await journal.pause()
    assert [True] == [summary.paused for summary in await journal.runs()]
    paused = await journal.exchange(JournalAsk(worker="a", number=2, wanted=50, lease=1e9))
    assert (True, ()) == (paused.paused, paused.claims)
    joined = await journal.exchange(JournalAsk(worker="b", number=1, wanted=50, lease=1e9))
    assert (False, [1]) == (joined.paused, [claim.chunk for claim in joined.claims])
    assert [False] == [summary.paused for summary in await journal.runs()]
    storage.die("a")
    again = await journal.exchange(JournalAsk(worker="b", number=2, wanted=50, lease=1e9))
    assert (1, [0]) == (again.workers, [claim.chunk for claim in again.claims])


def test_the_values_of_the_protocol_do_not_change() -> None:
    """They pass between tasks and threads."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        new_run().id = "other"  # type: ignore[misc] - the point of the test
