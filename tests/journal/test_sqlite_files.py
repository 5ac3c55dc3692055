"""Files that are not a journal, or cannot be used as one: an error before any request, and no byte changed."""

from __future__ import annotations

import asyncio
import errno
import math
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pytest

from tests.support.delivery_service import ORGANIZATION, Service, webhooks
from tests.support.journal_runs import ids_of
from tests.support.journal_worker import new_run
from tripwire_async.errors import JournalError
from tripwire_async.journal import Append, JournalAsk, SqliteJournal
from tripwire_async.journal.records import HANDED, encode_batch

if TYPE_CHECKING:
    from collections.abc import Callable

APPLICATION = int.from_bytes(b"TrpJ")


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder with their bytes."""
    return {each.name: each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def journal_file(path: Path, count: int = 2000) -> Path:
    """Create a journal with one run, and close it."""

    async def create() -> None:
        async with SqliteJournal(path) as journal:
            await journal.begin(new_run(count))

    asyncio.run(create())
    return path


def garbage(path: Path) -> None:
    path.write_bytes(b"not a database " * 1000)


def short(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0")


def empty(path: Path) -> None:
    path.touch()


def torn(path: Path) -> None:
    whole = journal_file(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def overwritten(path: Path) -> None:
    whole = journal_file(path).read_bytes()
    path.write_bytes(whole[:8192] + b"\xaa" * 16384 + whole[24576:])


def other_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE runs (x)")
        database.commit()


def newer(path: Path) -> None:
    with closing(sqlite3.connect(journal_file(path))) as database:
        database.execute("PRAGMA user_version = 2")


def older(path: Path) -> None:
    with closing(sqlite3.connect(journal_file(path))) as database:
        database.execute("PRAGMA user_version = 0")


def without_a_table(path: Path) -> None:
    with closing(sqlite3.connect(journal_file(path))) as database:
        database.execute("DROP TABLE runs")


BAD_FILES = [
    (garbage, "is not a journal of this library: choose another file"),
    (short, "is not a journal of this library"),
    (empty, "is empty: choose another file"),
    (torn, r"is damaged: it has \d+ of \d+ bytes"),
    (overwritten, "is damaged"),
    (other_program, "is a database of another program: choose another file"),
    (newer, "has format 2, and this version of tripwire-async reads formats up to 1: upgrade"),
    (older, "is damaged: it has no format"),
    (without_a_table, "cannot be used as a journal: no such table"),
]


@pytest.mark.parametrize(("make", "message"), BAD_FILES, ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize("starts", [False, True])
async def test_a_bad_file_is_an_error_before_any_request(
    tmp_path: Path, make: Callable[[Path], None], message: str, *, starts: bool
) -> None:
    """Starting and resuming; the file stays as it is, and nothing is made beside it."""
    path = tmp_path / "run.db"
    await asyncio.to_thread(make, path)
    before, service = contents(tmp_path), Service()
    async with SqliteJournal(path) as journal:
        client = webhooks(service)
        with pytest.raises(JournalError, match=message) as caught:
            await (
                client.send_tests(ORGANIZATION, ids_of(5), journal=journal) if starts else client.resume_tests(journal)
            )
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    assert (before, []) == (contents(tmp_path), service.requests)


async def test_a_file_that_was_made_before_runs_had_a_baseline_is_used(tmp_path: Path) -> None:
    """Its runs are continued without one, and a new run in it has one."""
    path = await asyncio.to_thread(journal_file, tmp_path / "run.db")
    with closing(sqlite3.connect(path)) as database:
        database.execute("ALTER TABLE runs DROP COLUMN baseline")
    async with SqliteJournal(path) as journal, SqliteJournal(path, run="new") as other:
        assert (await journal.begin(None)).baseline is None
        assert 12.5 == (await other.begin(attrs.evolve(new_run(), baseline=12.5))).baseline
        assert (await journal.begin(None)).baseline is None
        assert ["default", "new"] == [run.name for run in await journal.runs()]


async def test_a_newer_format_in_the_log_beside_the_file_is_found(tmp_path: Path) -> None:
    """The first page of the file itself is older; this happens after a crash of the newer version."""
    path = await asyncio.to_thread(journal_file, tmp_path / "run.db")
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 2")
        for name in ("run.db", "run.db-wal"):
            shutil.copy(tmp_path / name, tmp_path / f"copy{name.removeprefix('run')}")
    async with SqliteJournal(tmp_path / "copy.db") as journal:
        with pytest.raises(JournalError, match="has format 2"):
            await journal.begin(None)


async def test_a_file_that_its_log_completes_is_used(tmp_path: Path) -> None:
    """After a power loss during a checkpoint, the log has the pages that the file lacks."""
    path = await asyncio.to_thread(journal_file, tmp_path / "run.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute("UPDATE chunks SET owner = NULL")
        database.execute("VACUUM")
        for name in ("run.db", "run.db-wal"):
            shutil.copy(tmp_path / name, tmp_path / f"copy{name.removeprefix('run')}")
    copy = tmp_path / "copy.db"
    os.truncate(copy, copy.stat().st_size // 2)
    async with SqliteJournal(copy) as journal:
        assert 2000 == (await journal.begin(None)).endpoints


async def test_a_missing_run_is_named_with_those_that_exist(tmp_path: Path) -> None:
    """A typing error in the name."""
    path = await asyncio.to_thread(journal_file, tmp_path / "run.db")
    async with SqliteJournal(path, run="nightly") as journal:
        for step in (journal.pause, journal.drop):
            with pytest.raises(JournalError, match="has no run 'nightly': it has 'default'") as caught:
                await step()
            assert caught.value.is_missing
        with pytest.raises(JournalError, match="has no run 'nightly'"):
            _ = [outcome async for outcome in journal.outcomes()]
    async with SqliteJournal(path) as journal:
        await journal.drop()
        with pytest.raises(JournalError, match="has no run 'default': it has no run"):
            await journal.begin(None)
        assert () == await journal.runs()


async def test_a_file_that_does_not_exist_is_not_made_by_a_look(tmp_path: Path) -> None:
    """Only the start of a run creates it."""
    async with SqliteJournal(tmp_path / "run.db") as journal:
        for step in (journal.runs, journal.pause, journal.drop):
            with pytest.raises(JournalError, match="does not exist"):
                await step()
    assert {} == contents(tmp_path)


async def test_a_folder_that_does_not_exist_or_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    """Also a folder in place of the file."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "none" / "run.db", tmp_path / "file" / "run.db", tmp_path):
        async with SqliteJournal(path) as journal:
            with pytest.raises(JournalError, match=r"cannot be (opened|used)"):
                await journal.begin(new_run())


