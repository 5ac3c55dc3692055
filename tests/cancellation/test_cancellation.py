"""A sample of the cancellations; ``python -m tests.cancellation`` makes all of them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.support.redis_server import RedisServer

from .campaign import Case, run_cases
from .interruption import WAYS
from .scenarios import NOT_INTERRUPTED, public_coroutines, scenarios

if TYPE_CHECKING:
    from collections.abc import Iterator

# At import: Python 3.11 sometimes fails to parse a module with "AST constructor recursion depth mismatch" if objects of
# earlier tests are collected meanwhile.
PUBLIC = public_coroutines()

_CALLS = 8
_POINTS = 2


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """Run a Redis server for the tests of this module."""
    with RedisServer() as redis:
        yield redis.url


def _sample() -> list[Case]:
    """Return one case of each scenario that is not a plain call, and of some plain calls, drawn by a seed."""
    generator = random.Random(20)  # noqa: S311 - a selection, not a secret
    plain = [scenario for scenario in scenarios() if scenario.recorded]
    others = [scenario for scenario in scenarios() if not scenario.recorded]
    return [
        Case(
            scenario=scenario,
            way=(way := generator.choice(WAYS)),
            crowded=way != "all" and generator.random() < 0.5,
            uses_redis=scenario.uses_redis or generator.random() < 0.5,
        )
        for scenario in [*others, *generator.sample(plain, _CALLS)]
    ]


@pytest.mark.parametrize("case", _sample(), ids=str)
def test_a_cancelled_coroutine_leaves_nothing(case: Case, redis_url: str) -> None:
    """No task, connection, permit, wait, read or timer is left; other calls finish, and the next call succeeds."""
    generator = random.Random(str(case))  # noqa: S311 - a selection, not a secret

    def choose(points: int) -> set[int]:
        return set(generator.sample(range(1, points + 1), min(_POINTS, points)))

    tally = run_cases([case], redis_url, choose=choose)
    assert [] == tally.failures


def test_every_public_coroutine_has_a_scenario() -> None:
    """A new one fails here until it is interrupted too."""
    covered = {name for scenario in scenarios() for name in scenario.covers}
    assert PUBLIC == covered | set(NOT_INTERRUPTED)
