"""State machine that compares a journal with the model in memory, for hypothesis."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tripwire_async.journal.protocol import Append, Journal, JournalAsk, NewRun

from .memory_journal import MemoryJournal, MemoryStorage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tripwire_async.journal.protocol import JournalReply, RunSummary

NAMES = ("a", "b", "c")


class ManagedJournal(Journal, Protocol):
    """A journal with the methods that manage runs."""

    async def runs(self) -> tuple[RunSummary, ...]: ...
    async def pause(self) -> None: ...
    async def drop(self) -> None: ...
    async def aclose(self) -> None: ...


@attrs.define
class Side:
    """One worker: its journal under test, its journal in memory, and its last ask."""

    real: ManagedJournal
    model: MemoryJournal
    last: JournalAsk | None = None
    held: set[int] = attrs.field(factory=set)


class JournalMachine(RuleBasedStateMachine):
    """Workers that ask, leave, die and repeat an ask.

    Args:
        open_journal: Returns a journal as a separate process has it.
    """

    def __init__(self, open_journal: Callable[[], ManagedJournal]) -> None:
        super().__init__()
        self.open_journal = open_journal
        self.runner = asyncio.Runner()
        self.storage = MemoryStorage(now=lambda: 0.0)
        self.sides: dict[str, Side] = {}
        self.names: dict[str, str] = {}
        self.serial = 0

    def do(self, step: Any) -> Any:
        """Run a coroutine to its end."""
        return self.runner.run(step)

    @initialize(count=st.integers(0, 260))
    def begin(self, count: int) -> None:
        ids = tuple(f"we_{number}" for number in range(count))
        new = NewRun(id="run", organization_id="org", base_url="http://x", until="settled", endpoint_ids=ids)
        for name in NAMES:
            self.join(name)
            real, model = self.do(self.sides[name].real.begin(new)), self.do(self.sides[name].model.begin(new))
            assert attrs.evolve(real, created=0, finished=None) == attrs.evolve(model, created=0, finished=None)
            assert (real.finished is None) == (model.finished is None)

    def join(self, name: str) -> None:
        """Start a worker in the place *name*, with an id that was never used."""
        self.serial += 1
        self.names[name] = f"worker{self.serial}"
        self.sides[name] = Side(self.open_journal(), MemoryJournal(self.storage))

    @rule(
        name=st.sampled_from(NAMES),
        chunks=st.lists(st.integers(0, 5), max_size=3, unique=True),
        ended=st.lists(st.integers(0, 5), max_size=2, unique=True),
        only_held=st.booleans(),
        wanted=st.integers(0, 120),
        leaves=st.integers(0, 9),
    )
    def exchange(
        self, name: str, chunks: list[int], ended: list[int], *, only_held: bool, wanted: int, leaves: int
    ) -> None:
        side = self.sides[name]
        if only_held:
            chunks, ended = [n for n in chunks if n in side.held], [n for n in ended if n in side.held]
        number = 1 if side.last is None else side.last.number + 1
        ask = JournalAsk(
            worker=self.names[name],
            number=number,
            lease=0.0 if leaves == 0 else float("inf"),
            appends=tuple(Append(n, b"[[%d,4]]" % number, {"sent": 1, "sending": -1}) for n in chunks),
            ended=tuple(ended),
            wanted=wanted,
        )
        reply = self.compare(side, ask)
        side.last = ask
        side.held -= {*ended, *reply.refused}
        side.held |= {claim.chunk for claim in reply.claims}
        if leaves == 0:
            side.held.clear()

    @precondition(lambda self: any(side.last for side in self.sides.values()))
    @rule(name=st.sampled_from(NAMES))
    def repeat(self, name: str) -> None:
        side = self.sides[name]
        if side.last is not None:
            self.compare(side, side.last)

    @rule(name=st.sampled_from(NAMES))
    def die(self, name: str) -> None:
        self.do(self.sides[name].real.aclose())
        self.storage.die(self.names[name])
        self.join(name)

    @rule(name=st.sampled_from(NAMES))
    def pause(self, name: str) -> None:
        self.do(self.sides[name].real.pause())
        self.do(self.sides[name].model.pause())

    @rule(name=st.sampled_from(NAMES))
    def read(self, name: str) -> None:
        side = self.sides[name]
        assert self.do(collect(side.model.read())) == self.do(collect(side.real.read()))

    @rule(name=st.sampled_from(NAMES))
    def summarize(self, name: str) -> None:
        (real,), (model,) = self.do(self.sides[name].real.runs()), self.do(self.sides[name].model.runs())
        assert (real.counts, real.workers, real.paused) == (model.counts, model.workers, model.paused)
        assert (real.finished is None) == (model.finished is None)

    def compare(self, side: Side, ask: JournalAsk) -> JournalReply:
        """Ask both journals, and compare their replies and what a claimed chunk has in the log."""
        model, real = self.do(side.model.exchange(ask)), self.do(side.real.exchange(ask))
        for one, other in zip(model.claims, real.claims, strict=True):
            assert (one.chunk, one.endpoint_ids) == (other.chunk, other.endpoint_ids)
            assert (one.position is None) == (other.position is None)
            if one.position is not None:
                expected = [segment for segment in self.do(collect(side.model.read())) if segment[0] == one.chunk]
                found = self.do(collect(side.real.read(other.position)))
                assert expected == [segment for segment in found if segment[0] == one.chunk]
        same = {"claims": (), "time": 0.0, "epoch": ""}
        assert attrs.evolve(model, **same) == attrs.evolve(real, **same)
        return real

    def teardown(self) -> None:
        for side in self.sides.values():
            self.do(side.real.aclose())
        self.runner.close()


async def collect(segments: AsyncIterator[Any]) -> list[tuple[int, bytes]]:
    """Return the chunk and the batch of each segment."""
    return [(segment.chunk, segment.batch) async for segment in segments]
