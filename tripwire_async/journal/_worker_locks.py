"""Locks of the operating system that show which workers of a file are alive.

Each worker holds a lock on its own file. The kernel releases it when the process ends, however it ends, so no
clock and no waiting is needed to find the chunks of a dead worker, and a stopped process keeps its chunks.
"""

from __future__ import annotations

import contextlib
import os
import sys
import weakref
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from pathlib import Path

_all: Final[weakref.WeakSet[WorkerLocks]] = weakref.WeakSet()


def workers_folder(path: Path) -> Path:
    """Return the folder of the lock files of a journal's workers."""
    return path.with_name(f"{path.name}-workers")


@final
class WorkerLocks:
    """Locks of the workers of one file, in a folder beside it; created on first use.

    Args:
        folder: The folder of the lock files.
        suffix: End of their names. Workers of two kinds may have the same id.
    """

    def __init__(self, folder: Path, suffix: str = "") -> None:
        self._folder = folder
        self._suffix = suffix
        self._held: dict[str, int] = {}
        _all.add(self)

    def ensure(self, worker: str) -> None:
        """Hold the lock of *worker*, unless it is held already."""
        if worker not in self._held:
            self.hold(worker)

    def hold(self, worker: str) -> None:
        """Hold the lock of *worker* until `release`; make a new one if its file was deleted."""
        self.release(worker)
        descriptor = self._create(worker)
        if not try_lock(descriptor):  # pragma: no cover - the name is random, and the file is new
            os.close(descriptor)
            raise BlockingIOError
        self._held[worker] = descriptor

    def _create(self, worker: str) -> int:
        while True:
            self._folder.mkdir(exist_ok=True)
            # Another process may remove the folder, which was empty, between the two steps.
            with contextlib.suppress(FileNotFoundError):
                return os.open(self._path(worker), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)

    def release(self, worker: str) -> None:
        """Release the lock of *worker* and remove its file; without effect if it is not held."""
        if worker in self._held:
            self._remove(worker, self._held.pop(worker))

    def release_all(self) -> None:
        """Release all locks."""
        for worker in list(self._held):
            self.release(worker)

    def is_alive(self, worker: str) -> bool:
        """Return whether a process holds the lock of *worker*; remove the file of one that is dead."""
        if worker in self._held:
            return True
        try:
            descriptor = os.open(self._path(worker), os.O_RDWR)
        except FileNotFoundError:
            return False
        if not try_lock(descriptor):
            os.close(descriptor)
            return True
        self._remove(worker, descriptor)
        return False

    def forget(self) -> None:
        """Close the locks in a forked process, which must not keep those of its parent."""
        for descriptor in self._held.values():
            os.close(descriptor)
        self._held.clear()

    def _path(self, worker: str) -> Path:
        return self._folder / f"{worker}{self._suffix}"

    def _remove(self, worker: str, descriptor: int) -> None:
        # Windows does not remove a file that is open, and removes no folder that is in use.
        with contextlib.suppress(OSError):
            self._path(worker).unlink()
        os.close(descriptor)
        with contextlib.suppress(OSError):
            self._folder.rmdir()


if sys.platform == "win32":  # pragma: no cover - the suite runs on POSIX
    import msvcrt

    def _acquire(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _acquire(descriptor: int) -> None:
        # Not fcntl.lockf: its locks do not exclude two journals of one process.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def try_lock(descriptor: int) -> bool:
    """Lock an open file without waiting; return False if another process has it."""
    try:
        _acquire(descriptor)
    except OSError:
        return False
    return True


def _forget_all() -> None:  # pragma: no cover - runs in forked processes, which are not measured
    for locks in list(_all):
        locks.forget()


if hasattr(os, "register_at_fork"):  # pragma: no branch - the suite runs on POSIX
    os.register_at_fork(after_in_child=_forget_all)
