"""Rules for leases that are renewed and that run out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from .bench import PATIENCE, SHORT, Worker, chunks

if TYPE_CHECKING:
    from .bench import Bench

_ROUNDS: Final = 5


async def _dead_worker(bench: Bench) -> None:
    """The chunks of a worker that has ended without leaving are leased to others, with a position."""
    name = await bench.run(50)
    worker = await bench.worker(name)
    await worker.ask(wanted=50, lease=SHORT)
    await worker.ask(appends={0: b"[1]"}, lease=SHORT)
    await bench.end(worker)
    reply = await (await bench.worker(name)).take_over(50)
    bench.expect(chunks(reply) == [0], f"no chunk within {PATIENCE:g} s")
    batches = [segment.batch for segment in await bench.segments(name, reply.claims[0].position)]
    bench.expect(batches == [b"[1]"], f"the records {batches} after the position of the claim")
    bench.expect(reply.workers == 1, f"the dead worker is counted: workers is {reply.workers}")


async def _lost_chunk(bench: Bench) -> None:
    """A worker that has lost a chunk cannot append to it or end it, and does not get it back."""
    name = await bench.run(50)
    worker = await bench.worker(name)
    await worker.ask(wanted=50, lease=SHORT)
    await bench.end(worker)
    holder = await bench.worker(name)
    await holder.take_over(50)
    back = Worker(bench.journal(name), worker.id, worker.number)
    await back.journal.begin(None)
    reply = await back.ask(appends={0: b"[1]"}, counts={"failed": 1}, ended=(0,), wanted=1000)
    bench.expect(reply.refused == frozenset({0}), f"rejected are {sorted(reply.refused)} and not [0]")
    bench.expect(not reply.claims, "it was leased to two workers")
    bench.expect(not await bench.segments(name), "its record was stored")
    reply = await holder.ask(appends={0: b"[2]"})
    bench.expect(not reply.refused, "the new holder was rejected")


async def _renewal(bench: Bench) -> None:
    """A worker that keeps asking keeps its chunks, for longer than its lease."""
    loop = asyncio.get_running_loop()
    for _ in range(_ROUNDS):
        name = await bench.run(50)
        worker, other = await bench.worker(name), await bench.worker(name)
        start = before = loop.time()
        await worker.ask(wanted=50, lease=SHORT)
        lost = is_late = False
        while not (lost or is_late) and loop.time() < start + 2.5 * SHORT:
            await asyncio.sleep(SHORT / 5)
            lost = bool((await other.ask(wanted=50)).claims)
            await worker.ask(lease=SHORT)
            # On a busy machine the worker may be too late by itself, which is not a fault of the journal.
            before, is_late = loop.time(), loop.time() > before + 0.9 * SHORT
        if not is_late:
            bench.expect(not lost, "the chunk was leased to another worker")
            return
    msg = f"an exchange takes {SHORT / 2:g} s or more, so renewals of a lease of {SHORT:g} s cannot be checked"
    raise TimeoutError(msg)


async def _late_renewal(bench: Bench) -> None:
    """A worker whose lease has run out keeps its chunks if no other worker has claimed them, and gets none twice."""
    name = await bench.run(100)
    worker = await bench.worker(name)
    await worker.ask(wanted=50, lease=SHORT)
    await asyncio.sleep(1.2 * SHORT)
    reply = await worker.ask(appends={0: b"[1]"}, wanted=1000)
    bench.expect(not reply.refused, "its record was rejected")
    bench.expect(chunks(reply) == [1], f"it got the chunks {chunks(reply)} and not [1]")


RULES: Final = (_dead_worker, _lost_chunk, _renewal, _late_renewal)
