"""A sample of the runs whose workers are killed; the session ``kills`` makes many."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.support import kills
from tests.support.kills import Result, Scenario, Workers, run
from tests.support.redis_server import RedisServer
from tripwire_async.testing import TripwireServer

if TYPE_CHECKING:
    from pathlib import Path

CANNOT_BEGIN = "line 1, in _begin: Redis does not respond"


@pytest.mark.parametrize("kind", ["redis", "sqlite"])
async def test_each_endpoint_receives_one_webhook_although_workers_are_killed(kind: str, tmp_path: Path) -> None:
    """One of them at its first request. The service continues with the sends of a client that is gone."""
    with RedisServer() as server:
        journal = server.url if kind == "redis" else str(tmp_path / "run.db")
        result = await run(Scenario(journal=journal, endpoints=60, workers=2, kills=2, first=True, lease=1.0))
    assert [] == result.errors
    assert ({}, 60) == (result.others, len(result.webhooks))
    assert 1 <= result.kills <= 2


async def nothing() -> None:
    """Disturb nothing."""


@pytest.mark.parametrize(
    ("error", "disturb", "restarts"),
    [(CANNOT_BEGIN, nothing, 2), (CANNOT_BEGIN, None, 0), ("in _exchange: Redis does not respond", nothing, 0)],
)
async def test_a_worker_that_cannot_begin_is_started_again_a_bounded_number_of_times(
    monkeypatch: pytest.MonkeyPatch, error: str, disturb: object, restarts: int
) -> None:
    """Only if the store was disturbed, and only for that error. The last error is reported."""
    monkeypatch.setattr(kills, "RESTARTS", 2)
    result = Result(Counter())
    async with TripwireServer() as server, asyncio.timeout(30.0):
        scenario = Scenario(journal="unused", disturb=disturb)  # type: ignore[arg-type] - the parameters are valid
        workers = Workers(server, scenario, result, (sys.executable, "-S", "-c", f"raise SystemExit({error!r})"))
        await workers.start()
        await workers.end()
    assert ([f"{error}\n"], restarts) == (result.errors, result.restarts)
