"""Files through which the workers of an `SqliteJournal` share pages of events and the window of sends.

They are a cache, so nothing waits for the disk. The content of a file that cannot be decoded counts as empty: a process
was killed while it wrote it, or the power failed.

An exchange takes a lock, and reads and writes the file. A worker that is alone need not do that each time: as long as
no other process has changed the file, its content is known.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import zlib
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, TypeVar, final

import msgspec

from ._shared_state import RENEWAL, PageState, WindowState
from ._worker_locks import WorkerLocks, try_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, PageReply, WindowAsk, WindowReply

_State = TypeVar("_State", PageState, WindowState)

_FORMAT: Final = 1
"""Version of the content. Processes with different versions do not share."""

_SUFFIX: Final = ".shared"
_LOCK_SUFFIX: Final = ".sharing"
_CHECKSUM_BYTES: Final = 4
_LOCK_SECONDS: Final = 0.2
"""Seconds for which an exchange waits for that of another process, which takes less than a millisecond."""

_LOCK_INTERVAL: Final = 0.001


class _Version(NamedTuple):
    """Version of a file; another worker in it makes it longer, also within one step of its clock."""

    file: int
    modified: int
    size: int


class _Written(NamedTuple):
    """Content of a file after an exchange, its version, and the time."""

    state: PageState | WindowState
    version: _Version
    at: float


@final
class SharedFiles:
    """Files of one run in a *folder* that also holds the locks of its workers.

    All methods but those named ``repeat`` are called in one thread, and raise OSError if the files cannot be used.

    Args:
        folder: The folder.
        run: Name of the run.
        now: Returns the time. It is never compared with that of another machine.
    """

    def __init__(self, folder: Path, run: str, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._run = run
        self._now = now
        self._locks = WorkerLocks(folder, suffix=_LOCK_SUFFIX)
        self._written: dict[Path, _Written] = {}

    def exchange_page(self, ask: PageAsk) -> PageReply:
        """Share a page; see `SharedPages`."""
        with self._state(self._path("page", ask.scope), PageState, ask.worker) as state:
            return state.exchange(ask, self._now(), self._locks.is_alive)

    def exchange_window(self, ask: WindowAsk) -> WindowReply:
        """Share the window of sends; see `SharedWindow`."""
        with self._state(self._path("window", ask.scope), WindowState, ask.worker) as state:
            return state.exchange(ask, self._now(), self._locks.is_alive)

    def repeat_page(self, ask: PageAsk) -> PageReply | None:
        """Return the reply to *ask* if its worker is alone and nothing has to be recorded; otherwise None.

        This reads the time of the last change of the file, and nothing else.
        """
        state = self._unchanged(self._path("page", ask.scope), PageState)
        return None if state is None else state.repeat(ask, self._now())

    def repeat_window(self, ask: WindowAsk) -> WindowReply | None:
        """Do the same for the window."""
        state = self._unchanged(self._path("window", ask.scope), WindowState)
        return None if state is None else state.repeat(ask, self._now())

    def close(self) -> None:
        """End the workers, and remove the files if no other worker uses the folder."""
        self._written.clear()
        self._locks.release_all()
        # A process that uses a file at this time makes another one with its next exchange.
        with contextlib.suppress(OSError):
            names = os.listdir(self._folder)
            if all(name.endswith(_SUFFIX) for name in names):
                for name in names:
                    (self._folder / name).unlink()
                self._folder.rmdir()

    def _path(self, kind: str, scope: str) -> Path:
        name = hashlib.sha256(f"{_FORMAT}\n{kind}\n{self._run}\n{scope}".encode()).hexdigest()[:32]
        return self._folder / f"{name}{_SUFFIX}"

    @contextlib.contextmanager
    def _state(self, path: Path, state_type: type[_State], worker: str) -> Generator[_State]:
        """Within it, no other process has the state in a file; changes are stored at its end."""
        self._locks.ensure(worker)
        with _locked(path) as file:
            state = _decode(file.read(), state_type)
            yield state
            file.seek(0)
            file.write(_encode(state))
            file.truncate()
            file.flush()
            self._written[path] = _Written(state, _version(os.fstat(file.fileno())), self._now())

    def _unchanged(self, path: Path, state_type: type[_State]) -> _State | None:
        """Return the state in a file if this process has written it a short time ago, and no other one since."""
        written = self._written.get(path)
        if written is None or not written.at <= self._now() < written.at + RENEWAL:
            return None
        with contextlib.suppress(OSError):
            if _version(os.stat(path)) == written.version and isinstance(written.state, state_type):
                return written.state
        return None


def _version(status: os.stat_result) -> _Version:
    return _Version(status.st_ino, status.st_mtime_ns, status.st_size)


@contextlib.contextmanager
def _locked(path: Path) -> Generator[BinaryIO]:
    end = time.monotonic() + _LOCK_SECONDS
    with open(path, "r+b", opener=_open_or_create) as file:
        while not try_lock(file.fileno()):
            if time.monotonic() >= end:
                msg = f"{path} is locked by another process"
                raise TimeoutError(msg)
            time.sleep(_LOCK_INTERVAL)
        yield file


def _open_or_create(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT, 0o600)


def _encode(state: PageState | WindowState) -> bytes:
    data = msgspec.msgpack.encode(state)
    return zlib.crc32(data).to_bytes(_CHECKSUM_BYTES) + data


def _decode(content: bytes, state_type: type[_State]) -> _State:
    data = content[_CHECKSUM_BYTES:]
    if zlib.crc32(data) == int.from_bytes(content[:_CHECKSUM_BYTES]):
        with contextlib.suppress(msgspec.MsgspecError):
            return msgspec.msgpack.decode(data, type=state_type)
    return state_type()
