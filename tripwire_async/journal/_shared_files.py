"""Files through which the workers of an `SqliteJournal` share pages of events and the window of sends.

They are a cache, so nothing waits for the disk. The content of a file that cannot be decoded counts as empty: a process
was killed while it wrote it, or the power failed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import zlib
from typing import TYPE_CHECKING, BinaryIO, Final, TypeVar, final

import msgspec

from ._shared_state import PageState, WindowState
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


@final
class SharedFiles:
    """Files of one run in a *folder* that also holds the locks of its workers.

    All methods are called in one thread, and raise OSError if the files cannot be used.

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

    def exchange_page(self, ask: PageAsk) -> PageReply:
        """Share a page; see `SharedPages`."""
        with self._state("page", PageState, ask) as state:
            return state.exchange(ask, self._now(), self._locks.is_alive)

    def exchange_window(self, ask: WindowAsk) -> WindowReply:
        """Share the window of sends; see `SharedWindow`."""
        with self._state("window", WindowState, ask) as state:
            return state.exchange(ask, self._now(), self._locks.is_alive)

    def close(self) -> None:
        """End the workers, and remove the files if no other worker uses the folder."""
        self._locks.release_all()
        # A process that uses a file at this time makes another one with its next exchange.
        with contextlib.suppress(OSError):
            names = os.listdir(self._folder)
            if all(name.endswith(_SUFFIX) for name in names):
                for name in names:
                    (self._folder / name).unlink()
                self._folder.rmdir()

    @contextlib.contextmanager
    def _state(self, kind: str, state_type: type[_State], ask: PageAsk | WindowAsk) -> Generator[_State]:
        """Within it, no other process has the state of a scope; changes are stored at its end."""
        self._locks.ensure(ask.worker)
        name = hashlib.sha256(f"{_FORMAT}\n{kind}\n{self._run}\n{ask.scope}".encode()).hexdigest()[:32]
        with _locked(self._folder / f"{name}{_SUFFIX}") as file:
            state = _decode(file.read(), state_type)
            yield state
            file.seek(0)
            file.write(_encode(state))
            file.truncate()


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
