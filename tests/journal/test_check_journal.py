"""The contract test on every journal of the library, and on journals that break one rule each."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import attrs
import pytest

from tests.support import broken_journals
from tests.support.memory_journal import MemoryJournal, MemoryStorage
from tests.support.redis_server import RedisServer
from tripwire_async.journal import RedisJournal, SqliteJournal
from tripwire_async.testing import check_journal

if TYPE_CHECKING:
    from pathlib import Path

    from tripwire_async.journal import JournalAsk, JournalReply, NewRun, Run


@pytest.mark.virtual_time
async def test_the_model_follows_the_protocol() -> None:
    """So the model and the contract agree."""
    storage = MemoryStorage()
    await check_journal(lambda run: MemoryJournal(storage, run))
    assert {} == storage.runs


async def test_a_journal_in_redis_follows_the_protocol() -> None:
    """With a real server, and a connection for each journal."""
    with RedisServer() as server:
        await check_journal(lambda run: RedisJournal(server.url, run=run))


async def test_a_journal_in_sqlite_follows_the_protocol(tmp_path: Path) -> None:
    """All runs in one file."""
    await check_journal(lambda run: SqliteJournal(tmp_path / "run.db", run=run))


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (broken_journals.CreatesWhatIsMissing, "raises a JournalError"),
        (broken_journals.HidesThatARunIsMissing, "is_missing is False"),
        (broken_journals.LosesTheUrl, "values of the run as they were at its first start"),
        (broken_journals.MovesTheBaseline, "baseline is 1764000001.1"),
        (broken_journals.BeginsInThePast, "time is"),
        (broken_journals.Overwrites, "returns it unchanged"),
        (broken_journals.CreatesTwice, "all get the same run"),
        (broken_journals.IgnoresTheName, "share nothing"),
        (broken_journals.NeverFinishes, "without endpoints is finished"),
        (broken_journals.ForgetsTheEnd, "finished is None after the last end"),
        (broken_journals.ClaimsFromTheEnd, r"\[2, 1, 0\] and not \[0, 1, 2\]"),
        (broken_journals.ClaimsOneTooMany, "chunks for wanted"),
        (broken_journals.ClaimsTwice, "leased to one worker at a time"),
        (broken_journals.ClaimsItsOwn, "that it holds a second time"),
        (broken_journals.ReopensChunks, "chunk that has ended is not leased again"),
        (broken_journals.DropsARecord, "stores all of them"),
        (broken_journals.KeepsOneRecordOfAChunk, "2 records and not 4"),
        (broken_journals.CutsRecords, "byte for byte"),
        (broken_journals.ReadsBackwards, "in the order of the appends"),
        (broken_journals.ReadsFromTheBeginning, "yields what follows it"),
        (broken_journals.ForgetsPositions, "no position for chunk 0"),
        (broken_journals.ReturnsLatePositions, "0 of 2 records"),
        (broken_journals.IgnoresCounts, "the sums of the appended"),
        (broken_journals.IgnoresTheNumber, "gets the same reply again"),
        (broken_journals.RefusesNothing, "are rejected, and only these"),
        (broken_journals.CountsWhatItRefuses, "counts of rejected records were added"),
        (broken_journals.RefusesAll, r"\[0, 1, 2\] and not \[0, 2\]"),
        (broken_journals.StoresWhatItRefuses, "were stored, not of"),
        (broken_journals.KeepsWhatWasGivenBack, r"the chunks \[\] and not \[1\]"),
        (broken_journals.CountsNoOtherWorkers, "number of workers alive"),
        (broken_journals.TurnsTheClockBack, "Time advances"),
        (broken_journals.IsPaused, "paused is True"),
        (broken_journals.ChangesTheEpoch, "the epochs"),
        (broken_journals.NeverFreesChunks, "no chunk within 10 s"),
        (broken_journals.CountsTheDead, "the dead worker is counted"),
        (broken_journals.GivesBackWhatWasLost, "cannot append to it"),
        (broken_journals.DoesNotRenew, "keeps its chunks, for longer than its lease"),
        (broken_journals.RefusesALateWorker, "its record was rejected"),
        (broken_journals.HasTwoReaders, "two workers read at once"),
        (broken_journals.KeepsPagesToItself, "a published page was not returned"),
        (broken_journals.ReturnsOldPages, "too old"),
        (broken_journals.IsAlone, "others is 0"),
        (broken_journals.HasOneScope, "lease of another scope"),
        (broken_journals.KeepsTheLease, "was not given back"),
        (broken_journals.GivesEachWorkerTheWindow, "150 of 200 are held"),
        (broken_journals.GivesNoPart, "is 0 and not 150"),
        (broken_journals.HidesTheOthers, "another worker has a part, and others is 0"),
        (broken_journals.ForgetsTheOldest, "oldest is 0.0"),
        (broken_journals.HasOneWindow, "window of another scope"),
        (broken_journals.KeepsPartsForever, "a worker that has ended keeps its part"),
    ],
)
async def test_a_broken_journal_fails_the_check_with_the_broken_rule(broken: type[MemoryJournal], message: str) -> None:
    """The message states the rule and the difference."""
    storage = MemoryStorage()
    with pytest.raises(AssertionError, match=message):
        await check_journal(lambda run: broken(storage, run))


class Minimal:
    """The protocol alone: without methods for closing and dropping, and without the optional fields of a run."""

    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal
        self.exchange = journal.exchange
        self.read = journal.read

    async def begin(self, new: NewRun | None, /) -> Run:
        return attrs.evolve(await self._journal.begin(new), baseline=None, time=math.inf)


@pytest.mark.virtual_time
async def test_a_journal_needs_no_more_than_the_protocol() -> None:
    """Closing and dropping it is optional, and so are times that make recovery cheaper."""
    storage = MemoryStorage()
    await check_journal(lambda run: Minimal(MemoryJournal(storage, run)))
    assert storage.runs


class Failing(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        raise OSError("the database is gone")


class Slow(MemoryJournal):
    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        reply = await super().exchange(ask)
        await asyncio.sleep(0.3)
        return reply


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    ("journal", "message", "rule"),
    [(Failing, "is gone", "whatever its argument"), (Slow, "0.25 s or more", "keeps asking")],
)
async def test_an_error_of_the_journal_is_passed_on(journal: type[MemoryJournal], message: str, rule: str) -> None:
    """With a note that names the rule."""
    storage = MemoryStorage()
    with pytest.raises(OSError, match=message) as caught:
        await check_journal(lambda run: journal(storage, run))
    assert any(rule in note for note in caught.value.__notes__)
