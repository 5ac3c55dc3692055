"""Waits for many deliveries on virtual time: ``python -m tests.benchmarks.bench_waiting``.

Each row is one situation: tests that are sent and awaited at once, or a run of `send_tests`, with deliveries that take
5 to 20 seconds (*spread*) or with a long tail (*heavy*). A timeout is *false* if the delivery had ended at least one
second before. Lateness is the time between the end of a delivery and the end of the wait for it.
``python -m tests.benchmarks.bench_waiting 2000`` runs the rows of at most that many tests.

CPU time is that of the client for each test that was asked for. Where the rate limit lets only some of them be sent
within the deadline of a call, the column *sent* is smaller, and the time of the calls that ended without a send is
included. The service is in the same process, as both are on virtual time; its own CPU time is left out, and its events
are not tracked by the garbage collector. The tasks of the caller, two objects of `asyncio.gather` for each of them
included, and the virtual event loop count as part of the client.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import time
from typing import TYPE_CHECKING, Final

import attrs
from yarl import URL

from tests.support.delivery_service import ORGANIZATION, endpoint
from tests.support.event_store import EventStore, heavy_tailed, spread
from tests.support.virtual_time import run
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.caller import ApiCaller
from tripwire_async._http.options import CallOptions
from tripwire_async.errors import DeliveryTimeoutError, TripwireError
from tripwire_async.middleware import RateLimit, Retry, compose
from tripwire_async.resources.webhooks import Webhooks

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

SEEDS: Final = (1, 2, 3)
TIMEOUT: Final = 300.0


@attrs.frozen
class Row:
    """One situation."""

    is_run: bool
    count: int
    durations: Callable[[random.Random], float]
    limit: int | None = None
    timeout: float = TIMEOUT

    def __str__(self) -> str:
        how = "send_tests" if self.is_run else f"at once, {self.timeout:g} s"
        kind = "spread" if self.durations is spread else "heavy"
        limit = "none" if self.limit is None else f"{self.limit}/60 s"
        return f"{how:<15}{self.count:>7,}  {kind:<7}{limit:<9}"


ROWS: Final = (
    Row(False, 600, spread, timeout=60.0),
    Row(False, 2_000, spread),
    Row(False, 2_000, heavy_tailed),
    Row(False, 10_000, spread),
    Row(False, 10_000, heavy_tailed),
    Row(False, 50_000, spread),
    Row(False, 50_000, heavy_tailed),
    Row(False, 10_000, spread, 600),
    Row(False, 2_000, spread, 600),
    Row(False, 3_000, spread, 600),
    Row(True, 2_000, heavy_tailed),
    Row(True, 10_000, heavy_tailed),
    Row(True, 50_000, heavy_tailed),
    Row(True, 2_000, heavy_tailed, 600),
    Row(True, 10_000, heavy_tailed, 600),
    Row(True, 10_000, spread, 600),
    Row(True, 50_000, heavy_tailed, 600),
)
"""Within one kind and limit, CPU time at 10,000 and at 50,000 tests is to be at most 1.2 times that at 2,000."""


@attrs.define
class Result:
    """Result of one run of a row; *reads* are for each test that was sent, *cpu* for each that was asked for."""

    sent: int
    false: int
    lateness: list[float]
    reads: float
    cpu: float
    seconds: float


async def measure(row: Row, seed: int) -> Result:
    """Run *row* once."""
    store = EventStore(row.durations, limit=row.limit or 10_000_000, seed=seed)
    # Windows of a run without a limit are large enough that the latency decides.
    chain = compose((Retry(), RateLimit()), store)
    webhooks = Webhooks(ApiCaller(chain, URL("https://api.example"), CallOptions()), LOOP_CLOCK)
    ended: dict[int, tuple[float, bool]] = {}
    gc.collect()
    started = time.process_time()
    await (_send_tests if row.is_run else _at_once)(row, webhooks, ended)
    cpu = time.process_time() - started - store.cpu
    lateness, false = [], 0
    for number, (finished, timed_out) in ended.items():
        ends = store.events[number].ends
        if timed_out:
            false += finished - ends >= 1.0
        else:
            lateness.append(finished - ends)
    return Result(
        sent=len(store.events),
        false=false,
        lateness=lateness,
        reads=len(store.reads) / len(store.events),
        cpu=cpu / row.count,
        seconds=asyncio.get_running_loop().time(),
    )


async def _at_once(row: Row, webhooks: Webhooks, ended: dict[int, tuple[float, bool]]) -> None:
    loop = asyncio.get_running_loop()

    async def one(number: int) -> None:
        try:
            handle = await webhooks.send_test(ORGANIZATION, endpoint(number))
        except TripwireError:
            # The deadline of the call came before its turn in the rate limit.
            return
        timed_out = False
        try:
            await handle.settled(row.timeout)
        except DeliveryTimeoutError:
            timed_out = True
        ended[int(handle.event_id[5:], 16)] = loop.time(), timed_out

    await asyncio.gather(*(one(number) for number in range(row.count)))


async def _send_tests(row: Row, webhooks: Webhooks, ended: dict[int, tuple[float, bool]]) -> None:
    loop = asyncio.get_running_loop()
    async with webhooks.send_tests(ORGANIZATION, [endpoint(number) for number in range(row.count)]) as tests:
        async for outcome in tests:
            if outcome.pending is not None:
                number = int(outcome.pending.event_id[5:], 16)
                ended[number] = loop.time(), outcome.state == "timed_out"


def main() -> None:
    """Print a line for each row: medians over the seeds, and the worst number of false timeouts."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    print(f"{'waits':<22}  {'kind':<7}{'limit':<9}{'sent':>7}{'false':>6}{'late 50 %':>10}{'99 %':>8}", end="")
    print(f"{'reads':>7}{'CPU µs':>8}{'s':>7}")
    for row in ROWS:
        if row.count > most:
            continue
        results = [run(measure(row, seed)) for seed in SEEDS[: 1 if row.count > 10_000 else 3]]
        cuts = [statistics.quantiles(result.lateness, n=100) for result in results]
        print(
            f"{row}{min(result.sent for result in results):>7,}{max(result.false for result in results):>6}"
            f"{statistics.median(cut[49] for cut in cuts):>10.2f}{statistics.median(cut[98] for cut in cuts):>8.1f}"
            f"{statistics.median(result.reads for result in results):>7.2f}"
            f"{statistics.median(result.cpu for result in results) * 1e6:>8.0f}"
            f"{statistics.median(result.seconds for result in results):>7.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
