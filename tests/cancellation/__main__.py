"""Command that interrupts every public coroutine at each of its suspension points: ``python -m tests.cancellation``.

An argument selects scenarios by a part of their name. The exit status is 1 if something was left or a call failed.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.support.redis_server import RedisServer

from .campaign import Case, run_cases
from .interruption import WAYS
from .scenarios import scenarios


def main() -> int:
    """Run all cases; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.cancellation", description=__doc__)
    parser.add_argument("name", nargs="?", default="", help="part of the names of the scenarios")
    parser.add_argument("--way", choices=WAYS, action="append", help="cancel in this way only; may be repeated")
    arguments = parser.parse_args()
    chosen = [scenario for scenario in scenarios() if arguments.name in scenario.name]
    cases = [
        Case(scenario=scenario, way=way, crowded=crowded, uses_redis=uses_redis)
        for scenario in chosen
        for uses_redis in ([True] if scenario.uses_redis else [False, True])
        for crowded in (False, True)
        for way in arguments.way or WAYS
        if not (crowded and way == "all")  # the other calls would be cancelled too
    ]
    started = time.monotonic()
    with RedisServer() as redis:
        tally = run_cases(cases, redis.url, report=lambda case, points: print(f"{points:4} {case}", flush=True))
    print(*tally.failures, sep="\n")
    print(
        f"{len(chosen)} scenarios in {len(cases)} cases: {tally.points} suspension points cancelled"
        f" ({dict(tally.cancellations)} cancellations), {len(tally.failures)} failures,"
        f" {time.monotonic() - started:.0f} s"
    )
    return int(bool(tally.failures))


if __name__ == "__main__":
    sys.exit(main())
