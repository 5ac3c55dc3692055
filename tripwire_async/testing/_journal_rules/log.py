"""Rules for the log of records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .bench import chunks

if TYPE_CHECKING:
    from .bench import Bench


async def _in_order(bench: Bench) -> None:
    """Records are read in the order of the appends, byte for byte, by every journal of the run."""
    name = await bench.run()
    worker = await bench.worker(name)
    await worker.ask(wanted=100)
    large = b'[[0,3,"' + b"x" * 300_000 + b'"]]'
    expected = [(1, b"[[0,1]]"), (0, '[[1,3,"é\\u0000 🙂"]]'.encode()), (1, large), (0, b"[[2,4]]")]
    for chunk, batch in expected[:3]:
        await worker.ask(appends={chunk: batch})
    await worker.ask(appends=dict([expected[3]]))
    await bench.end(worker)
    found = [(segment.chunk, segment.batch) for segment in await bench.segments(name)]
    bench.expect(len(found) == len(expected), f"{len(found)} records and not {len(expected)}")
    bench.expect(found == expected, f"the chunks {[chunk for chunk, _ in found]}, or other bytes")


async def _one_step(bench: Bench) -> None:
    """An ask with appends for several chunks stores all of them, in order."""
    name = await bench.run()
    worker = await bench.worker(name)
    await worker.ask(wanted=1000)
    await worker.ask(appends={2: b"[2]", 0: b"[0]", 1: b"[1]"}, ended=(2,))
    found = [(segment.chunk, segment.batch) for segment in await bench.segments(name)]
    bench.expect(found == [(2, b"[2]"), (0, b"[0]"), (1, b"[1]")], f"{found}")


async def _positions(bench: Bench) -> None:
    """`read` with the position of a segment yields what follows it."""
    name = await bench.run()
    worker = await bench.worker(name)
    await worker.ask(wanted=1000)
    for number in range(12):
        await worker.ask(appends={number % 3: b"[%d]" % number})
    segments = await bench.segments(name)
    bench.expect(len(segments) == 12, f"{len(segments)} segments and not 12")
    for index in (0, 5, 8, 11):
        after = [segment.batch for segment in await bench.segments(name, segments[index].position)]
        expected = [b"[%d]" % number for number in range(index + 1, 12)]
        bench.expect(after == expected, f"{after} after segment {index}")


async def _takeover_position(bench: Bench) -> None:
    """The position of a chunk that another worker has held is one from which `read` yields all of its records."""
    name = await bench.run()
    first = await bench.worker(name)
    await first.ask(wanted=50)
    await first.ask(appends={0: b"[1]"})
    second = await bench.worker(name)
    claimed = chunks(await second.ask(wanted=50))
    bench.expect(claimed == [1], f"the chunks {claimed} and not [1]")
    for round_ in range(3):
        await first.ask(appends={0: b"[%d]" % round_})
        await second.ask(appends={1: b"[%d]" % (10 + round_)})
        for worker in (first, second):
            await worker.ask(lease=0.0)
        first, second = await bench.worker(name), await bench.worker(name)
        for chunk, worker, count in ((0, first, round_ + 2), (1, second, round_ + 1)):
            reply = await worker.ask(wanted=50)
            bench.expect(chunks(reply) == [chunk], f"the chunks {chunks(reply)} and not [{chunk}]")
            position = reply.claims[0].position
            bench.expect(position is not None, f"no position for chunk {chunk}, which has records")
            batches = [segment for segment in await bench.segments(name, position) if segment.chunk == chunk]
            bench.expect(len(batches) == count, f"{len(batches)} of {count} records of chunk {chunk}")


async def _counts(bench: Bench) -> None:
    """The counts of a run are the sums of the appended counts, also negative ones."""
    name = await bench.run()
    worker = await bench.worker(name)
    await worker.ask(wanted=1000)
    await worker.ask(appends={0: b"[1]", 1: b"[2]"}, counts={"sending": 3, "failed": 1})
    reply = await worker.ask(appends={2: b"[3]"}, counts={"sending": -4, "succeeded": 2})
    expected = {"sending": 2, "failed": 2, "succeeded": 2}
    for counts in (reply.counts, (await bench.journal(name).begin(None)).counts):
        found = {state: count for state, count in counts.items() if count}
        bench.expect(found == expected, f"{found} and not {expected}")


RULES: Final = (_in_order, _one_step, _positions, _takeover_position, _counts)
