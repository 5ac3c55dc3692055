"""The journal in Redis against the model in memory, with a real server whose clock the test sets."""

from __future__ import annotations

import asyncio
import itertools
import math
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import pytest
import redis
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.support.journal_worker import new_run
from tests.support.machine_settings import machine_settings
from tests.support.memory_journal import MemoryJournal, MemoryStorage
from tests.support.redis_server import RedisServer
from tripwire_async._redis.source import ScriptSource
from tripwire_async.journal import Append, JournalAsk, RedisJournal, redis_journal

if TYPE_CHECKING:
    from tripwire_async.journal import JournalReply, Segment

NAMES = itertools.count()
START = 1_764_000_000
WORKERS = ("one", "two", "three")
CHUNKS = st.lists(st.integers(0, 4), unique=True, max_size=4)


class ClockedSource(ScriptSource):
    """The script, with the time in the key ``time`` instead of the server's clock."""

    @property
    def text(self) -> str:
        text = super().text
        changed = text.replace("redis.call('TIME')", "redis.call('LRANGE', 'time', 0, 1)")
        assert changed != text
        return changed

    @property
    def digest(self) -> str:
        return "0" * 40


@attrs.define
class Clock:
    """The time of both journals."""

    server: Any
    milliseconds: int = START * 1000

    def advance(self, milliseconds: int) -> None:
        self.milliseconds += milliseconds
        self.server.delete("time")
        self.server.rpush("time", self.milliseconds // 1000, self.milliseconds % 1000 * 1000)

    def now(self) -> float:
        return self.milliseconds / 1000


class JournalMachine(RuleBasedStateMachine):
    """Sends the same requests to both journals, and compares the replies, the logs and the runs."""

    server: ClassVar[RedisServer]

    @initialize(endpoints=st.integers(1, 230))
    def begin(self, endpoints: int) -> None:
        self.runner = asyncio.Runner()
        self.clock = Clock(redis.Redis.from_url(self.server.url))
        self.clock.server.flushall()
        self.clock.advance(0)
        name = f"run.{next(NAMES)}"
        # Keys expire by the real clock of the server.
        self.journal = RedisJournal(self.server.url, run=name, keep=math.inf)
        self.model = MemoryJournal(MemoryStorage(lease=30.0, now=self.clock.now), name)
        assert self.runner.run(self.journal.begin(new_run(endpoints))) == self.runner.run(
            self.model.begin(new_run(endpoints))
        )
        self.chunks = -(-endpoints // 50)
        self.numbers = dict.fromkeys(WORKERS, 0)
        self.asks: dict[str, JournalAsk] = {}
        self.batches = itertools.count()

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(self.journal.aclose())
            self.clock.server.close()
            self.runner.close()

    @rule(milliseconds=st.sampled_from([1, 900, 4_000, 20_000]))
    def wait(self, milliseconds: int) -> None:
        """Let leases run out."""
        self.clock.advance(milliseconds)

    @rule(
        worker=st.sampled_from(WORKERS),
        appended=CHUNKS,
        ended=CHUNKS,
        wanted=st.sampled_from([0, 1, 50, 51, 150, 1000]),
        lease=st.sampled_from([0.0, 3.0, 30.0]),
    )
    def ask(self, worker: str, appended: list[int], ended: list[int], wanted: int, lease: float) -> None:
        """Any ask, also for chunks of others and for chunks that have ended."""
        self.numbers[worker] += 1
        self.asks[worker] = JournalAsk(
            worker=worker,
            number=self.numbers[worker],
            appends=tuple(
                Append(chunk, b"[%d]" % next(self.batches), {"failed": 1, "sending": -2})
                for chunk in appended
                if chunk < self.chunks
            ),
            ended=tuple(chunk for chunk in ended if chunk < self.chunks and chunk % 2 == 0),
            wanted=wanted,
            lease=lease,
        )
        self.send(worker)

    @rule(worker=st.sampled_from(WORKERS))
    def ask_again(self, worker: str) -> None:
        """The reply to the last ask was lost."""
        if worker in self.asks:
            self.send(worker)

    @rule()
    def pause(self) -> None:
        """Ask all workers to leave."""
        self.runner.run(self.journal.pause())
        self.runner.run(self.model.pause())

    @invariant()
    def the_runs_are_the_same(self) -> None:
        """Compare the list of runs, and the run as a new worker finds it."""
        if hasattr(self, "runner"):
            assert self.runner.run(self.journal.runs()) == self.runner.run(self.model.runs())
            assert self.runner.run(self.journal.begin(None)) == self.runner.run(self.model.begin(None))

    def send(self, worker: str) -> None:
        ask = self.asks[worker]
        reply, expected = self.runner.run(self.journal.exchange(ask)), self.runner.run(self.model.exchange(ask))
        assert without_positions(expected) == without_positions(reply)
        assert self.log(self.model, None) == self.log(self.journal, None)
        for claim, claimed in zip(reply.claims, expected.claims, strict=True):
            assert (claim.position is None) is (claimed.position is None)
            records = self.log(self.journal, claim.position), self.log(self.model, claimed.position)
            of_the_chunk = [[batch for chunk, batch in log if chunk == claim.chunk] for log in records]
            assert of_the_chunk[0] == of_the_chunk[1]

    def log(self, journal: RedisJournal | MemoryJournal, after: str | None) -> list[tuple[int, bytes]]:
        async def read() -> list[Segment]:
            return [segment async for segment in journal.read(after)]

        return [(segment.chunk, segment.batch) for segment in self.runner.run(read())]


def without_positions(reply: JournalReply) -> JournalReply:
    """Return *reply* without the places in the log, which differ."""
    claims = tuple(attrs.evolve(claim, position=None) for claim in reply.claims)
    return attrs.evolve(reply, claims=claims, refused=frozenset(reply.refused))


@pytest.mark.machine
def test_a_journal_in_redis_agrees_with_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever three workers ask, repeat, lose and end, and however much time passes."""
    monkeypatch.setattr(redis_journal, "_SOURCE", ClockedSource("tripwire_async.journal", "redis_journal.lua"))
    with RedisServer() as server:
        JournalMachine.server = server
        machine = JournalMachine.TestCase()
        machine.settings = machine_settings(15, 25, phases=[Phase.generate])
        machine.runTest()
