"""Rules for an exchange as one step: repetition, rejected records, and the other values of a reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import attrs

from tripwire_async.journal import JournalReply

from .bench import chunks

if TYPE_CHECKING:
    from tripwire_async.journal import JournalAsk

    from .bench import Bench


async def _repeated_ask(bench: Bench) -> None:
    """An ask with the number of the last one gets the same reply again, and changes nothing."""
    name = await bench.run()
    worker = await bench.worker(name)
    for appends, ended, wanted, lease in (
        ({}, (), 50, 60.0),
        ({0: b"[1]"}, (), 50, 60.0),
        ({0: b"[2]", 2: b"[3]"}, (0, 2), 0, 60.0),
        ({1: b"[4]"}, (), 0, 0.0),
    ):
        reply = await worker.ask(appends=appends, counts={"failed": 1}, ended=ended, wanted=wanted, lease=lease)
        again = await worker.journal.exchange(cast("JournalAsk", worker.last))
        other = [field.name for field in attrs.fields(JournalReply) if not _same(field.name, reply, again)]
        bench.expect(not other, f"other values of {', '.join(other)}")
    batches = [segment.batch for segment in await bench.segments(name)]
    bench.expect(batches == [b"[1]", b"[2]", b"[4]"], f"the records {batches}")
    counts = dict((await bench.journal(name).begin(None)).counts)
    bench.expect(counts == {"failed": 3}, f"the counts {counts}")
    claimed = chunks(await (await bench.worker(name)).ask(wanted=1000))
    bench.expect(claimed == [1, 2], f"the chunks {claimed} and not [1, 2] for the next worker")


async def _not_held(bench: Bench) -> None:
    """Appends and ends of a chunk that the worker does not hold are rejected, and only these."""
    name = await bench.run()
    holder, worker = await bench.worker(name), await bench.worker(name)
    await holder.ask(wanted=50)
    await worker.ask(wanted=50)
    reply = await worker.ask(appends={0: b"[0]", 1: b"[1]", 2: b"[2]"}, counts={"failed": 1}, ended=(0,))
    bench.expect(reply.refused == frozenset({0, 2}), f"rejected are {sorted(reply.refused)} and not [0, 2]")
    stored = [segment.chunk for segment in await bench.segments(name)]
    bench.expect(stored == [1], f"records of the chunks {stored} were stored, not of [1]")
    bench.expect(reply.counts == {"failed": 1}, f"counts of rejected records were added: {dict(reply.counts)}")
    bench.expect(reply.chunks_open == 3, "a chunk of another worker has ended")
    reply = await holder.ask(appends={0: b"[0]"})
    bench.expect(not reply.refused, "the holder of a chunk was rejected")
    await holder.ask(ended=(0,))
    reply = await holder.ask(appends={0: b"[9]"}, ended=(0,))
    bench.expect(reply.refused == frozenset({0}), "an append to a chunk that had ended was stored")


async def _leaving(bench: Bench) -> None:
    """A worker that leaves (lease 0) gives back its chunks at once, after its last records were stored."""
    name = await bench.run()
    worker, other = await bench.worker(name), await bench.worker(name)
    await worker.ask(wanted=100)
    await other.ask(wanted=0)
    reply = await worker.ask(appends={0: b"[1]"}, ended=(1,), lease=0.0, wanted=1000)
    bench.expect(not reply.refused, "its last records were rejected")
    bench.expect(not reply.claims, f"it got the chunks {chunks(reply)}")
    bench.expect(reply.workers == 1, f"workers is {reply.workers} and not 1 after one of two has left")
    reply = await other.ask(wanted=1000)
    bench.expect(chunks(reply) == [0, 2], f"the next worker got the chunks {chunks(reply)} and not [0, 2]")
    stored = [segment.batch for segment in await bench.segments(name)]
    bench.expect(stored == [b"[1]"], f"its last records are not in the log: {stored}")


async def _workers(bench: Bench) -> None:
    """`workers` is the number of workers alive, with the one that sends the ask."""
    name = await bench.run()
    for count in (1, 2, 3):
        reply = await (await bench.worker(name)).ask()
        bench.expect(reply.workers == count, f"{reply.workers} and not {count}")


async def _state(bench: Bench) -> None:
    """Time advances, `paused` is False without a pause, and the epoch changes only after a loss."""
    name = await bench.run()
    run = await bench.journal(name).begin(None)
    worker = await bench.worker(name)
    replies = [await worker.ask(wanted=50), await (await bench.worker(name)).ask(), await worker.ask()]
    times = [run.created, *(reply.time for reply in replies)]
    bench.expect(times == sorted(times), f"the times {times}")
    bench.expect(not any(reply.paused for reply in replies), "paused is True")
    epochs = {reply.epoch for reply in replies}
    bench.expect(len(epochs) == 1, f"the epochs {sorted(epochs)}")


def _same(name: str, one: JournalReply, other: JournalReply) -> bool:
    return bool(getattr(one, name) == getattr(other, name))


RULES: Final = (_not_held, _repeated_ask, _leaving, _workers, _state)
