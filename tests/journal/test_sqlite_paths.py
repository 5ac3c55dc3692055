"""Paths of journal files, and files that change under a worker."""

from __future__ import annotations

import contextlib
import math
import os
import resource
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.journal_worker import new_run
from tripwire_async.errors import JournalError
from tripwire_async.journal import SqliteJournal
from tripwire_async.journal.protocol import Append, JournalAsk, JournalReply
from tripwire_async.journal.records import HANDED, encode_batch

if TYPE_CHECKING:
    from collections.abc import Generator


async def exchange(journal: SqliteJournal, worker: str, number: int = 1) -> JournalReply:
    """Let a worker renew, and claim a chunk."""
    return await journal.exchange(JournalAsk(worker=worker, number=number, lease=math.inf, wanted=50))


async def assert_two_workers(first: SqliteJournal, second: SqliteJournal) -> None:
    """Check that two workers know of each other, and that neither takes the chunk of the other."""
    await first.begin(new_run(100))
    claims = [(await exchange(journal, worker)).claims for journal, worker in ((first, "a"), (second, "b"))]
    assert [[0], [1]] == [[claim.chunk for claim in each] for each in claims]
    replies = [await exchange(first, "a", 2), await exchange(second, "b", 2)]
    assert [(2, ()), (2, ())] == [(reply.workers, reply.claims) for reply in replies]


async def test_workers_that_open_the_file_through_a_link_know_of_each_other(tmp_path: Path) -> None:
    """The locks of the workers are beside the file, not beside the link."""
    link = tmp_path / "links" / "run.db"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "run.db")
    async with SqliteJournal(link) as first, SqliteJournal(tmp_path / "run.db") as second:
        await assert_two_workers(first, second)


async def test_a_change_of_directory_does_not_change_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path is that of the time when the journal was made."""
    monkeypatch.chdir(tmp_path)
    async with SqliteJournal("run.db") as first, SqliteJournal(tmp_path / "run.db") as second:
        (tmp_path / "other").mkdir()
        monkeypatch.chdir(tmp_path / "other")
        await assert_two_workers(first, second)
    assert ["other", "run.db"] == sorted(os.listdir(tmp_path))


@pytest.mark.parametrize("name", [":memory:", "file:run.db?mode=memory", "a%20b?c#d.db", "caf\udce9\n'.db"])
async def test_every_name_is_that_of_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite gives some names another meaning."""
    monkeypatch.chdir(tmp_path)
    async with SqliteJournal(name) as journal:
        run = await journal.begin(new_run(100))
    async with SqliteJournal(tmp_path / name) as journal:
        assert run == await journal.begin(None)


async def test_a_worker_whose_lock_file_was_deleted_joins_again(tmp_path: Path) -> None:
    """The other workers take it for dead. It notices that its chunk is lost, and keeps no second file open."""
    async with SqliteJournal(tmp_path / "run.db") as first, SqliteJournal(tmp_path / "run.db") as second:
        await first.begin(new_run(100))
        await exchange(first, "a")
        shutil.rmtree(tmp_path / "run.db-workers")
        assert 1 == (await exchange(second, "b")).workers
        before = open_files()
        append = Append(0, encode_batch([(0, HANDED)]))
        reply = await first.exchange(JournalAsk(worker="a", number=2, lease=math.inf, appends=(append,)))
        assert ({0}, 2) == (reply.refused, reply.workers)
        assert open_files() == before


def open_files() -> int:
    """Return the number of open file descriptors of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_file_that_may_not_grow_is_an_error_that_names_the_quota(tmp_path: Path) -> None:
    """SQLite reports a quota and a limit on the size of files as an input/output error."""
    async with SqliteJournal(tmp_path / "run.db") as journal:
        await journal.begin(new_run(100))
        await exchange(journal, "a")
        large = Append(0, encode_batch([(0, HANDED)] * 50_000))
        with limited_files(100_000), pytest.raises(JournalError, match=r"check the disk and its quota"):
            await journal.exchange(JournalAsk(worker="a", number=2, lease=math.inf, appends=(large,)))
        assert [] == [segment async for segment in journal.read()]


@contextlib.contextmanager
def limited_files(size: int) -> Generator[None]:
    """Limit the size of the files that this process writes, in bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
