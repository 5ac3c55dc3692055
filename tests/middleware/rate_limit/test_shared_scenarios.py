"""Tests of several processes with one limit on virtual time."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import pytest

from tests.support import requests, virtual_time
from tests.support.limit_services import RollingWindow
from tests.support.shared_scenarios import run
from tests.support.virtual_store import ScriptRunner, VirtualStore
from tripwire_async.middleware import RateLimit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.redis_server import RedisServer
    from tripwire_async._http.messages import Request, Response


NAMES = itertools.count()


@pytest.fixture
def runner(server: RedisServer) -> Iterator[ScriptRunner]:
    """Return a runner of the script with its own name."""
    runner = ScriptRunner(server.url, f"scenario.{next(NAMES)}")
    yield runner
    runner.close()


@pytest.mark.parametrize("seed", range(3))
def test_two_processes_share_a_redis_that_is_60_ms_away(runner: ScriptRunner, seed: int) -> None:
    """A request for slots takes a round trip, and one request is rejected."""
    outcome = run(runner, processes=2, calls=150, counter=RollingWindow(60, 2.0), delay=(0.03, 0.03), seed=seed)
    assert outcome.succeeded == 300
    assert outcome.rejected == 1
    assert outcome.window is not None
    assert outcome.window >= 2.0
    assert outcome.seconds <= 12


@pytest.mark.parametrize("seed", range(3))
def test_eight_processes_share_a_redis_with_jitter(runner: ScriptRunner, seed: int) -> None:
    """Reported times are late by up to 8 ms; the window is not shortened by that, and no process stalls."""
    outcome = run(runner, processes=8, calls=100, counter=RollingWindow(100, 1.0), delay=(0.0, 0.008), seed=seed)
    assert outcome.succeeded == 800
    assert outcome.rejected == 1
    assert outcome.window is not None
    assert outcome.window >= 1.0
    assert outcome.seconds <= 9


@pytest.mark.parametrize("killed_after", [0.0005, 0.002, 0.004])
def test_a_process_that_is_killed_at_its_first_request_does_not_block_the_others(
    runner: ScriptRunner, killed_after: float
) -> None:
    """Its slots are released after five seconds; nothing else shows how long the window lasts while one is open."""
    outcome = run(
        runner,
        processes=3,
        calls=60,
        counter=RollingWindow(60, 2.0),
        delay=(0.0, 0.001),
        killed_after=killed_after,
    )
    assert outcome.succeeded == 120
    assert outcome.seconds <= 10


def test_all_processes_keep_a_cooldown_for_another_reason(runner: ScriptRunner) -> None:
    """A proxy's rejection reaches the store as a cooldown and nothing else, 300 s at most."""

    async def main() -> None:
        one, two = (RateLimit(store=VirtualStore(runner)) for _ in range(2))

        async def accept(request: Request) -> Response:
            return requests.limited(100, 60)

        async def reject(request: Request) -> Response:
            return requests.answer(429, {"Retry-After": "1764279600"})

        await one(requests.request(), accept)
        await two(requests.request(), accept)
        await one(requests.request(), reject)
        await two(requests.request("GET", deadline=400.0), accept)
        assert 300 <= asyncio.get_running_loop().time() <= 302
        assert (two.state().limit, two.state().window) == (100, None)

    virtual_time.run(main())
