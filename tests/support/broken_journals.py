"""Journals in memory that break one rule of the protocol each."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import attrs

from tests.support.memory_journal import MemoryJournal
from tests.support.memory_pages import Pages, Window
from tests.support.virtual_time import now
from tripwire_async.errors import JournalError
from tripwire_async.journal.protocol import JournalReply, Segment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tripwire_async.journal.protocol import JournalAsk, NewRun, Run
    from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, PageReply, WindowAsk, WindowReply

_COUNTER = itertools.count()


class CreatesWhatIsMissing(MemoryJournal):
    async def begin(self, new: NewRun | None, /) -> Run:
        from tripwire_async.testing._journal_rules.bench import new_run

        return await super().begin(new or new_run())


class HidesThatARunIsMissing(MemoryJournal):
    async def begin(self, new: NewRun | None, /) -> Run:
        try:
            return await super().begin(new)
        except JournalError as error:
            raise JournalError(str(error)) from None


class LosesTheUrl(MemoryJournal):
    async def begin(self, new: NewRun | None, /) -> Run:
        return attrs.evolve(await super().begin(new), base_url="")


class MovesTheBaseline(MemoryJournal):
    async def begin(self, new: NewRun | None, /) -> Run:
        run = await super().begin(new)
        return attrs.evolve(run, baseline=(run.baseline or 0.0) + 1.0)


class BeginsInThePast(MemoryJournal):
    async def begin(self, new: NewRun | None, /) -> Run:
        run = await super().begin(new)
        return attrs.evolve(run, time=run.created - 1.0)


class Overwrites(MemoryJournal):
    async def begin(self, new: NewRun | None, /) -> Run:
        if new is not None:
            self.storage.runs.pop(self.run, None)
        return await super().begin(new)


class CreatesTwice(MemoryJournal):
    async def begin(self, new: NewRun | None, /) -> Run:
        exists = self.run in self.storage.runs
        await asyncio.sleep(0.1)
        if new is not None and not exists:
            self.storage.runs.pop(self.run, None)
        return await super().begin(new)


class IgnoresTheName(MemoryJournal):
    async def begin(self, new: NewRun | None, /) -> Run:
        name, self.run = self.run, self.run.rpartition("-")[0]
        return attrs.evolve(await super().begin(new), name=name)


class NeverFinishes(MemoryJournal):
    async def begin(self, new: NewRun | None, /) -> Run:
        return attrs.evolve(await super().begin(new), finished=None)


class ForgetsTheEnd(MemoryJournal):
    async def begin(self, new: NewRun | None, /) -> Run:
        run = await super().begin(new)
        return attrs.evolve(run, finished=run.finished if run.endpoints == 0 else None)


class ClaimsFromTheEnd(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        reply = await super().exchange(ask)
        return attrs.evolve(reply, claims=reply.claims[::-1])


class ClaimsOneTooMany(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        return await super().exchange(attrs.evolve(ask, wanted=ask.wanted + 1))


class ClaimsTwice(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        for chunk in self._stored().chunks:
            if chunk.owner != ask.worker:
                chunk.owner = None
        return await super().exchange(ask)


class ClaimsItsOwn(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        if not ask.appends and not ask.ended and self._stored().replies.get(ask.worker, (0,))[0] != ask.number:
            for chunk in self._stored().chunks:
                chunk.owner = None if chunk.owner == ask.worker else chunk.owner
        return await super().exchange(ask)


class ReopensChunks(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        reply = await super().exchange(ask)
        for chunk in ask.ended:
            self._stored().chunks[chunk].is_open = True
        return reply


class DropsARecord(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        return await super().exchange(attrs.evolve(ask, appends=ask.appends[:2]))


class KeepsOneRecordOfAChunk(MemoryJournal):
    async def read(self, after: str | None = None, /) -> AsyncIterator[Segment]:
        latest = {segment.chunk: segment for segment in self._stored().log}
        for segment in latest.values():
            if after is None or segment.position > after:
                yield segment


class CutsRecords(MemoryJournal):
    async def read(self, after: str | None = None, /) -> AsyncIterator[Segment]:
        async for segment in super().read(after):
            yield attrs.evolve(segment, batch=segment.batch[:65_535])


class ReadsBackwards(MemoryJournal):
    async def read(self, after: str | None = None, /) -> AsyncIterator[Segment]:
        for segment in [segment async for segment in super().read(after)][::-1]:
            yield segment


class ReadsFromTheBeginning(MemoryJournal):
    async def read(self, after: str | None = None, /) -> AsyncIterator[Segment]:
        async for segment in super().read():
            yield segment


class ForgetsPositions(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        reply = await super().exchange(ask)
        return attrs.evolve(reply, claims=tuple(attrs.evolve(claim, position=None) for claim in reply.claims))


class ReturnsLatePositions(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        reply = await super().exchange(ask)
        position = f"{len(self._stored().log):012}"
        claims = (attrs.evolve(claim, position=claim.position and position) for claim in reply.claims)
        return attrs.evolve(reply, claims=tuple(claims))


class IgnoresCounts(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        appends = tuple(attrs.evolve(append, counts={}) for append in ask.appends)
        return await super().exchange(attrs.evolve(ask, appends=appends))


class IgnoresTheNumber(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        reply = await super().exchange(ask)
        del self._stored().replies[ask.worker]
        return reply


class RefusesNothing(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        reply = await super().exchange(ask)
        return attrs.evolve(reply, refused=frozenset())


class StoresWhatItRefuses(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        reply = await super().exchange(ask)
        log = self._stored().log
        for append in ask.appends:
            if append.chunk in reply.refused:
                log.append(Segment(f"{len(log) + 1:012}", append.chunk, append.batch))
        return reply


class CountsWhatItRefuses(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        reply = await super().exchange(ask)
        for append in ask.appends:
            if append.chunk in reply.refused:
                self._stored().counts.update(append.counts)
        return attrs.evolve(reply, counts=dict(self._stored().counts))


class RefusesAll(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        held = {number for number, chunk in enumerate(self._stored().chunks) if chunk.owner == ask.worker}
        named = {append.chunk for append in ask.appends}
        if named <= held:
            return await super().exchange(ask)
        return attrs.evolve(await super().exchange(attrs.evolve(ask, appends=())), refused=frozenset(named))


class KeepsWhatWasGivenBack(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        chunks = self._stored().chunks
        held = [chunk for chunk in chunks if chunk.owner == ask.worker]
        reply = await super().exchange(ask)
        if ask.lease == 0:
            for chunk in held:
                chunk.owner = ask.worker if chunk.is_open else None
                chunk.expires = now() + 60
        return reply


class CountsNoOtherWorkers(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        reply = await super().exchange(ask)
        return attrs.evolve(reply, workers=min(reply.workers, 1))


class TurnsTheClockBack(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        reply = await super().exchange(ask)
        return attrs.evolve(reply, time=1000.0 - ask.number)


class IsPaused(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        return attrs.evolve(await super().exchange(ask), paused=True)


class ChangesTheEpoch(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        return attrs.evolve(await super().exchange(ask), epoch=f"{ask.worker}.{ask.number}")


class NeverFreesChunks(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        return await super().exchange(attrs.evolve(ask, lease=ask.lease and 1e9))


class CountsTheDead(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        reply = await super().exchange(ask)
        return attrs.evolve(reply, workers=len(self._stored().replies) - (ask.lease == 0))


class GivesBackWhatWasLost(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        stored = self._stored()
        for append in ask.appends:
            if ask.worker in stored.workers and stored.workers[ask.worker].expires <= now():
                stored.chunks[append.chunk].owner = ask.worker
        return await super().exchange(ask)


class DoesNotRenew(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        held = [(chunk, chunk.expires) for chunk in self._stored().chunks if chunk.owner == ask.worker]
        reply = await super().exchange(ask)
        for chunk, expires in held:
            chunk.expires = expires
        return reply


class RefusesALateWorker(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        for chunk in self._stored().chunks:
            if chunk.expires <= now():
                chunk.owner = None
        return await super().exchange(ask)


@attrs.define
class SharesPages(MemoryJournal):
    """Model of the optional part: the pages are those of the run, by scope."""

    async def exchange_page(self, ask: PageAsk, /) -> PageReply:
        pages = _PAGES.setdefault((self.run, ask.scope), Pages())
        return self.changed(pages, ask, pages.exchange(ask, now()))

    def changed(self, pages: Pages, ask: PageAsk, reply: PageReply) -> PageReply:
        return reply


_PAGES: dict[tuple[str, str], Pages] = {}


class HasTwoReaders(SharesPages):
    def changed(self, pages: Pages, ask: PageAsk, reply: PageReply) -> PageReply:
        return attrs.evolve(reply, is_reader=ask.is_due)


class KeepsPagesToItself(SharesPages):
    def changed(self, pages: Pages, ask: PageAsk, reply: PageReply) -> PageReply:
        return attrs.evolve(reply, page=None)


class ReturnsOldPages(SharesPages):
    def changed(self, pages: Pages, ask: PageAsk, reply: PageReply) -> PageReply:
        return attrs.evolve(reply, page=pages.page)


class IsAlone(SharesPages):
    def changed(self, pages: Pages, ask: PageAsk, reply: PageReply) -> PageReply:
        return attrs.evolve(reply, others=0)


class HasOneScope(SharesPages):
    async def exchange_page(self, ask: PageAsk, /) -> PageReply:
        return await super().exchange_page(attrs.evolve(ask, scope=""))


class KeepsTheLease(SharesPages):
    async def exchange_page(self, ask: PageAsk, /) -> PageReply:
        return await super().exchange_page(attrs.evolve(ask, is_reading=True))


@attrs.define
class SharesTheWindow(MemoryJournal):
    """Model of the other optional part: the window is that of the run, by scope."""

    async def exchange_window(self, ask: WindowAsk, /) -> WindowReply:
        return _WINDOWS.setdefault((self.run, ask.scope), Window()).exchange(ask, now())


_WINDOWS: dict[tuple[str, str], Window] = {}


class GivesEachWorkerTheWindow(SharesTheWindow):
    async def exchange_window(self, ask: WindowAsk, /) -> WindowReply:
        return attrs.evolve(await super().exchange_window(ask), part=ask.wanted)


class GivesNoPart(SharesTheWindow):
    async def exchange_window(self, ask: WindowAsk, /) -> WindowReply:
        return attrs.evolve(await super().exchange_window(ask), part=0)


class HidesTheOthers(SharesTheWindow):
    async def exchange_window(self, ask: WindowAsk, /) -> WindowReply:
        return attrs.evolve(await super().exchange_window(ask), others=0)


class ForgetsTheOldest(SharesTheWindow):
    async def exchange_window(self, ask: WindowAsk, /) -> WindowReply:
        return attrs.evolve(await super().exchange_window(ask), oldest=0.0)


class HasOneWindow(SharesTheWindow):
    async def exchange_window(self, ask: WindowAsk, /) -> WindowReply:
        return await super().exchange_window(attrs.evolve(ask, scope=""))


class KeepsPartsForever(SharesTheWindow):
    async def exchange_window(self, ask: WindowAsk, /) -> WindowReply:
        return await super().exchange_window(attrs.evolve(ask, wanted=ask.wanted or 150))
