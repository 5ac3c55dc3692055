"""Journal in memory: the model that every journal is compared with."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from typing import TYPE_CHECKING

import attrs

from tripwire_async.errors import JournalError
from tripwire_async.journal.protocol import GAUGES, Claim, JournalReply, Run, RunSummary, Segment

from .virtual_time import now as loop_now

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tripwire_async.journal.protocol import JournalAsk, NewRun


@attrs.define
class _Chunk:
    endpoint_ids: tuple[str, ...]
    owner: str | None = None
    expires: float = 0.0
    position: str | None = None
    is_open: bool = True


@attrs.define
class _Worker:
    expires: float
    is_paused: bool = False


@attrs.define
class _StoredRun:
    run: Run
    chunks: list[_Chunk]
    workers: dict[str, _Worker] = attrs.field(factory=dict)
    replies: dict[str, tuple[int, JournalReply]] = attrs.field(factory=dict)
    log: list[Segment] = attrs.field(factory=list)
    counts: Counter[str] = attrs.field(factory=Counter)
    is_paused: bool = False


@attrs.define
class MemoryStorage:
    """Runs by name, which outlive the journals that use them.

    Attributes:
        lease: The lease of the runs in seconds; infinity if only `die` ends a worker.
        now: Returns the time of the journal.
        epoch: The epoch of replies.
        rejected: Whether each exchange had a chunk that the worker did not hold.
    """

    lease: float = math.inf
    now: Callable[[], float] = loop_now
    epoch: str = ""
    rejected: list[bool] = attrs.field(factory=list)
    runs: dict[str, _StoredRun] = attrs.field(factory=dict)

    def fail_over(self, *, keep: int) -> None:
        """Lose all claims, and all records but the first *keep*."""
        self.epoch = f"{self.epoch}+"
        for stored in self.runs.values():
            del stored.log[keep:]
            stored.counts.clear()
            stored.replies.clear()
            stored.workers.clear()
            for chunk in stored.chunks:
                chunk.owner, chunk.is_open = None, True
                if not any(segment.chunk == stored.chunks.index(chunk) for segment in stored.log):
                    chunk.position = None

    def die(self, worker: str) -> None:
        """End a worker as the operating system does: its chunks are free."""
        for stored in self.runs.values():
            _remove(stored, worker)


@attrs.define
class MemoryJournal:
    """A journal of one run in a `MemoryStorage`.

    Attributes:
        asks: All calls of `exchange`.
        delay: Seconds until an exchange is processed.
        is_dead: Whether the process of the journal has been killed. It then stores nothing and never responds.
        errors: Exceptions to raise from the next exchanges, instead of a reply.
    """

    storage: MemoryStorage = attrs.field(factory=MemoryStorage)
    run: str = "default"
    asks: list[JournalAsk] = attrs.field(factory=list)
    is_dead: bool = False
    delay: float = 0.0
    errors: list[Exception] = attrs.field(factory=list)

    async def begin(self, new: NewRun | None, /) -> Run:
        stored = self.storage.runs.get(self.run)
        if stored is None:
            if new is None:
                msg = f"there is no run {self.run!r}"
                raise JournalError(msg, is_missing=True)
            now = self.storage.now()
            run = Run(
                name=self.run,
                id=new.id,
                organization_id=new.organization_id,
                base_url=new.base_url,
                until=new.until,
                endpoints=len(new.endpoint_ids),
                digest=new.digest(),
                lease=self.storage.lease,
                created=now,
                finished=None if new.endpoint_ids else now,
                counts={},
                baseline=new.baseline,
            )
            stored = self.storage.runs[self.run] = _StoredRun(run, [_Chunk(ids) for ids in new.chunks()])
        return attrs.evolve(stored.run, counts=dict(stored.counts), time=self.storage.now())

    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        if self.is_dead:
            await asyncio.get_running_loop().create_future()
        self.asks.append(ask)
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.errors:
            raise self.errors.pop(0)
        stored = self._stored()
        number, reply = stored.replies.get(ask.worker, (None, None))
        if reply is None or number != ask.number:
            reply = self._exchange(stored, ask, self.storage.now())
            stored.replies[ask.worker] = ask.number, reply
            self.storage.rejected.append(bool(reply.refused))
        return reply

    def _exchange(self, stored: _StoredRun, ask: JournalAsk, now: float) -> JournalReply:
        worker = _join(stored, ask, now)
        held = {number: chunk for number, chunk in enumerate(stored.chunks) if chunk.owner == ask.worker}
        for chunk in held.values():
            chunk.expires = now + ask.lease
        is_current = ask.epoch == self.storage.epoch
        if not is_current:
            held = {}
        refused = frozenset({append.chunk for append in ask.appends} | set(ask.ended)) - held.keys()
        _store(stored, ask, held)
        claims: list[Claim] = []
        if ask.lease == 0:
            _remove(stored, ask.worker)
        elif is_current and not worker.is_paused:
            claims = _claims(stored, ask, now)
        chunks_open = sum(chunk.is_open for chunk in stored.chunks)
        if not chunks_open and stored.run.finished is None:
            stored.run = attrs.evolve(stored.run, finished=now)
        return JournalReply(
            refused=refused,
            claims=tuple(claims),
            chunks_open=chunks_open,
            workers=sum(other.expires > now for other in stored.workers.values()),
            paused=worker.is_paused,
            counts=dict(stored.counts),
            time=now,
            epoch=self.storage.epoch,
        )

    async def read(self, after: str | None = None, /) -> AsyncIterator[Segment]:
        for segment in list(self._stored().log):
            if after is None or segment.position > after:
                yield segment

    async def runs(self) -> tuple[RunSummary, ...]:
        now = self.storage.now()
        return tuple(
            RunSummary(
                name=name,
                id=stored.run.id,
                organization_id=stored.run.organization_id,
                endpoints=stored.run.endpoints,
                counts={state: count for state, count in stored.counts.items() if count and state not in GAUGES},
                workers=sum(worker.expires > now for worker in stored.workers.values()),
                created=stored.run.created,
                finished=stored.run.finished,
                paused=stored.is_paused,
            )
            for name, stored in sorted(self.storage.runs.items())
        )

    async def pause(self) -> None:
        stored = self._stored()
        stored.is_paused = stored.is_paused or stored.run.finished is None
        for worker in stored.workers.values():
            worker.is_paused = True

    async def drop(self) -> None:
        del self.storage.runs[self.run]

    async def aclose(self) -> None:
        pass

    def _stored(self) -> _StoredRun:
        return self.storage.runs[self.run]


def _join(stored: _StoredRun, ask: JournalAsk, now: float) -> _Worker:
    if ask.worker not in stored.workers:
        stored.workers[ask.worker] = _Worker(now)
        stored.is_paused = False
    worker = stored.workers[ask.worker]
    worker.expires = now + ask.lease
    return worker


def _store(stored: _StoredRun, ask: JournalAsk, held: dict[int, _Chunk]) -> None:
    for append in ask.appends:
        if append.chunk in held:
            stored.log.append(Segment(f"{len(stored.log) + 1:012}", append.chunk, append.batch))
            stored.counts.update(append.counts)
    for number in ask.ended:
        if number in held:
            held[number].is_open, held[number].owner = False, None


def _remove(stored: _StoredRun, worker: str) -> None:
    stored.workers.pop(worker, None)
    for chunk in stored.chunks:
        if chunk.owner == worker:
            chunk.owner = None


def _claims(stored: _StoredRun, ask: JournalAsk, now: float) -> list[Claim]:
    claims: list[Claim] = []
    wanted = ask.wanted
    for number, chunk in enumerate(stored.chunks):
        if wanted <= 0:
            break
        is_free = chunk.owner is None or (chunk.owner != ask.worker and chunk.expires <= now)
        if chunk.is_open and is_free:
            claims.append(Claim(number, chunk.endpoint_ids, chunk.position))
            chunk.owner, chunk.expires = ask.worker, now + ask.lease
            if chunk.position is None:
                chunk.position = f"{len(stored.log):012}"
            wanted -= len(chunk.endpoint_ids)
    return claims
