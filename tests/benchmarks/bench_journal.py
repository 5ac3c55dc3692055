"""Costs of a journal for a run of tests: ``python -m tests.benchmarks.bench_journal [ENDPOINTS] [ROUNDS]``.

The server is in another process and has no rate limit, and deliveries succeed at once, so the client is the bottleneck.
Runs without and with a journal alternate, each with a new server. The CPU time is that of this process, all of its
threads included.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import attrs

from tests.benchmarks.server_process import server
from tripwire_async import AsyncTripwire
from tripwire_async.journal import SqliteJournal

ENDPOINTS: Final = 1000
ROUNDS: Final = 5
NO_LIMIT: Final = 1_000_000


@attrs.frozen
class Measurement:
    """One run: CPU and elapsed seconds, requests beside the sends, and the size of the journal in bytes."""

    cpu: float
    seconds: float
    reads: int
    size: int


def measure(endpoints: int, path: Path | None) -> Measurement:
    """Test a number of endpoints, with a journal at *path*, if there is one."""

    async def test() -> tuple[float, float]:
        async with AsyncTripwire(running.secret_key, base_url=running.base_url) as tripwire:
            journal = None if path is None else SqliteJournal(path)
            # The connections and the imports are not part of the run.
            await tripwire.webhooks.list_endpoints(running.organization_id)
            cpu, started = time.process_time(), time.perf_counter()
            run = tripwire.webhooks.send_tests(running.organization_id, running.endpoint_ids, journal=journal)
            async with run:
                async for _ in run:
                    pass
            measured = time.process_time() - cpu, time.perf_counter() - started
            if journal is not None:
                await journal.aclose()
            return measured

    with server(limit=NO_LIMIT, endpoints=endpoints) as running:
        cpu, seconds = asyncio.run(test())
    assert running.report is not None
    assert (endpoints, endpoints) == (running.report.deliveries, running.report.endpoints_reached)
    size = 0 if path is None else path.stat().st_size
    return Measurement(cpu, seconds, running.report.requests - endpoints - 1, size)


def main() -> None:
    """Print the costs of each round, and the median of their ratios."""
    endpoints, rounds = (int(word) for word in (*sys.argv[1:], *(ENDPOINTS, ROUNDS)[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as folder:
        # The imports of a first run are not measured.
        measure(50, None)
        measure(50, Path(folder) / "run.db")
    print(f"{endpoints} endpoints, without and with a journal in SQLite")
    print(
        f"  {'CPU s':>7}{'with':>7}{'ratio':>7}{'seconds':>9}{'with':>7}{'reads':>7}{'with':>6}{'bytes/endpoint':>16}"
    )
    ratios: list[float] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            bare, kept = measure(endpoints, None), measure(endpoints, Path(folder) / "run.db")
        ratios.append(kept.cpu / bare.cpu)
        print(
            f"  {bare.cpu:>7.2f}{kept.cpu:>7.2f}{ratios[-1]:>7.2f}{bare.seconds:>9.2f}{kept.seconds:>7.2f}"
            f"{bare.reads:>7}{kept.reads:>6}{kept.size / endpoints:>16.0f}"
        )
    print(f"  median of the ratios: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
