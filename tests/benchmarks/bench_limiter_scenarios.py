"""Rate limit under bad conditions: ``python -m tests.benchmarks.bench_limiter_scenarios [WORDS OF A SCENARIO]``.

Everything runs on virtual time, so the figures do not depend on the machine or its load. Each scenario runs with
five seeds. The last rows are several processes that share a Redis; they need a ``redis-server``.
"""

from __future__ import annotations

import math
import sys

from tests.support.limit_scenarios import SCENARIOS, Result, Scenario
from tests.support.limit_services import RollingWindow
from tests.support.redis_server import RedisServer
from tests.support.shared_scenarios import run
from tests.support.virtual_store import ScriptRunner

SEEDS = range(5)
SHARED = [
    ("2 processes, Redis 60 ms away", 2, 150, 60, 2.0, (0.03, 0.03), 1),
    ("8 processes, 0 to 8 ms to Redis", 8, 100, 100, 1.0, (0.0, 0.008), 1),
]
"""Name, processes, calls of each, limit, window, delay to Redis each way, and the bound on rejected requests."""


def main(words: list[str]) -> int:
    """Print a line per scenario, and return 1 if a bound is exceeded."""
    print(f"{'scenario':42}{'least s':>8}{'seconds':>14}{'rejected':>12}{'lost':>6}   required")
    failed = 0
    for scenario in SCENARIOS:
        if all(word in scenario.name for word in words):
            results = [scenario.run(seed) for seed in SEEDS]
            failed += not all(is_within(scenario, result) for result in results)
            print(_row(scenario, results), flush=True)
    with RedisServer() as server:
        for name, processes, calls, limit, window, delay, bound in SHARED:
            if all(word in name for word in words):
                runner = ScriptRunner(server.url, "benchmark")
                outcomes = []
                for seed in SEEDS:
                    counter = RollingWindow(limit, window)
                    outcomes.append(
                        run(runner, processes=processes, calls=calls, counter=counter, delay=delay, seed=seed)
                    )
                    runner.close()
                results = [
                    Result(outcome.seconds, outcome.rejected, processes * calls - outcome.succeeded)
                    for outcome in outcomes
                ]
                least = (processes * calls / limit - 1) * window
                scenario = Scenario(name, SCENARIOS[0].service, SCENARIOS[0].load, least, math.inf, bound, 0)
                failed += not all(is_within(scenario, result) for result in results)
                print(_row(scenario, results), flush=True)
    return 1 if failed else 0


def is_within(scenario: Scenario, result: Result) -> bool:
    """Return whether *result* keeps the bounds of *scenario*."""
    return result.seconds <= scenario.seconds and result.rejected <= scenario.rejected and result.lost <= scenario.lost


def _row(scenario: Scenario, results: list[Result]) -> str:
    seconds = sorted(result.seconds for result in results)
    rejected = sorted(result.rejected for result in results)
    bounds = [f"{scenario.seconds:g} s"] * (scenario.seconds < math.inf)
    bounds += [f"{scenario.rejected:g} rejected"] * (scenario.rejected < math.inf)
    bounds += [f"{scenario.lost:g} lost"] * (scenario.lost < math.inf)
    mark = "" if all(is_within(scenario, result) for result in results) else "  EXCEEDED"
    return (
        f"{scenario.name:42}{scenario.least:>8g}{f'{seconds[0]:.1f}-{seconds[-1]:.1f}':>14}"
        f"{f'{rejected[0]}-{rejected[-1]}':>12}{max(result.lost for result in results):>6}"
        f"   {', '.join(bounds)}{mark}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
