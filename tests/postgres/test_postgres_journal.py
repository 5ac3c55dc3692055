"""The example journal in PostgreSQL, with a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest

from docs.examples.postgres_journal import SCHEMA, PostgresJournal
from tests.postgres.server import running
from tests.support.journal_worker import JournalWorker, new_run
from tripwire_async.errors import JournalError
from tripwire_async.testing import check_journal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Run a server for all tests."""
    with running() as url:
        yield url


@pytest.fixture
async def pool(url: str) -> AsyncIterator[asyncpg.Pool]:
    """Return connections to a database that has the tables."""
    async with asyncpg.create_pool(url) as pool:
        if await pool.fetchval("SELECT to_regclass('journal_runs')") is None:
            await pool.execute(SCHEMA)
        yield pool


async def test_the_example_follows_the_protocol(pool: asyncpg.Pool) -> None:
    """Every rule of the contract."""
    await check_journal(lambda run: PostgresJournal(pool, run))
    assert 0 == await pool.fetchval("SELECT count(*) FROM journal_log")


async def test_a_database_without_the_tables_is_an_error_before_any_request(url: str, pool: asyncpg.Pool) -> None:
    """The message names the run."""
    await pool.execute("CREATE DATABASE empty")
    async with asyncpg.create_pool(url.replace("/postgres?", "/empty?")) as empty:
        with pytest.raises(JournalError, match=r"'nightly'.*journal_runs"):
            await PostgresJournal(empty, "nightly").begin(new_run())


async def test_a_worker_waits_for_a_database_that_is_gone(pool: asyncpg.Pool) -> None:
    """The same ask works when the database is back."""
    journal = PostgresJournal(pool, "nightly")
    await journal.begin(new_run())
    worker = JournalWorker(journal, "one")
    await worker.ask(wanted=50)
    await pool.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    reply = await worker.ask({0: b"[1]"}, counts={"failed": 1})
    assert {"failed": 1} == reply.counts == (await worker.again()).counts
    await journal.drop()
    with pytest.raises(JournalError, match="was dropped"):
        await worker.ask()
