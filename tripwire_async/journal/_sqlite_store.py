"""Steps of `SqliteJournal`, each one transaction; all are called in one thread."""

from __future__ import annotations

import contextlib
import json
import math
import os
import sqlite3
import time
from collections import Counter
from typing import TYPE_CHECKING, Final, final

from tripwire_async.errors import JournalError

from ._sqlite_file import open_file
from ._worker_locks import WorkerLocks, workers_folder
from .protocol import GAUGES, Claim, JournalReply, Run, RunSummary, Segment

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from .protocol import JournalAsk, NewRun

_READ_ROWS: Final = 500
"""Rows per step of a long read."""


@final
class SqliteStore:
    """Runs in one SQLite file.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._locks = WorkerLocks(workers_folder(path))
        self._connection: sqlite3.Connection | None = None
        self._process = os.getpid()
        self._replies: dict[str, tuple[int, JournalReply]] = {}

    def begin(self, name: str, new: NewRun | None) -> Run:
        """Create or find the run *name*."""
        database = self._open(create=new is not None)
        with _transaction(database):
            if new is not None and self._find(database, name) is None:
                _add_baseline(database)
                _insert(database, name, new)
            return _run(self._row(database, name))

    def exchange(self, name: str, ask: JournalAsk) -> JournalReply:
        """Append, renew, end and claim in one transaction."""
        number, reply = self._replies.get(ask.worker, (None, None))
        if reply is not None and number == ask.number:
            return reply
        try:
            database = self._open()
            with _transaction(database):
                reply = self._exchange(database, self._row(database, name), ask)
        finally:
            if ask.lease == 0:
                # Also if the file cannot be written: without its lock, the worker is dead for the others.
                self._locks.release(ask.worker)
        self._replies[ask.worker] = ask.number, reply
        return reply

    def read(self, name: str, after: int, until: int) -> list[Segment]:
        """Return the next segments of a run after a position, up to another."""
        database = self._open()
        rows = database.execute(
            "SELECT position, chunk, batch FROM log WHERE run = ? AND position > ? AND position <= ?"
            " ORDER BY position LIMIT ?",
            (self._row(database, name)["key"], after, until, _READ_ROWS),
        )
        return [Segment(str(row["position"]), row["chunk"], row["batch"]) for row in rows]

    def last_position(self) -> int:
        """Return the position of the newest segment in the file; 0 without one."""
        found: int | None = self._open().execute("SELECT max(position) FROM log").fetchone()[0]
        return found or 0

    def batches(self, name: str, chunk: int) -> list[bytes] | None:
        """Return the batches of a chunk in order; None if the run has no such chunk."""
        database = self._open()
        key = self._row(database, name)["key"]
        if database.execute("SELECT 1 FROM chunks WHERE run = ? AND number = ?", (key, chunk)).fetchone() is None:
            return None
        rows = database.execute("SELECT batch FROM log WHERE run = ? AND chunk = ? ORDER BY position", (key, chunk))
        return [row["batch"] for row in rows]

    def runs(self) -> tuple[RunSummary, ...]:
        """Return the state of all runs in the file, by name."""
        database = self._open()
        workers = Counter(
            row["run"] for row in database.execute("SELECT id, run FROM workers") if self._locks.is_alive(row["id"])
        )
        return tuple(_summary(row, workers[row["key"]]) for row in database.execute("SELECT * FROM runs ORDER BY name"))

    def pause(self, name: str) -> None:
        """Ask all workers of a run to leave."""
        database = self._open()
        with _transaction(database):
            row = self._row(database, name)
            database.execute("UPDATE workers SET paused = 1 WHERE run = ?", (row["key"],))
            database.execute("UPDATE runs SET paused = 1 WHERE key = ? AND finished IS NULL", (row["key"],))

    def drop(self, name: str) -> None:
        """Delete a run with all of its records."""
        database = self._open()
        with _transaction(database):
            key = self._row(database, name)["key"]
            for table in ("workers", "chunks", "log"):
                database.execute(f"DELETE FROM {table} WHERE run = ?", (key,))  # noqa: S608 - a name from the line above
            database.execute("DELETE FROM runs WHERE key = ?", (key,))

    def close(self) -> None:
        """Close the file, and end the workers of this journal."""
        self._locks.release_all()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self, *, create: bool = False) -> sqlite3.Connection:
        if self._process != os.getpid():
            msg = f"the journal {self._path} was made before a fork: make a new SqliteJournal in the new process"
            raise JournalError(msg)
        if self._connection is None:
            self._connection = open_file(self._path, create=create)
            self._connection.row_factory = sqlite3.Row
        return self._connection

    def _find(self, database: sqlite3.Connection, name: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = database.execute("SELECT * FROM runs WHERE name = ?", (name,)).fetchone()
        return row

    def _row(self, database: sqlite3.Connection, name: str) -> sqlite3.Row:
        row = self._find(database, name)
        if row is None:
            names = [found["name"] for found in database.execute("SELECT name FROM runs ORDER BY name LIMIT 5")]
            others = f"it has {', '.join(repr(found) for found in names)}" if names else "it has no run"
            msg = f"{self._path} has no run {name!r}: {others}"
            raise JournalError(msg, is_missing=True)
        return row

    def _exchange(self, database: sqlite3.Connection, run: sqlite3.Row, ask: JournalAsk) -> JournalReply:
        workers, is_paused = self._join(database, run, ask)
        held = {
            row["number"]
            for row in database.execute(
                "SELECT number FROM chunks WHERE owner = ? AND run = ?", (ask.worker, run["key"])
            )
        }
        refused = frozenset({append.chunk for append in ask.appends} | set(ask.ended)) - held
        now = time.time()
        counts, chunks_open, finished = _append(database, run, ask, held, now)
        claims: list[Claim] = []
        if ask.lease == 0:
            _remove(database, ask.worker)
            workers -= 1
        elif not is_paused and not finished:
            claims = _claim(database, run, ask)
        return JournalReply(
            refused=refused,
            claims=tuple(claims),
            chunks_open=chunks_open,
            workers=workers,
            paused=is_paused,
            counts=counts,
            time=now,
        )

    def _join(self, database: sqlite3.Connection, run: sqlite3.Row, ask: JournalAsk) -> tuple[int, bool]:
        """Remove the workers that are dead and add this one; return how many are alive, and whether this is paused."""
        workers, paused = 0, None
        for row in database.execute("SELECT id, paused FROM workers WHERE run = ?", (run["key"],)).fetchall():
            if row["id"] == ask.worker:
                paused = row["paused"]
            elif self._locks.is_alive(row["id"]):
                workers += 1
            else:
                _remove(database, row["id"])
        if paused is None:
            self._locks.hold(ask.worker)
            database.execute("INSERT INTO workers (id, run) VALUES (?, ?)", (ask.worker, run["key"]))
            database.execute("UPDATE runs SET paused = 0 WHERE key = ? AND paused", (run["key"],))
        return workers + 1, bool(paused)


@contextlib.contextmanager
def _transaction(database: sqlite3.Connection) -> Generator[None]:
    # A transaction that begins with a read and writes later fails at once if another process writes in between.
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def _add_baseline(database: sqlite3.Connection) -> None:
    """Add the column for the baseline to a file that was made before there was one."""
    if "baseline" not in {column["name"] for column in database.execute("PRAGMA table_info(runs)")}:
        database.execute("ALTER TABLE runs ADD COLUMN baseline REAL")


def _insert(database: sqlite3.Connection, name: str, new: NewRun) -> None:
    chunks, now = new.chunks(), time.time()
    key = database.execute(
        "INSERT INTO runs (name, id, organization_id, base_url, until, endpoints, digest, created, finished,"
        " chunks_open, baseline) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            name,
            new.id,
            new.organization_id,
            new.base_url,
            new.until,
            len(new.endpoint_ids),
            new.digest(),
            now,
            None if chunks else now,
            len(chunks),
            new.baseline,
        ),
    ).lastrowid
    database.executemany(
        "INSERT INTO chunks (run, number, endpoint_ids) VALUES (?, ?, ?)",
        ((key, number, json.dumps(ids)) for number, ids in enumerate(chunks)),
    )


def _append(
    database: sqlite3.Connection, run: sqlite3.Row, ask: JournalAsk, held: set[int], now: float
) -> tuple[dict[str, int], int, bool]:
    """Store the records and ends of chunks that are held; return the totals, the open chunks, and whether all ended."""
    counts: Counter[str] = Counter(json.loads(run["counts"]))
    appends = [append for append in ask.appends if append.chunk in held]
    database.executemany(
        "INSERT INTO log (run, chunk, batch) VALUES (?, ?, ?)",
        [(run["key"], append.chunk, append.batch) for append in appends],
    )
    for append in appends:
        counts.update(append.counts)
    ended = held.intersection(ask.ended)
    for number in ended:
        database.execute(
            "UPDATE chunks SET is_open = 0, owner = NULL WHERE run = ? AND number = ?", (run["key"], number)
        )
    chunks_open: int = run["chunks_open"] - len(ended)
    if appends or ended:
        database.execute(
            "UPDATE runs SET counts = ?, chunks_open = ?, finished = ? WHERE key = ?",
            (json.dumps(counts), chunks_open, run["finished"] if chunks_open else now, run["key"]),
        )
    return dict(counts), chunks_open, not chunks_open


def _claim(database: sqlite3.Connection, run: sqlite3.Row, ask: JournalAsk) -> list[Claim]:
    claims: list[Claim] = []
    wanted = ask.wanted
    if wanted <= 0:
        return claims
    rows = database.execute(
        "SELECT number, endpoint_ids, position FROM chunks WHERE run = ? AND is_open AND owner IS NULL"
        " ORDER BY number LIMIT ?",
        (run["key"], wanted),
    ).fetchall()
    position = database.execute("SELECT coalesce(max(position), 0) FROM log").fetchone()[0]
    for row in rows:
        if wanted <= 0:
            break
        ids: list[str] = json.loads(row["endpoint_ids"])
        first = row["position"]
        claims.append(Claim(row["number"], tuple(ids), None if first is None else str(first)))
        database.execute(
            "UPDATE chunks SET owner = ?, position = ? WHERE run = ? AND number = ?",
            (ask.worker, position if first is None else first, run["key"], row["number"]),
        )
        wanted -= len(ids)
    return claims


def _remove(database: sqlite3.Connection, worker: str) -> None:
    database.execute("UPDATE chunks SET owner = NULL WHERE owner = ?", (worker,))
    database.execute("DELETE FROM workers WHERE id = ?", (worker,))


def _run(row: sqlite3.Row) -> Run:
    return Run(
        name=row["name"],
        id=row["id"],
        organization_id=row["organization_id"],
        base_url=row["base_url"],
        until=row["until"],
        endpoints=row["endpoints"],
        digest=row["digest"],
        lease=math.inf,
        created=row["created"],
        finished=row["finished"],
        counts=json.loads(row["counts"]),
        baseline=row["baseline"] if "baseline" in row.keys() else None,  # noqa: SIM118 - a row contains its values
        time=time.time(),
    )


def _summary(row: sqlite3.Row, workers: int) -> RunSummary:
    counts: dict[str, int] = json.loads(row["counts"])
    return RunSummary(
        name=row["name"],
        id=row["id"],
        organization_id=row["organization_id"],
        endpoints=row["endpoints"],
        counts={state: count for state, count in counts.items() if count and state not in GAUGES},
        workers=workers,
        created=row["created"],
        finished=row["finished"],
        paused=bool(row["paused"]),
    )