async def test_a_lock_of_another_process_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is an error after the time for which a step waits; nothing is sent."""
    monkeypatch.setattr("tripwire_async.journal._sqlite_file.BUSY_SECONDS", 0.1)
    path = await asyncio.to_thread(journal_file, tmp_path / "run.db")
    async with SqliteJournal(path) as journal:
        await journal.begin(None)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(JournalError, match="is locked by another process for too long"):
                await journal.exchange(JournalAsk(worker="a", number=1, lease=math.inf, wanted=5))
            other.execute("ROLLBACK")
        reply = await journal.exchange(JournalAsk(worker="a", number=1, lease=math.inf, wanted=5))
        assert 1 == len(reply.claims)


async def test_a_full_disk_is_an_error_and_changes_nothing(tmp_path: Path) -> None:
    """The step that did not fit can be made again once there is space."""
    path = await asyncio.to_thread(journal_file, tmp_path / "run.db")
    async with SqliteJournal(path) as journal:
        await journal.begin(None)
        await journal.exchange(JournalAsk(worker="a", number=1, lease=math.inf, wanted=5))
        limit_pages(journal, 1)
        large = Append(0, encode_batch([(0, HANDED)] * 50_000))
        with pytest.raises(JournalError, match="because the disk is full"):
            await journal.exchange(JournalAsk(worker="a", number=2, lease=math.inf, appends=(large,)))
        limit_pages(journal, 1_000_000)
        assert [] == [segment async for segment in journal.read()]
        await journal.exchange(JournalAsk(worker="a", number=2, lease=math.inf, appends=(large,)))
        assert [0] == [segment.chunk async for segment in journal.read()]


def limit_pages(journal: SqliteJournal, count: int) -> None:
    """Let the file of a journal grow to a number of pages at most, like a full disk."""
    store = journal._store  # noqa: SLF001 - a disk of the test machine cannot be filled
    assert store is not None
    database = store._open()  # noqa: SLF001 - a disk of the test machine cannot be filled
    database.execute(f"PRAGMA max_page_count = {count}")


async def test_an_error_of_the_operating_system_is_a_journal_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk while the locks are made, and a file system without links."""
    for number, message in ((errno.ENOSPC, "because the disk is full"), (errno.EPERM, "Operation not permitted")):

        def fail(*_: object, number: int = number) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "link", fail)
        async with SqliteJournal(tmp_path / "run.db") as journal:
            with pytest.raises(JournalError, match=message):
                await journal.begin(new_run())
        assert {} == contents(tmp_path)


