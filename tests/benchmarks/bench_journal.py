"""Costs of a journal for a run of tests: ``python -m tests.benchmarks.bench_journal [ENDPOINTS] [ROUNDS]``.

The server is in another process and has no rate limit, and deliveries succeed at once, so the client is the bottleneck.
Each round makes a run without and a run with a journal, in alternating order and each with a new server. The CPU time
is that of this process: of the main thread, and of all other threads, in which SQLite works. A single round depends on
the load of the machine and on the garbage collections that fall into it, so the results are medians and quartiles.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from tests.benchmarks.server_process import server
from tripwire_async import AsyncTripwire
from tripwire_async.journal import SqliteJournal

if TYPE_CHECKING:
    from collections.abc import Sequence

ENDPOINTS: Final = 1000
ROUNDS: Final = 15
NO_LIMIT: Final = 1_000_000


@attrs.frozen
class Measurement:
    """One run: CPU seconds, elapsed seconds, requests beside the sends, and the size of the journal in bytes."""

    main: float
    others: float
    seconds: float
    reads: int
    size: int

    @property
    def cpu(self) -> float:
        """CPU seconds of all threads."""
        return self.main + self.others


def measure(endpoints: int, path: Path | None) -> Measurement:
    """Test a number of endpoints, with a journal at *path*, if there is one."""

    async def test() -> tuple[float, float, float]:
        async with AsyncTripwire(running.secret_key, base_url=running.base_url) as tripwire:
            journal = None if path is None else SqliteJournal(path)
            # The connections and the imports are not part of the run.
            await tripwire.webhooks.list_endpoints(running.organization_id)
            # The objects of earlier runs must not make the collections of this one longer.
            gc.collect()
            gc.freeze()
            cpu, main, started = time.process_time(), time.thread_time(), time.perf_counter()
            run = tripwire.webhooks.send_tests(running.organization_id, running.endpoint_ids, journal=journal)
            async with run:
                async for _ in run:
                    pass
            main = time.thread_time() - main
            measured = main, time.process_time() - cpu - main, time.perf_counter() - started
            if journal is not None:
                await journal.aclose()
            return measured

    with server(limit=NO_LIMIT, endpoints=endpoints) as running:
        main, others, seconds = asyncio.run(test())
    assert running.report is not None
    assert (endpoints, endpoints) == (running.report.deliveries, running.report.endpoints_reached)
    size = 0 if path is None else path.stat().st_size
    return Measurement(main, others, seconds, running.report.requests - endpoints - 1, size)


def measure_both(endpoints: int, *, is_first: bool) -> tuple[Measurement, Measurement]:
    """Return a run without and a run with a journal; with *is_first*, the one with a journal is made first."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.db"
        if is_first:
            kept = measure(endpoints, path)
            return measure(endpoints, None), kept
        return measure(endpoints, None), measure(endpoints, path)


def describe(values: Sequence[float], digits: int) -> str:
    """Return the median of *values*, and the quartiles if there are several."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    first, median, third = statistics.quantiles(values, n=4, method="inclusive")
    return f"{median:.{digits}f} ({first:.{digits}f} to {third:.{digits}f})"


def main() -> None:
    """Print the costs of each round, and the medians with quartiles of all rounds."""
    endpoints, rounds = (int(word) for word in (*sys.argv[1:], *(ENDPOINTS, ROUNDS)[len(sys.argv) - 1 :]))
    # The imports of a first run are not measured.
    measure_both(50, is_first=False)
    print(f"{endpoints} endpoints, without and with a journal in SQLite")
    columns = ("CPU s", "with", "main", "others", "ratio", "seconds", "with", "reads", "with", "bytes/endpoint")
    print("  " + "".join(f"{name:>8}" for name in columns[:-1]) + f"{columns[-1]:>16}")
    results: list[tuple[Measurement, Measurement]] = []
    for number in range(rounds):
        bare, kept = measure_both(endpoints, is_first=number % 2 == 1)
        results.append((bare, kept))
        print(
            f"  {bare.cpu:8.3f}{kept.cpu:8.3f}{kept.main:8.3f}{kept.others:8.3f}{kept.cpu / bare.cpu:8.2f}"
            f"{bare.seconds:8.2f}{kept.seconds:8.2f}{bare.reads:8}{kept.reads:8}{kept.size / endpoints:16.0f}",
            flush=True,
        )
    print("medians, with the quartiles in parentheses")
    rows = {
        "CPU ms without": ([1e3 * bare.cpu for bare, _ in results], 0),
        "CPU ms with": ([1e3 * kept.cpu for _, kept in results], 0),
        "  main thread": ([1e3 * kept.main for _, kept in results], 0),
        "  other threads": ([1e3 * kept.others for _, kept in results], 0),
        "ratio": ([kept.cpu / bare.cpu for bare, kept in results], 2),
        "  main thread alone": ([kept.main / bare.cpu for bare, kept in results], 2),
        "elapsed ratio": ([kept.seconds / bare.seconds for bare, kept in results], 2),
    }
    for name, (values, digits) in rows.items():
        print(f"  {name:20}{describe(values, digits)}")


if __name__ == "__main__":
    main()
