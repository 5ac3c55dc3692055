"""Instructions of a call, counted by Valgrind: ``python -m tests.benchmarks.bench_instructions``.

The calls are those of `bench_call`, `send_test` and a bare ``session.post``, 64 at a time and alternately. Instructions
of the processor do not depend on the load of the machine, so two versions can be compared anywhere.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import re
import shutil
import statistics
import subprocess
import sys

from tests.benchmarks.bench_call import BARE, ENDPOINTS, LIMIT, calls_to, run
from tests.benchmarks.server_process import RunningServer, server

VALGRIND = ("valgrind", "--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=/dev/null")

WINDOW = 86_400.0


def control(*command: str) -> str:
    """Send a command to the Valgrind that runs this process, and return the response."""
    process = subprocess.run(  # noqa: S603 - a program of Valgrind
        ["callgrind_control", *command, str(os.getpid())],  # noqa: S607 - it is on the path, like Valgrind
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return process.stdout


def instructions() -> int:
    """Return the number of instructions of this process so far."""
    total = re.search(r"Th 1 +([\d,]+)", control("-e"))
    assert total is not None
    return int(total[1].replace(",", ""))


async def measure(where: RunningServer, rounds: int, calls: int) -> dict[str, list[float]]:
    """Return the instructions of each kind of call in each round, in a process that Valgrind runs."""
    async with calls_to(where) as kinds:
        counts: dict[str, list[float]] = {name: [] for name in kinds}
        for call in kinds.values():
            await run(call, 2 * calls, 64)
        # A collection of all modules would count for the call that happens to start it.
        gc.collect()
        gc.freeze()
        control("-i", "on")
        reading = -instructions() + instructions()
        for _ in range(rounds):
            for name, call in kinds.items():
                # Connections are closed when they have been idle for some seconds.
                await run(call, calls, 64)
                before = instructions()
                await run(call, calls, 64)
                counts[name].append((instructions() - before - reading) / calls)
    return counts


def main() -> None:
    """Run this module under Valgrind, or measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=256)
    parser.add_argument("server", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.server:
        if shutil.which("valgrind") is None:
            print("not measured: the program valgrind is missing")
            return
        # Under Valgrind the calls take so long that the first ones would leave a window of a minute.
        with server(limit=LIMIT, window=WINDOW, endpoints=ENDPOINTS) as where:
            arguments = [where.base_url, where.secret_key, where.organization_id, *where.endpoint_ids]
            command = [sys.executable, "-m", "tests.benchmarks.bench_instructions", *sys.argv[1:], *arguments]
            subprocess.run([*VALGRIND, *command], check=True, stderr=subprocess.DEVNULL)  # noqa: S603 - this module
        return
    base_url, secret_key, organization, *endpoints = options.server
    where = RunningServer(LIMIT, WINDOW, base_url, secret_key, organization, endpoints)
    counts = asyncio.run(measure(where, options.rounds, options.calls))
    print(f"{options.rounds} rounds of {options.calls} calls, 64 in flight: instructions per call, and the ratio")
    for name, values in counts.items():
        ratios = [value / bare for value, bare in zip(values, counts[BARE], strict=True)]
        print(f"  {name:15} {statistics.median(values):10,.0f}   {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
