"""Scenarios of journals."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import redis.asyncio

from tripwire_async.journal import Append, JournalAsk, NewRun, PageAsk, RedisJournal

from .scenario import Scenario

if TYPE_CHECKING:
    from .world import World

_LEASE = 60.0


async def _forget_runs(world: World) -> None:
    """Delete the runs of earlier cancellations, all of which a journal would list."""
    assert world.redis is not None
    async with redis.asyncio.Redis.from_url(world.redis) as client:
        await client.flushall()


async def _use_redis_journal(world: World) -> None:
    """Begin a run, lease and end its chunk, read it, list the runs, and drop it."""
    assert world.redis is not None
    run = NewRun(
        id=secrets.token_hex(8),
        organization_id=world.organization,
        base_url=world.client.profile.base_url,
        until="settled",
        endpoint_ids=tuple(world.endpoints),
    )
    async with RedisJournal(world.redis, run=f"run-{run.id}") as journal:
        await journal.begin(run)
        reply = await journal.exchange(_ask(1, wanted=1))
        (claim,) = reply.claims
        append = Append(claim.chunk, b"records", {})
        await journal.exchange(_ask(2, appends=(append,), ended=(claim.chunk,)))
        await journal.exchange_page(PageAsk(worker="worker", after=0.0))
        assert [segment async for segment in journal.read()]
        assert f"run-{run.id}" in {summary.name for summary in await journal.runs()}
        await journal.pause()
        await journal.drop()


def _ask(number: int, *, appends: tuple[Append, ...] = (), ended: tuple[int, ...] = (), wanted: int = 0) -> JournalAsk:
    return JournalAsk(worker="worker", number=number, appends=appends, ended=ended, wanted=wanted, lease=_LEASE)


SCENARIOS = [
    Scenario(
        name="Redis journal",
        covers=tuple(
            f"RedisJournal.{name}"
            for name in (
                *("begin", "exchange", "exchange_page", "read", "runs"),
                *("pause", "drop", "aclose", "__aenter__", "__aexit__"),
            )
        ),
        prepare=_forget_runs,
        run=_use_redis_journal,
        uses_redis=True,
    )
]
