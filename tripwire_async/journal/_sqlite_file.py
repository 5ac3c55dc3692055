"""Files of `SqliteJournal`: checking one before anything is written, and creating one.

A file that is not a journal is rejected by its first bytes, before SQLite opens it: SQLite would create two more files
beside it. A new file is made under another name and linked into place when it is complete, so that no other process
sees an unfinished one.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from typing import TYPE_CHECKING, Final

from tripwire_async.errors import JournalError

from .protocol import FORMAT

if TYPE_CHECKING:
    from pathlib import Path

BUSY_SECONDS: Final = 10.0
"""Seconds for which a step waits for a lock of another process."""

_MAGIC: Final = b"SQLite format 3\0"
_APPLICATION_ID: Final = int.from_bytes(b"TrpJ")

_SCHEMA: Final = """
CREATE TABLE runs (
  key INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  base_url TEXT NOT NULL,
  until TEXT NOT NULL,
  endpoints INTEGER NOT NULL,
  digest TEXT NOT NULL,
  created REAL NOT NULL,
  finished REAL,
  paused INTEGER NOT NULL DEFAULT 0,
  chunks_open INTEGER NOT NULL,
  counts TEXT NOT NULL DEFAULT '{}',
  baseline REAL
);
CREATE TABLE chunks (
  run INTEGER NOT NULL,
  number INTEGER NOT NULL,
  endpoint_ids TEXT NOT NULL,
  is_open INTEGER NOT NULL DEFAULT 1,
  owner TEXT,
  position INTEGER,
  PRIMARY KEY (run, number)
) WITHOUT ROWID;
CREATE INDEX free_chunks ON chunks (run, number) WHERE is_open AND owner IS NULL;
CREATE INDEX owned_chunks ON chunks (owner) WHERE owner IS NOT NULL;
CREATE TABLE workers (
  id TEXT PRIMARY KEY,
  run INTEGER NOT NULL,
  paused INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE log (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL,
  chunk INTEGER NOT NULL,
  batch BLOB NOT NULL
);
CREATE INDEX log_of_chunk ON log (run, chunk);
"""


def open_file(path: Path, *, create: bool) -> sqlite3.Connection:
    """Return a connection to the journal at *path*; with *create*, a file that does not exist is made first.

    Raises:
        JournalError: There is no file, or it is not a journal of this version. Nothing was changed.
        sqlite3.Error, OSError: The file cannot be read or created.
    """
    if not path.exists():
        if not create:
            msg = f"{path} does not exist: check the path, or start a run with send_tests(…, journal=…)"
            raise JournalError(msg, is_missing=True)
        _create(path)
    check_file(path)
    connection = _open(path)
    try:
        _set_durability(path, connection)
        _check_database(path, connection)
    except BaseException:
        connection.close()
        raise
    return connection


def check_file(path: Path) -> None:
    """Raise JournalError if the bytes of a file show that it is not a journal of this version."""
    with path.open("rb") as file:
        head = file.read(100)
        size = os.fstat(file.fileno()).st_size
    if len(head) < 100 or not head.startswith(_MAGIC):
        content = "empty" if not head else "not a journal of this library"
        msg = f"{path} is {content}: choose another file for the journal"
        raise JournalError(msg)
    if int.from_bytes(head[68:72]) != _APPLICATION_ID:
        msg = f"{path} is a database of another program: choose another file for the journal"
        raise JournalError(msg)
    _check_version(path, int.from_bytes(head[60:64]))
    page_size = int.from_bytes(head[16:18])
    expected = int.from_bytes(head[28:32]) * (65536 if page_size == 1 else page_size)
    wal = path.with_name(f"{path.name}-wal")
    # With a log beside it, the file may be incomplete, and SQLite completes it from the log.
    if size < expected and not (wal.exists() and wal.stat().st_size):
        raise damaged(path, f"it has {size} of {expected} bytes")


def damaged(path: Path, problem: str) -> JournalError:
    """Return the error for a file that has a *problem*."""
    return JournalError(
        f"{path} is damaged: {problem}. Start a run in another file; a backup can be read, but not continued"
    )


def _check_database(path: Path, connection: sqlite3.Connection) -> None:
    # The first page of the file may be older than the log beside it.
    _check_version(path, connection.execute("PRAGMA user_version").fetchone()[0])
    (problem,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if problem != "ok":
        # The first line may only name the table.
        raise damaged(path, str(problem).splitlines()[-1])


def _check_version(path: Path, version: int) -> None:
    if version > FORMAT:
        msg = (
            f"{path} has format {version}, and this version of tripwire-async reads formats up to {FORMAT}:"
            " upgrade tripwire-async"
        )
        raise JournalError(msg)
    if version < 1:
        raise damaged(path, "it has no format")


def _create(path: Path) -> None:
    new = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    try:
        with contextlib.closing(_open(new)) as connection:
            # Until it is linked into place, nothing uses the file, so that it is written once, at the end.
            connection.executescript(
                "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; BEGIN;"
                f"PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {FORMAT}; {_SCHEMA} COMMIT"
            )
            _set_durability(path, connection)
        with new.open("rb") as file:
            os.fsync(file.fileno())
        # If another process has created the file in the meantime, its file is used.
        with contextlib.suppress(FileExistsError):
            os.link(new, path)
    finally:
        for suffix in ("", "-wal", "-shm"):
            new.with_name(new.name + suffix).unlink(missing_ok=True)


def _open(path: Path) -> sqlite3.Connection:
    # Each step begins its transaction itself, and all run in one thread, but it may not be the thread that closes.
    return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def _set_durability(path: Path, connection: sqlite3.Connection) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        msg = f"{path} is on a file system without shared memory, for example a network drive: choose a local disk"
        raise JournalError(msg)
    connection.execute("PRAGMA synchronous = FULL")
