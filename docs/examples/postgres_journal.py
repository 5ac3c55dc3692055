"""Journal in PostgreSQL, with asyncpg. `check_journal` tests it."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import asyncpg
import attrs

from tripwire_async.errors import JournalError
from tripwire_async.journal import Claim, JournalReply, Run, Segment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tripwire_async.journal import JournalAsk, NewRun

SCHEMA = """
CREATE FUNCTION journal_now() RETURNS float8
    RETURN extract(epoch FROM clock_timestamp());
CREATE TABLE journal_runs (
    name text PRIMARY KEY, id text, organization_id text, base_url text, until text,
    endpoints int, digest text, created float8 DEFAULT journal_now(), finished float8,
    counts json DEFAULT '{}', baseline float8);
CREATE TABLE journal_chunks (
    run text REFERENCES journal_runs ON DELETE CASCADE, chunk int, endpoint_ids text[],
    owner text, position bigint, ended bool DEFAULT false, PRIMARY KEY (run, chunk));
CREATE TABLE journal_log (
    run text REFERENCES journal_runs ON DELETE CASCADE, position bigserial, chunk int,
    batch bytea, PRIMARY KEY (run, position));
CREATE TABLE journal_workers (
    run text REFERENCES journal_runs ON DELETE CASCADE, worker text, expires float8,
    number int, reply json, PRIMARY KEY (run, worker));
