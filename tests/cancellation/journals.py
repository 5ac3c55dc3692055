"""Scenarios of journals."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import redis.asyncio

from tripwire_async.journal import Append, JournalAsk, NewRun, RedisJournal, SqliteJournal
from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, WindowAsk
from tripwire_async.testing import DeliveryOutcome

from .scenario import Scenario

if TYPE_CHECKING:
    from pathlib import Path

    from .world import World

_LEASE = 60.0


async def _forget_runs(world: World) -> None:
    """Delete the runs of earlier cancellations, all of which a journal would list."""
    assert world.redis is not None
    async with redis.asyncio.Redis.from_url(world.redis) as client:
        await client.flushall()


def _new_run(world: World) -> NewRun:
    return NewRun(
        id=secrets.token_hex(8),
        organization_id=world.organization,
        base_url=world.client.profile.base_url,
        until="settled",
        endpoint_ids=tuple(world.endpoints),
    )


def _ask(number: int, *, appends: tuple[Append, ...] = (), ended: tuple[int, ...] = (), wanted: int = 0) -> JournalAsk:
    return JournalAsk(worker="worker", number=number, appends=appends, ended=ended, wanted=wanted, lease=_LEASE)


async def _use(journal: RedisJournal | SqliteJournal, run: NewRun) -> None:
    """Begin a run, lease and end its chunk, read it, list the runs, and drop it."""
    await journal.begin(run)
    reply = await journal.exchange(_ask(1, wanted=1))
    (claim,) = reply.claims
    await journal.exchange_page(PageAsk(worker="worker", after=0.0))
    await journal.exchange_window(WindowAsk(worker="worker", width=200, used=0, wanted=10))
    assert [] == [outcome async for outcome in journal.outcomes()]
    await journal.exchange(_ask(2, appends=(Append(claim.chunk, b"records", {}),), ended=(claim.chunk,)))
    assert [segment async for segment in journal.read()]
    assert await journal.runs()
    await journal.pause()
    await journal.drop()


async def _use_redis_journal(world: World) -> None:
    assert world.redis is not None
    run = _new_run(world)
    async with RedisJournal(world.redis, run=f"run-{run.id}") as journal:
        await _use(journal, run)


async def _settle(world: World) -> None:
    world.server.set_outcome(DeliveryOutcome("succeeded", after=0.7))


def _file(world: World) -> Path:
    return world.folder / f"{secrets.token_hex(8)}.db"


async def _use_sqlite_journal(world: World) -> None:
    async with SqliteJournal(_file(world)) as journal:
        await _use(journal, _new_run(world))


async def _run_with_journal(world: World) -> None:
    async with SqliteJournal(_file(world)) as journal:
        outcomes = await world.client.webhooks.send_tests(world.organization, journal=journal)
        assert {"succeeded"} == {outcome.state for outcome in outcomes}


async def _run_with_redis_journal(world: World) -> None:
    assert world.redis is not None
    async with RedisJournal(world.redis, run=secrets.token_hex(8)) as journal:
        outcomes = await world.client.webhooks.send_tests(world.organization, journal=journal)
        assert {"succeeded"} == {outcome.state for outcome in outcomes}


async def _pause_run(world: World) -> None:
    async with SqliteJournal(_file(world), run=secrets.token_hex(8)) as journal:
        async with world.client.webhooks.send_tests(world.organization, journal=journal, in_flight=2) as run:
            async for _ in run:
                await run.pause()
                break
        assert world.endpoints[0] in {
            outcome.endpoint_id for outcome in await world.client.webhooks.resume_tests(journal)
        }


def _methods(name: str, *more: str) -> tuple[str, ...]:
    exchanges = ("exchange", "exchange_page", "exchange_window")
    every = ("begin", *exchanges, "read", "runs", "pause", "drop", "aclose", "__aenter__", "__aexit__", *more)
    return tuple(f"{name}.{method}" for method in every)


SCENARIOS = [
    Scenario(
        name="Redis journal",
        covers=_methods("RedisJournal", "outcomes"),
        prepare=_forget_runs,
        run=_use_redis_journal,
        uses_redis=True,
    ),
    Scenario(
        name="SQLite journal",
        covers=_methods("SqliteJournal", "outcomes"),
        prepare=_settle,
        run=_use_sqlite_journal,
    ),
    Scenario(name="run with journal", covers=(), prepare=_settle, run=_run_with_journal),
    Scenario(name="run with Redis journal", covers=(), prepare=_settle, run=_run_with_redis_journal, uses_redis=True),
    Scenario(name="pause run", covers=("TestRun.pause",), prepare=_settle, run=_pause_run),
]
