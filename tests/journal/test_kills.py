"""A sample of the runs whose workers are killed; the session ``kills`` makes many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.kills import Scenario, run
from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", ["redis", "sqlite"])
async def test_each_endpoint_receives_one_webhook_although_workers_are_killed(kind: str, tmp_path: Path) -> None:
    """One of them at its first request. The service continues with the sends of a client that is gone."""
    with RedisServer() as server:
        journal = server.url if kind == "redis" else str(tmp_path / "run.db")
        result = await run(Scenario(journal=journal, endpoints=60, workers=2, kills=2, first=True, lease=1.0))
    assert [] == result.errors
    assert ({}, 60) == (result.others, len(result.webhooks))
    assert 1 <= result.kills <= 2