async def test_a_file_system_without_shared_memory_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite then reports another journal mode. It reports the same for a database in memory."""
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **options: connect(":memory:", **options))
    async with SqliteJournal(tmp_path / "run.db") as journal:
        with pytest.raises(JournalError, match="choose a local disk"):
            await journal.begin(new_run())
    assert {} == contents(tmp_path)


async def test_a_file_that_may_not_be_written_is_an_error(tmp_path: Path) -> None:
    """In a process of another user, since root may write everything."""
    path = await asyncio.to_thread(journal_file, tmp_path / "run.db")
    for each in (*tmp_path.parents, tmp_path):
        if each.name.startswith(("pytest", "test_")):
            each.chmod(0o755)
    path.chmod(0o444)
    program = (
        "import asyncio, os, sys\n"
        "from tripwire_async.errors import JournalError\n"
        "from tripwire_async.journal import JournalAsk, SqliteJournal\n"
        "from tripwire_async.journal import _sqlite_store\n"
        "if os.getuid() == 0: os.setuid(65534)  # only now, as it may not read the modules\n"
        "async def main():\n"
        "    async with SqliteJournal(sys.argv[1]) as journal:\n"
        "        await journal.exchange(JournalAsk(worker='a', number=1, lease=1e9, wanted=5))\n"
        "try: asyncio.run(main())\n"
        "except JournalError as error: print(error)\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(path), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    output, _ = await process.communicate()
    assert "cannot be" in output.decode()
    assert "permissions" in output.decode()
    assert {"run.db"} == set(contents(tmp_path))


async def test_a_journal_is_not_used_after_a_fork(tmp_path: Path) -> None:
    """A connection to SQLite must not cross a fork, and the child must not keep the locks of its parent alive."""
    async with SqliteJournal(tmp_path / "run.db") as journal:
        await journal.begin(new_run())
        await journal.exchange(JournalAsk(worker="a", number=1, lease=math.inf, wanted=5))
        store = journal._store  # noqa: SLF001 - what the child of a fork has of it
        assert store is not None
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                store.runs()
            except JournalError as error:
                os.write(write, str(error).encode())
            os._exit(0)
        await asyncio.to_thread(os.waitpid, child, 0)
        assert b"was made before a fork: make a new SqliteJournal" in os.read(read, 1000)
        os.close(read)
        os.close(write)
        async with SqliteJournal(tmp_path / "run.db") as other:
            assert 1 == (await other.runs())[0].workers


@pytest.mark.parametrize("name", ["", 5])
def test_the_name_of_a_run_is_checked(name: object) -> None:
    """Already when the journal is created, which opens no file."""
    with pytest.raises(ValueError, match="run must be the name of a run"):
        SqliteJournal("run.db", run=name)  # type: ignore[arg-type] - the point of the test


async def test_closing_twice_is_fine(tmp_path: Path) -> None:
    """And a closed journal is open again when it is entered."""
    journal = SqliteJournal(tmp_path / "run.db", run="nightly")
    await journal.begin(new_run())
    await journal.aclose()
    await journal.aclose()
    async with journal:
        assert 120 == (await journal.begin(None)).endpoints
    assert f"<SqliteJournal {str(tmp_path / 'run.db')!r} run='nightly'>" == repr(journal)


async def test_a_journal_that_is_closed_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    """A read in another thread would crash the process while the file is being closed, and open the file again."""
    segments = tuple(Append(0, encode_batch([(number % 50, HANDED)]), {}) for number in range(600))
    for again in (False, True):
        async with SqliteJournal(tmp_path / f"{again}.db") as journal:
            await journal.begin(new_run(100))
            ask = JournalAsk(worker="w", number=1, appends=(), ended=(), wanted=100, lease=math.inf)
            await journal.exchange(ask)
            await journal.exchange(attrs.evolve(ask, number=2, appends=segments, wanted=0))
            reading = journal.read()
            await anext(reading)
            await journal.aclose()
            if again:
                await journal.__aenter__()
                await journal.runs()
            with pytest.raises(JournalError, match="was closed while it was read"):
                _ = [segment async for segment in reading]


async def test_a_file_made_by_another_process_at_the_same_time_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the check for a file and the link."""
    link = os.link

    def link_second(source: Path, target: Path) -> None:
        link(source, target)
        link(source, target)

    monkeypatch.setattr(os, "link", link_second)
    async with SqliteJournal(tmp_path / "run.db") as journal:
        assert 120 == (await journal.begin(new_run())).endpoints
    assert {"run.db"} == set(contents(tmp_path))
