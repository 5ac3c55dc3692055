"""Journal in an SQLite file, for all processes of one machine."""

from __future__ import annotations

import asyncio
import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, ParamSpec, Self, TypeVar, final

from tripwire_async._concurrency.finishing import finish_thread
from tripwire_async.errors import JournalError

from ._outcomes import outcomes_of_chunk
from ._sqlite_pages import SqlitePages
from ._worker_locks import workers_folder

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator, Callable
    from types import TracebackType

    from tripwire_async.deliveries import TestOutcome
    from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, PageReply, WindowAsk, WindowReply

    from ._sqlite_store import SqliteStore
    from .protocol import JournalAsk, JournalReply, NewRun, Run, RunSummary, Segment

P = ParamSpec("P")
T = TypeVar("T")


@final
class SqliteJournal:
    """Journal of one run in an SQLite file; a file can hold several runs, each with a name.

    ::

        async with SqliteJournal("run.db") as journal:
            outcomes = await tripwire.webhooks.send_tests(organization_id, journal=journal)

    Any number of processes of one machine can work on a run at the same time, each with its own journal. The file
    must be on a local disk. The folder ``<path>-workers`` beside it holds a lock for each worker; a worker that was
    killed is detected at once. Everything that is recorded is on the disk before a test is sent (WAL mode,
    ``synchronous=FULL``).

    The workers share pages of events and the window of sends through files in that folder. These are a cache: if they
    cannot be used, each worker reads for itself.

    Creating the object opens nothing. It is used on one event loop, and makes two threads. A journal that is closed can
    be used again only by entering it.

    Args:
        path: The file. It is created by the first run. A relative path is resolved now, and symbolic links too.
        run: Name of the run.
    """

    patience: ClassVar[float] = 0.25
    """Seconds after which a worker stops waiting for a shared page, and reads for itself."""

    def __init__(self, path: str | os.PathLike[str], *, run: str = "default") -> None:
        if not run or not isinstance(run, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
            msg = f"run must be the name of a run, not {run!r}"
            raise ValueError(msg)
        # All workers must find the same lock files, also through a symbolic link or after a change of directory. And
        # SQLite does not open `:memory:` or a name that looks like a URL as a file.
        self._path = Path(os.path.realpath(path))
        self._run = run
        self._thread: ThreadPoolExecutor | None = None
        self._store: SqliteStore | None = None
        self._is_closed = False
        self._pages = SqlitePages(workers_folder(self._path), run)

    async def begin(self, new: NewRun | None, /) -> Run:
        """Create the run, or find it; see `Journal.begin`."""
        return await self._call(self._opened().begin, self._run, new)

    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        """Append, renew, end and claim in one transaction; see `Journal.exchange`."""
        return await self._call(self._opened().exchange, self._run, ask)

    async def exchange_page(self, ask: PageAsk, /) -> PageReply:
        """Share a page of events with the other workers of the run; see `SharedPages`."""
        self._check_open()
        return await self._pages.exchange_page(ask)

    async def exchange_window(self, ask: WindowAsk, /) -> WindowReply:
        """Share the window of sends with the other workers of the run; see `SharedWindow`."""
        self._check_open()
        return await self._pages.exchange_window(ask)

    async def read(self, after: str | None = None, /) -> AsyncIterator[Segment]:
        """Yield the appended records; see `Journal.read`."""
        store = self._opened()
        position = 0 if after is None else int(after)
        until = await self._call(store.last_position)
        while segments := await self._call_open(store, store.read, self._run, position, until):
            for segment in segments:
                yield segment
            position = int(segments[-1].position)

    async def outcomes(self) -> AsyncIterator[TestOutcome]:
        """Yield the outcomes of the run that are known so far, in the order of the endpoints.

        Raises:
            JournalError: There is no such file or run, or it cannot be read.
        """
        store, chunk = self._opened(), 0
        while (batches := await self._call_open(store, store.batches, self._run, chunk)) is not None:
            for outcome in outcomes_of_chunk(batches):
                yield outcome
            chunk += 1

    async def runs(self) -> tuple[RunSummary, ...]:
        """Return the state of all runs in the file, by name.

        Raises:
            JournalError: There is no such file, or it cannot be read.
        """
        return await self._call(self._opened().runs)

    async def pause(self) -> None:
        """Ask all workers of the run to leave; `resume_tests` continues it.

        Raises:
            JournalError: There is no such file or run, or it cannot be written.
        """
        await self._call(self._opened().pause, self._run)

    async def drop(self) -> None:
        """Delete the run with all of its records; a worker that still works on it ends with a JournalError.

        Raises:
            JournalError: There is no such file or run, or it cannot be written.
        """
        await self._call(self._opened().drop, self._run)

    async def aclose(self) -> None:
        """Close the file and end the threads; closing twice is fine."""
        self._is_closed = True
        thread, store = self._thread, self._store
        self._thread = self._store = None
        try:
            if thread is not None and store is not None:
                await finish_thread(thread, store.close)
        finally:
            await self._pages.aclose()

    async def __aenter__(self) -> Self:
        """Return the journal; a closed journal is open again."""
        self._is_closed = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the file."""
        await self.aclose()

    def __repr__(self) -> str:
        return f"<SqliteJournal {str(self._path)!r} run={self._run!r}>"

    def _check_open(self) -> None:
        if self._is_closed:
            msg = f"the journal {self._path} is closed: create a new one, or enter it again with 'async with'"
            raise JournalError(msg)

    def _opened(self) -> SqliteStore:
        self._check_open()
        if self._store is None:
            from ._sqlite_store import SqliteStore  # noqa: PLC0415 - importing sqlite3 takes longer than all of this package

            self._store = SqliteStore(self._path)
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="tripwire-journal")
        return self._store

    async def _call_open(self, store: SqliteStore, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run *step* of a *store* that a read began with, unless it was closed meanwhile.

        Only the thread of the store may use its connection: SQLite crashes if another one closes it meanwhile.
        """
        if store is not self._store:
            msg = f"{self._path} was closed while it was read"
            raise JournalError(msg)
        return await self._call(step, *args, **kwargs)

    async def _call(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run *step* in the thread of the journal, and turn its errors into JournalError."""
        import sqlite3  # noqa: PLC0415 - imported with the store

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: step(*args, **kwargs))
        except (sqlite3.Error, OSError) as error:
            raise JournalError(_describe(self._path, error)) from error


_ADVICE: Final = {
    "SQLITE_BUSY": "is locked by another process for too long: end that process and resume the run",
    "SQLITE_IOERR": "cannot be read or written: check the disk and its quota, and resume the run",
    "SQLITE_FULL": "cannot be written because the disk is full: free some space and resume the run",
    "SQLITE_READONLY": "cannot be written: check the permissions of the file and its folder",
    "SQLITE_CANTOPEN": "cannot be opened: check that its folder exists and can be written",
    "SQLITE_CORRUPT": "is damaged: start a run in another file; a backup can be read, but not continued",
    "SQLITE_NOTADB": "is damaged: start a run in another file; a backup can be read, but not continued",
}


def _describe(path: Path, error: sqlite3.Error | OSError) -> str:
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        if error.errno == errno.ENOSPC:
            return f"{path} {_ADVICE['SQLITE_FULL']}"
        return f"{path} cannot be used as a journal: {reason}. Check the path and its permissions"
    name: str = getattr(error, "sqlite_errorname", "")
    advice = next((advice for code, advice in _ADVICE.items() if name.startswith(code)), None)
    return f"{path} {advice}" if advice else f"{path} cannot be used as a journal: {error}"
