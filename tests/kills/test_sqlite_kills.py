"""At least 200 kills of workers that share a journal in a file; the server counts the webhooks of each endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.kills import Scenario, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUNS = 27
TOTAL: list[int] = []


@pytest.fixture(scope="module", autouse=True)
def total() -> Iterator[None]:
    """Print the number of kills, and require 200 if all tests have run."""
    yield
    print(f"\n{sum(TOTAL)} kills in {len(TOTAL)} runs")  # noqa: T201 - the result of the session
    assert len(TOTAL) < RUNS or sum(TOTAL) >= 200


@pytest.mark.parametrize("seed", range(RUNS))
async def test_workers_are_killed_and_stopped(seed: int, tmp_path: Path) -> None:
    """One to three workers at a time, in every second run at the first request.

    In two of three runs the service works on each test for some time, also if the client is gone.
    """
    scenario = Scenario(
        journal=str(tmp_path / "run.db"),
        workers=1 + seed % 3,
        kills=8,
        stops=seed % 2,
        first=seed % 2 == 0,
        latency=seed % 3 * 0.2,
        seed=seed,
    )
    result = await run(scenario)
    TOTAL.append(result.kills)
    assert [] == result.errors
    assert {} == result.others