"""


class PostgresJournal:
    """Journal of one run. The program closes the pool, and has created the tables."""

    def __init__(self, pool: asyncpg.Pool, run: str = "default", lease: float = 30.0) -> None:
        self.pool = pool
        self.run = run
        self.lease = lease

    async def begin(self, new: NewRun | None, /) -> Run:
        with self.errors():
            async with self.pool.acquire() as db, db.transaction():
                if new is not None:
                    await self.create(db, new)
                row = await db.fetchrow(
                    "SELECT *, journal_now() AS time FROM journal_runs WHERE name = $1",
                    self.run,
                )
        if row is None:
            raise JournalError(
                f"There is no run {self.run!r}. Check its name.", is_missing=True
            )
        return Run(**{**row, "counts": json.loads(row["counts"])}, lease=self.lease)

    async def create(self, db: Any, new: NewRun) -> None:
        created = await db.fetchval(
            """INSERT INTO journal_runs
            (name, id, organization_id, base_url, until, digest, baseline, endpoints, finished)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $8 = 0 THEN journal_now() END)
            ON CONFLICT DO NOTHING RETURNING id""",
            *(self.run, new.id, new.organization_id, new.base_url, new.until),
            *(new.digest(), new.baseline, len(new.endpoint_ids)),
        )
        if created is not None:
            await db.executemany(
                "INSERT INTO journal_chunks (run, chunk, endpoint_ids) VALUES ($1, $2, $3)",
                [(self.run, chunk, ids) for chunk, ids in enumerate(new.chunks())],
            )

    async def exchange(self, ask: JournalAsk, /) -> JournalReply:
        with self.errors():
            async with self.pool.acquire() as db, db.transaction():
                # The lock on this row makes the exchanges of one run wait for each other.
                run = await db.fetchrow(
                    "SELECT counts FROM journal_runs WHERE name = $1 FOR UPDATE", self.run
                )
                if run is None:
                    raise JournalError(f"The run {self.run!r} was dropped.", is_missing=True)
                last = await db.fetchrow(
                    "SELECT number, reply FROM journal_workers WHERE run = $1 AND worker = $2",
                    *(self.run, ask.worker),
                )
                if last is not None and last["number"] == ask.number:
                    return decode_reply(json.loads(last["reply"]))
                reply = await self.step(db, ask, json.loads(run["counts"]))
                await db.execute(
                    """UPDATE journal_workers SET number = $3, reply = $4
                    WHERE run = $1 AND worker = $2""",
                    *(self.run, ask.worker, ask.number),
                    json.dumps(attrs.asdict(reply), default=list),
                )
                return reply

    async def step(self, db: Any, ask: JournalAsk, counts: dict[str, int]) -> JournalReply:
        run, worker = self.run, ask.worker
        now = await db.fetchval("SELECT journal_now()")
        await db.execute(
            """INSERT INTO journal_workers (run, worker, expires) VALUES ($1, $2, $3)
            ON CONFLICT (run, worker) DO UPDATE SET expires = $3""",
            *(run, worker, now + ask.lease),
        )
        rows = await db.fetch(
            "SELECT chunk FROM journal_chunks WHERE run = $1 AND owner = $2", run, worker
        )
        held = {row["chunk"] for row in rows}
        for append in ask.appends:
            if append.chunk in held:
                await db.execute(
                    "INSERT INTO journal_log (run, chunk, batch) VALUES ($1, $2, $3)",
                    *(run, append.chunk, append.batch),
                )
                for name, count in append.counts.items():
                    counts[name] = counts.get(name, 0) + count
        await db.execute(
            """UPDATE journal_chunks SET owner = NULL, ended = chunk = ANY($3)
            WHERE run = $1 AND owner = $2 AND (chunk = ANY($3) OR $4)""",
            *(run, worker, ask.ended, ask.lease == 0),
        )
        claims = await self.claim(db, ask, now) if ask.lease > 0 else []
        chunks_open = await db.fetchval(
            "SELECT count(*) FROM journal_chunks WHERE run = $1 AND NOT ended", run
        )
        await db.execute(
            """UPDATE journal_runs SET counts = $2,
            finished = CASE WHEN $3 = 0 THEN coalesce(finished, journal_now()) END
            WHERE name = $1""",
            *(run, json.dumps(counts), chunks_open),
        )
        workers = await db.fetchval(
            "SELECT count(*) FROM journal_workers WHERE run = $1 AND expires > $2", run, now
        )
        named = {append.chunk for append in ask.appends} | set(ask.ended)
        return JournalReply(
            refused=frozenset(named - held),
            claims=tuple(claims),
            chunks_open=chunks_open,
            workers=workers,
            paused=False,
            counts=counts,
            time=now,
        )

    async def claim(self, db: Any, ask: JournalAsk, now: float) -> list[Claim]:
        rows = await db.fetch(
            """SELECT chunk, endpoint_ids, position::text FROM journal_chunks c
            WHERE run = $1 AND NOT ended AND owner IS DISTINCT FROM $2 AND NOT EXISTS (
                SELECT FROM journal_workers w
                WHERE w.run = c.run AND worker = owner AND expires > $3)
            ORDER BY chunk LIMIT $4""",
            *(self.run, ask.worker, now, ask.wanted),
        )
        claims: list[Claim] = []
        for chunk, endpoint_ids, position in rows:
            if sum(len(claim.endpoint_ids) for claim in claims) < ask.wanted:
                claims.append(Claim(chunk, tuple(endpoint_ids), position))
        await db.execute(
            """UPDATE journal_chunks SET owner = $2, position = coalesce(position, (
                SELECT coalesce(max(position), 0) FROM journal_log WHERE run = $1))
            WHERE run = $1 AND chunk = ANY($3)""",
            *(self.run, ask.worker, [claim.chunk for claim in claims]),
        )
        return claims

    async def read(self, after: str | None = None, /) -> AsyncIterator[Segment]:
        position, is_complete = int(after or 0), False
        while not is_complete:
            with self.errors():
                rows = await self.pool.fetch(
                    """SELECT position, chunk, batch FROM journal_log
                    WHERE run = $1 AND position > $2 ORDER BY position LIMIT 1000""",
                    *(self.run, position),
                )
            for position, chunk, batch in rows:
                yield Segment(str(position), chunk, batch)
            is_complete = len(rows) < 1000

    async def drop(self) -> None:
        with self.errors():
            await self.pool.execute("DELETE FROM journal_runs WHERE name = $1", self.run)

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Have a worker wait for a database that is gone; other errors end it."""
        try:
            yield
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
            raise ConnectionError(f"Run {self.run!r}: the database is gone: {error}") from None
        except asyncpg.PostgresError as error:
            raise JournalError(f"The journal of run {self.run!r} fails: {error}.") from None


def decode_reply(fields: dict[str, Any]) -> JournalReply:
    claims = (
        Claim(**{**c, "endpoint_ids": tuple(c["endpoint_ids"])}) for c in fields["claims"]
    )
    refused = frozenset(fields["refused"])
    return JournalReply(**{**fields, "refused": refused, "claims": tuple(claims)})
