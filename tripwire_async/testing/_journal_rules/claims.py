"""Rules for claiming chunks."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Final

from .bench import chunks, new_run

if TYPE_CHECKING:
    from .bench import Bench


async def _order(bench: Bench) -> None:
    """Chunks are leased from the lowest number, with their endpoints in order, and without a position at first."""
    name, new = bench.name(), new_run()
    await bench.journal(name).begin(new)
    reply = await (await bench.worker(name)).ask(wanted=1000)
    bench.expect(chunks(reply) == [0, 1, 2], f"the chunks {chunks(reply)} and not [0, 1, 2]")
    for claim, expected in zip(reply.claims, new.chunks(), strict=True):
        bench.expect(
            claim.endpoint_ids == expected, f"{len(claim.endpoint_ids)} other endpoints in chunk {claim.chunk}"
        )
        bench.expect(claim.position is None, f"the position {claim.position!r} at the first claim of a chunk")


async def _wanted(bench: Bench) -> None:
    """Chunks are leased as long as they have fewer than *wanted* endpoints together; with 0, none is."""
    for wanted, expected in ((0, 0), (1, 1), (50, 1), (51, 2), (100, 2), (101, 3)):
        worker = await bench.worker(await bench.run())
        reply = await worker.ask(wanted=wanted)
        bench.expect(len(reply.claims) == expected, f"{len(reply.claims)} chunks for wanted={wanted}, not {expected}")


async def _one_holder(bench: Bench) -> None:
    """A chunk is leased to one worker at a time, and every chunk is leased, also if many workers ask at once."""
    name = await bench.run(500)
    workers = [await bench.worker(name) for _ in range(4)]
    held: Counter[int] = Counter()
    for _ in range(4):
        replies = await asyncio.gather(*(worker.ask(wanted=50) for worker in workers))
        held.update(claim.chunk for reply in replies for claim in reply.claims)
    double = sorted(chunk for chunk, count in held.items() if count > 1)
    bench.expect(not double, f"the chunks {double} were leased to two workers")
    missing = sorted(set(range(10)) - held.keys())
    bench.expect(not missing, f"the chunks {missing} were never leased")


async def _own_chunks(bench: Bench) -> None:
    """A worker does not get a chunk that it holds a second time."""
    worker = await bench.worker(await bench.run())
    first = await worker.ask(wanted=50)
    again = await worker.ask(wanted=1000)
    double = sorted(set(chunks(first)) & set(chunks(again)))
    bench.expect(not double, f"the chunks {double} twice")


async def _ended_chunks(bench: Bench) -> None:
    """A chunk that has ended is not leased again; the run is finished when all have ended."""
    name = await bench.run()
    worker = await bench.worker(name)
    bench.expect((await worker.ask(wanted=1000)).chunks_open == 3, "chunks_open is not 3 before the first end")
    reply = await worker.ask(ended=(0, 2))
    bench.expect(reply.chunks_open == 1, f"chunks_open is {reply.chunks_open} and not 1 after two of three ended")
    bench.expect((await bench.journal(name).begin(None)).finished is None, "finished is set with a chunk open")
    await worker.ask(lease=0.0)
    other = await bench.worker(name)
    claimed = chunks(await other.ask(wanted=1000))
    bench.expect(claimed == [1], f"the chunks {claimed} and not [1]")
    reply = await other.ask(ended=(1,))
    bench.expect(reply.chunks_open == 0, f"chunks_open is {reply.chunks_open} and not 0 at the end")
    run = await bench.journal(name).begin(None)
    bench.expect(run.finished is not None, "finished is None after the last end")
    late = await (await bench.worker(name)).ask(wanted=1000)
    bench.expect(not late.claims, f"the chunks {chunks(late)} of a finished run")


RULES: Final = (_order, _wanted, _own_chunks, _one_holder, _ended_chunks)
