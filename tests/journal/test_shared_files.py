"""Files through which the workers of a journal in SQLite share pages and the window of sends."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.journal_worker import JournalWorker, new_run
from tests.support.machine_settings import machine_settings
from tests.support.pages_machine import PagesMachine
from tripwire_async.journal import SqliteJournal
from tripwire_async.journal._shared_files import SharedFiles
from tripwire_async.journal._worker_locks import try_lock
from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, SharedPage, WindowAsk

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async.middleware.rate_limit.shared_pages import PageReply, WindowReply


class _Processes:
    """Files of each worker, as its process has them."""

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        self._folder = folder
        self._now = now
        self.files: dict[str, SharedFiles] = {}

    async def exchange_page(self, ask: PageAsk, /) -> PageReply:
        return self._of(ask.worker).exchange_page(ask)

    async def exchange_window(self, ask: WindowAsk, /) -> WindowReply:
        return self._of(ask.worker).exchange_window(ask)

    def _of(self, worker: str) -> SharedFiles:
        if worker not in self.files:
            self.files[worker] = SharedFiles(self._folder, "default", self._now)
        return self.files[worker]


class FilesMachine(PagesMachine):
    """A process for each worker, on the time of the machine."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = self.processes = _Processes(Path(self.folder.name) / "workers", lambda: self.now)

    def teardown(self) -> None:
        for files in self.processes.files.values():
            files.close()
        assert [] == list(Path(self.folder.name).iterdir())
        self.folder.cleanup()


FilesMachine.TestCase.settings = machine_settings(25, 40)


@pytest.mark.machine
class TestSharedFiles(FilesMachine.TestCase):
    """Any order of exchanges; afterwards nothing is left of the files."""


def page_ask(worker: str, **values: object) -> PageAsk:
    """Return a request for the first page."""
    return PageAsk(worker=worker, after=0.0, scope="s", **values)  # type: ignore[arg-type] - the callers pass valid values


