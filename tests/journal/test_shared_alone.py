"""Exchanges of a worker that is alone on a journal in SQLite: most of them only look at a file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.support.machine_settings import machine_settings
from tests.support.memory_pages import EPOCH
from tripwire_async.journal import SqliteJournal
from tripwire_async.journal._shared_files import SharedFiles
from tripwire_async.journal._shared_state import RENEWAL
from tripwire_async.middleware.rate_limit.shared_pages import PRESENCE, PageAsk, SharedPage, WindowAsk

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async.middleware.rate_limit.shared_pages import PageReply, WindowReply

WORKERS = "abc"
WIDTH = 20


def page_ask(worker: str, **values: object) -> PageAsk:
    """Return a request for a page."""
    return PageAsk(worker=worker, **{"after": 0.0, "is_due": False, **values})  # type: ignore[arg-type] - the callers pass valid values


def window_ask(worker: str, **values: int) -> WindowAsk:
    """Return a request for the whole window."""
    return WindowAsk(worker=worker, **{"width": WIDTH, "used": 0, "wanted": WIDTH, **values})


@attrs.define
class Process:
    """One worker in a process of its own.

    Attributes:
        part: Its part in the window.
        asked: When it asked for it.
        written: How often it has written the files.
    """

    files: SharedFiles
    now: Callable[[], float]
    part: int = 0
    asked: float = 0.0
    written: int = 0

    def page(self, ask: PageAsk) -> PageReply:
        """Exchange a page as a worker does."""
        reply = self.files.repeat_page(ask)
        if reply is None:
            self.written += 1
            reply = self.files.exchange_page(ask)
        return reply

    def window(self, ask: WindowAsk) -> WindowReply:
        """Exchange the window as a worker does."""
        reply = self.files.repeat_window(ask)
        if reply is None:
            self.written += 1
            reply = self.files.exchange_window(ask)
        self.part, self.asked = max(reply.part, ask.used), self.now()
        return reply


class AloneMachine(RuleBasedStateMachine):
    """Three processes come and go. The rules hold for all of them, however often one of them is alone."""

    def __init__(self) -> None:
        super().__init__()
        self.now = EPOCH
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "workers"
        self.processes = {
            worker: Process(SharedFiles(path, "default", lambda: self.now), lambda: self.now) for worker in WORKERS
        }

    def teardown(self) -> None:
        for process in self.processes.values():
            process.files.close()
        self.folder.cleanup()

    @rule(seconds=st.sampled_from([0.1007, 0.3001, 0.9002, 2.0011, 5.0005]))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now = round(self.now + seconds, 6)

    @rule(worker=st.sampled_from(WORKERS), used=st.integers(0, 30), wanted=st.sampled_from([0, 1, 5, 20, 20]))
    def exchange_window(self, worker: str, used: int, wanted: int) -> None:
        """Report what a process has in the window. The end of a process is a request for nothing."""
        process = self.processes[worker]
        # A process that was silent finds that its part was given to others.
        used = min(used, process.part) if wanted and self.is_present(process) else 0
        reply = process.window(window_ask(worker, used=used, wanted=wanted))
        assert reply.part <= wanted

    @rule(worker=st.sampled_from(WORKERS), is_due=st.booleans(), age=st.none() | st.sampled_from([0.0, 0.3]))
    def exchange_page(self, worker: str, is_due: bool, age: float | None) -> None:
        """Look for a page, ask for the lease or publish."""
        page = None if age is None else SharedPage(self.now - age, worker.encode())
        after = 0.0 if page is None else page.started
        self.processes[worker].page(page_ask(worker, is_due=is_due, after=after, publish=page))

    @rule(order=st.permutations(WORKERS))
    def share_the_window(self, order: list[str]) -> None:
        """After a few exchanges of each process they have equal parts."""
        for _ in range(3):
            replies = [self.processes[worker].window(window_ask(worker)) for worker in order]
        assert [(6, 2)] * 3 == [(reply.part, reply.others) for reply in replies]

    @rule(order=st.permutations(WORKERS))
    def share_a_page(self, order: list[str]) -> None:
        """Processes that know each other have one reader, and its page."""
        self.wait(0.1007)
        seen = self.now
        for worker in order:
            self.processes[worker].page(page_ask(worker, after=seen))
        first, second, third = order
        due = [self.processes[worker].page(page_ask(worker, after=seen, is_due=True)).is_reader for worker in order]
        assert [True, False, False] == due
        self.wait(0.1007)
        page = SharedPage(self.now, b"page")
        self.processes[first].page(page_ask(first, after=page.started, publish=page))
        for worker in (second, third):
            assert page == self.processes[worker].page(page_ask(worker, after=seen, is_due=True)).page

    @rule(staying=st.sampled_from(WORKERS), joining=st.sampled_from(WORKERS), times=st.integers(1, 60))
    def stay(self, staying: str, joining: str, times: int) -> None:
        """A process that asks is present for each one that joins, however long it was alone."""
        for _ in range(times):
            self.wait(0.1007)
            self.processes[staying].window(window_ask(staying))
        if joining != staying:
            assert self.processes[joining].window(window_ask(joining)).others >= 1
            assert self.processes[staying].window(window_ask(staying)).others >= 1

    @invariant()
    def the_parts_are_no_more_than_the_window(self) -> None:
        """Of the processes that are present."""
        assert sum(process.part for process in self.processes.values() if self.is_present(process)) <= WIDTH

    def is_present(self, process: Process) -> bool:
        """Return whether a process has asked so recently that its part is certainly not given to others."""
        return self.now - process.asked < PRESENCE - RENEWAL


AloneMachine.TestCase.settings = machine_settings(20, 25)


@pytest.mark.machine
class TestAlone(AloneMachine.TestCase):
    """Any order of exchanges."""


def test_a_worker_that_is_alone_writes_once_per_second(tmp_path: Path) -> None:
    """Ten exchanges of the window, and five page reads with two exchanges each, whose pages are not published."""
    now = EPOCH
    process = Process(SharedFiles(tmp_path / "workers", "default", lambda: now), lambda: now)
    for _ in range(5):
        now += 0.1
        for _ in range(2):
            assert (WIDTH, 0) == (process.window(window_ask("a")).part, 0)
            now += 0.01
        assert process.page(page_ask("a", after=now, is_due=True)).is_reader
        assert not process.page(page_ask("a", after=now)).is_reader
    assert 1 + 2 == process.written
    now += RENEWAL
    process.window(window_ask("a"))
    process.page(page_ask("a", after=now))
    assert 3 + 2 == process.written
    process.files.close()


def test_a_page_that_is_published_is_there_for_the_next_worker(tmp_path: Path) -> None:
    """Each one. A worker that knows an older one receives it as well."""
    now = EPOCH
    first, second = (SharedFiles(tmp_path / "workers", "default", lambda: now) for _ in range(2))
    process = Process(first, lambda: now)
    for _ in range(2):
        now += 0.1
        page = SharedPage(now, str(now).encode())
        process.page(page_ask("a", after=now, publish=page))
        assert page == process.page(page_ask("a", after=now - 1.0)).page
    assert page == second.exchange_page(page_ask("b")).page
    first.close()
    second.close()


def test_a_worker_that_is_alone_gives_back_the_lease(tmp_path: Path) -> None:
    """The next worker need not wait for its end."""
    first, second = (SharedFiles(tmp_path / "workers", "default", lambda: EPOCH) for _ in range(2))
    process = Process(first, lambda: EPOCH)
    for is_due in (True, False):
        assert process.page(page_ask("a", is_due=is_due)).is_reader == is_due
    assert second.exchange_page(page_ask("b", is_due=True)).is_reader
    first.close()
    second.close()


def test_a_worker_with_another_one_is_not_alone(tmp_path: Path) -> None:
    """Also if the other one asks less often, and there is room for both."""
    first, second = (SharedFiles(tmp_path / "workers", "default", lambda: EPOCH) for _ in range(2))
    process = Process(first, lambda: EPOCH)
    second.exchange_window(window_ask("b", wanted=5))
    second.exchange_page(page_ask("b"))
    for _ in range(3):
        assert (5, 1) == (process.window(ask := window_ask("a", wanted=5)).part, process.window(ask).others)
        assert 1 == process.page(page_ask("a")).others
    first.close()
    second.close()


@pytest.mark.parametrize("change", [{"used": 25}, {"wanted": 10}, {"wanted": 0}])
def test_a_report_that_differs_is_written(tmp_path: Path, change: dict[str, int]) -> None:
    """It tells a worker that joins how much of the window is free."""
    process = Process(SharedFiles(tmp_path / "workers", "default", lambda: EPOCH), lambda: EPOCH)
    process.window(window_ask("a"))
    process.window(window_ask("a", used=5))
    assert 1 == process.written
    process.window(window_ask("a", **change))
    assert 2 == process.written
    process.files.close()


def test_a_worker_whose_files_are_deleted_writes_them_again(tmp_path: Path) -> None:
    """Also if someone empties the folder."""
    process = Process(SharedFiles(tmp_path / "workers", "default", lambda: EPOCH), lambda: EPOCH)
    for count in (1, 2):
        process.window(window_ask("a"))
        assert count == process.written
        (file,) = (tmp_path / "workers").glob("*.shared")
        file.unlink()
    process.files.close()


async def test_a_worker_that_joins_is_noticed_with_the_next_exchange(tmp_path: Path) -> None:
    """Then each has half of the window, and one of them reads."""
    path = tmp_path / "run.db"
    async with SqliteJournal(path) as first, SqliteJournal(path) as second:
        for _ in range(3):
            assert WIDTH == (await first.exchange_window(window_ask("a"))).part
            assert (await first.exchange_page(page_ask("a", is_due=True))).is_reader
            await first.exchange_page(page_ask("a"))
        assert 0 == (await second.exchange_window(window_ask("b"))).part
        assert 0 == (await second.exchange_page(page_ask("b"))).awaited
        assert WIDTH / 2 == (await first.exchange_window(window_ask("a"))).part
        assert WIDTH / 2 == (await second.exchange_window(window_ask("b"))).part
        assert (await first.exchange_page(page_ask("a", is_due=True))).is_reader
        assert not (await second.exchange_page(page_ask("b", is_due=True))).is_reader