def names_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder."""
    return sorted(each.name for each in folder.iterdir())


def files_of(path: Path) -> list[Path]:
    """Return the shared files of the journal at *path*."""
    return sorted(path.with_name(f"{path.name}-workers").glob("*.shared"))


# -- the end of a worker ------------------------------------------------------------------------------------------


async def test_a_worker_that_is_killed_while_it_reads_gives_back_the_lease_and_its_part_at_once(tmp_path: Path) -> None:
    """A real process; the others do not wait for the end of the lease."""
    program = (
        "import asyncio, sys\n"
        "from tripwire_async.journal import SqliteJournal\n"
        "from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, WindowAsk\n"
        "async def main():\n"
        "    journal = SqliteJournal(sys.argv[1])\n"
        "    reply = await journal.exchange_page(PageAsk(worker='killed', after=0.0, scope='s'))\n"
        "    window = WindowAsk(worker='sender', width=200, used=0, wanted=200, scope='s')\n"
        "    part = await journal.exchange_window(window)\n"
        "    print(reply.is_reader, part.part, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    path = tmp_path / "run.db"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(path), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert process.stdout is not None
    assert b"True 200\n" == await process.stdout.readline()
    window = WindowAsk(worker="b", width=200, used=0, wanted=200, scope="s")
    async with SqliteJournal(path) as journal:
        assert (False, 1) == facts(await journal.exchange_page(page_ask("a")))
        assert 0 == (await journal.exchange_window(window)).part
        process.kill()
        await process.wait()
        assert (True, 0) == facts(await journal.exchange_page(page_ask("a")))
        assert 200 == (await journal.exchange_window(window)).part
    assert [] == names_in(tmp_path)


def facts(reply: PageReply) -> tuple[bool, int]:
    """Return whether a worker reads, and the number of others."""
    return reply.is_reader, reply.others


async def test_a_worker_that_closes_its_journal_leaves_the_page_to_the_others(tmp_path: Path) -> None:
    """The lease is free, and the page is still there."""
    path = tmp_path / "run.db"
    async with SqliteJournal(path) as staying:
        async with SqliteJournal(path) as leaving:
            first = await leaving.exchange_page(page_ask("a"))
            page = SharedPage(first.time, b"page")
            await leaving.exchange_page(page_ask("a", publish=page))
            assert (await leaving.exchange_page(PageAsk(worker="a", after=page.started, scope="s"))).is_reader
            assert page == (await staying.exchange_page(page_ask("b"))).page
        reply = await staying.exchange_page(PageAsk(worker="b", after=page.started, scope="s"))
        assert (True, 0) == facts(reply)
    assert [] == names_in(tmp_path)


async def test_the_last_worker_removes_the_files_of_those_that_were_killed(tmp_path: Path) -> None:
    """Not while another worker of the journal is alive."""
    path = tmp_path / "run.db"
    async with SqliteJournal(path) as working:
        await working.begin(new_run())
        await JournalWorker(working, "w").ask(wanted=50)
        async with SqliteJournal(path) as journal:
            await journal.exchange_page(page_ask("a"))
        assert 1 == len(files_of(path))
        await working.exchange_window(WindowAsk(worker="b", width=200, used=0, wanted=1))
        assert 2 == len(files_of(path))
    assert ["run.db"] == names_in(tmp_path)


# -- files that cannot be used --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"\0\0\0\0", b"garbage" * 1000, b"\x00\x00\x00\x00\x90", b"If-=\xc0"],
    ids=["empty", "short", "zeros", "garbage", "another checksum", "another type"],
)
async def test_a_damaged_file_counts_as_empty(tmp_path: Path, content: bytes) -> None:
    """And is replaced."""
    path = tmp_path / "run.db"
    async with SqliteJournal(path) as one, SqliteJournal(path) as two:
        await one.exchange_page(page_ask("a"))
        (file,) = files_of(path)
        file.write_bytes(content)
        assert (True, 0) == facts(await two.exchange_page(page_ask("b")))
        assert (False, 1) == facts(await one.exchange_page(page_ask("a")))


@given(content=st.binary(max_size=100), has_checksum=st.booleans())
def test_no_content_of_a_file_is_an_error(content: bytes, has_checksum: bool) -> None:
    """Also with a correct checksum."""
    with tempfile.TemporaryDirectory() as name:
        files = SharedFiles(Path(name) / "workers", "default")
        files.exchange_page(page_ask("a"))
        (file,) = (Path(name) / "workers").glob("*.shared")
        file.write_bytes(zlib.crc32(content).to_bytes(4) + content if has_checksum else content)
        assert files.exchange_page(page_ask("a")).is_reader
        files.close()


async def test_a_file_whose_end_was_not_written_counts_as_empty(tmp_path: Path) -> None:
    """The process was killed in the middle."""
    path = tmp_path / "run.db"
    async with SqliteJournal(path) as journal:
        first = await journal.exchange_page(page_ask("a"))
        await journal.exchange_page(page_ask("a", publish=SharedPage(first.time, b"x" * 10_000)))
        (file,) = files_of(path)
        whole = file.read_bytes()
        file.write_bytes(whole[:4096] + b"y" * (len(whole) - 4096))
        assert (await journal.exchange_page(page_ask("b"))).page is None


async def test_a_file_that_another_process_locks_for_too_long_is_an_error(tmp_path: Path) -> None:
    """A process that was stopped in the middle of an exchange. After it has continued, exchanges succeed."""
    path = tmp_path / "run.db"
    async with SqliteJournal(path) as journal:
        await journal.exchange_page(page_ask("a"))
        (name,) = files_of(path)
        with name.open("rb") as file:
            assert try_lock(file.fileno())
            with pytest.raises(TimeoutError, match="is locked by another process"):
                await journal.exchange_page(page_ask("a"))
        assert (await journal.exchange_page(page_ask("a"))).is_reader


async def test_a_folder_that_cannot_be_made_is_an_error_of_the_operating_system(tmp_path: Path) -> None:
    """A worker then reads for itself. Closing the journal raises nothing."""
    (tmp_path / "run.db-workers").touch()
    async with SqliteJournal(tmp_path / "run.db") as journal:
        for _ in range(2):
            with pytest.raises(OSError, match=r"run\.db-workers"):
                await journal.exchange_page(page_ask("a"))
    assert ["run.db-workers"] == names_in(tmp_path)


async def test_a_worker_may_have_one_id_for_all_exchanges(tmp_path: Path) -> None:
    """Those of records, of pages and of the window."""
    path = tmp_path / "run.db"
    async with SqliteJournal(path) as journal, SqliteJournal(path) as other:
        await journal.begin(new_run())
        assert 1 == len((await JournalWorker(journal, "a").ask(wanted=50)).claims)
        assert (True, 0) == facts(await journal.exchange_page(page_ask("a")))
        assert 9 == (await journal.exchange_window(WindowAsk(worker="a", width=10, used=0, wanted=9))).part
        assert (False, 1) == facts(await other.exchange_page(page_ask("b")))
        assert 1 == (await other.runs())[0].workers


async def test_runs_of_one_file_do_not_share(tmp_path: Path) -> None:
    """Each has its own pages."""
    async with SqliteJournal(tmp_path / "run.db") as one, SqliteJournal(tmp_path / "run.db", run="b") as two:
        assert (True, 0) == facts(await one.exchange_page(page_ask("a")))
        assert (True, 0) == facts(await two.exchange_page(page_ask("b")))
