"""Waits for many deliveries on virtual time: ``python -m tests.benchmarks.bench_waiting``.

Each row is one situation: tests that are sent and awaited at once, or a run of `send_tests`, with deliveries that take
5 to 20 seconds (*spread*) or with a long tail (*heavy*). A timeout is *false* if the delivery had ended at least one
second before. Lateness is the time between the end of a delivery and the end of the wait for it.

The second part compares the CPU time per test of a large number of tests with that of 2,000. The speed of a machine
changes within seconds, so one figure after the other says little. Each large run has as many small ones around it as
hold the same number of tests, half of them before it, and the median of several such ratios counts. The columns *gc*
are the part of Python's garbage collector.

``--most 2000`` leaves out the rows of more tests, ``--part growth`` runs only the comparison, and ``--only`` selects
rows by words of their titles: ``--part growth --only "send_tests 10,000 heavy none"`` takes a minute or two.

CPU time is that of the client per requested test. Where the rate limit lets only some of them be sent within the
deadline of a call, the column *sent* is smaller, and the time of the calls that ended without a send is included. The
service is in the same process, as both are on virtual time; its own CPU time is left out, and its events are not
tracked by the garbage collector. The tasks of the caller, two objects of `asyncio.gather` for each of them included,
and the virtual event loop count as part of the client.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import itertools
import statistics
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
    from collections.abc import Callable, Generator, Iterable

SEEDS: Final = (1, 2, 3)
TIMEOUT: Final = 300.0

SMALL: Final = 2_000
LARGE: Final = (10_000, 50_000)
BOUND: Final = 1.2
"""Most that a test of a large number may cost, compared with one of a small number."""


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

    def has(self, words: str) -> bool:
        """Return whether all *words* are in the title."""
        return set(words.split()) <= set(str(self).replace(", ", " ").split())


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
    Row(True, 2_000, spread, 600),
    Row(True, 10_000, spread, 600),
    Row(True, 50_000, heavy_tailed, 600),
)

SHAPES: Final = (
    Row(False, SMALL, spread),
    Row(False, SMALL, heavy_tailed),
    Row(True, SMALL, spread),
    Row(True, SMALL, heavy_tailed),
    Row(True, SMALL, spread, 600),
    Row(True, SMALL, heavy_tailed, 600),
)
"""Situations in which the number of tests must not matter. The rate limit lets no more than 2,000 be sent at once."""


@attrs.define
class Result:
    """Result of one run of a row; *reads* are for each test that was sent, *cpu* and *gc* for each requested one."""

    sent: int
    false: int
    lateness: list[float]
    reads: float
    cpu: float
    gc: float
    seconds: float


@contextlib.contextmanager
def collecting(times: list[float]) -> Generator[None]:
    """Append the start of each garbage collection, negative, and its end; their sum is the time of all."""

    def note(phase: str, _: object) -> None:
        now = time.process_time()
        times.append(now if phase == "stop" else -now)

    gc.callbacks.append(note)
    try:
        yield
    finally:
        gc.callbacks.remove(note)


async def measure(row: Row, seed: int) -> Result:
    """Run *row* once."""
    store = EventStore(row.durations, limit=row.limit or 10_000_000, seed=seed)
    # Windows of a run without a limit are large enough that the latency decides.
    chain = compose((Retry(), RateLimit()), store)
    webhooks = Webhooks(ApiCaller(chain, URL("https://api.example"), CallOptions()), LOOP_CLOCK)
    ended: dict[int, tuple[float, bool]] = {}
    gc.collect()
    collections: list[float] = []
    started = time.process_time()
    with collecting(collections):
        await (_send_tests if row.is_run else _at_once)(row, webhooks, ended)
    cpu = time.process_time() - started - store.cpu
    lateness: list[float] = []
    false = 0
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
        gc=sum(collections) / row.count,
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


def print_rows(most: int, words: str) -> None:
    """Print a line for each row: medians over the seeds, and the worst number of false timeouts."""
    print(f"{'waits':<22}  {'kind':<7}{'limit':<9}{'sent':>7}{'false':>6}{'late 50 %':>10}{'99 %':>8}", end="")
    print(f"{'reads':>7}{'CPU µs':>8}{'s':>7}")
    for row in ROWS:
        if row.count > most or not row.has(words):
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


def compare(small: Row, large: Row, seeds: itertools.count[int]) -> tuple[list[Result], Result]:
    """Return results of *small*, for as many tests in all as *large* has, and that of *large* between them."""
    as_many = large.count // small.count
    results = [run(measure(small, next(seeds))) for _ in range(as_many // 2)]
    result = run(measure(large, next(seeds)))
    results += [run(measure(small, next(seeds))) for _ in range(as_many - as_many // 2)]
    return results, result


def print_growth(most: int, words: str, pairs: int) -> None:
    """Print the ratio of the CPU times per test for each shape and large number, and the part of the collector."""
    print(
        f"\n{'CPU µs per test':<22}  {'kind':<7}{'limit':<9}{f'of {SMALL:,}':>10}{'gc':>5}{'of all':>8}{'gc':>5}",
        end="",
    )
    print(f"{'ratio':>7}{'range':>14}{'bound':>7}")
    for count, shape in itertools.product(LARGE, SHAPES):
        row = attrs.evolve(shape, count=count)
        if count > most or not row.has(words):
            continue
        seeds = itertools.count(1)
        run(measure(shape, next(seeds)))  # fills caches
        results = [compare(shape, row, seeds) for _ in range(pairs)]
        few = [each for small, _ in results for each in small]
        many = [large for _, large in results]
        ratios = [large.cpu / statistics.mean(each.cpu for each in small) for small, large in results]
        print(
            f"{row}{_micros(each.cpu for each in few):>10}{_micros(each.gc for each in few):>5}"
            f"{_micros(each.cpu for each in many):>8}{_micros(each.gc for each in many):>5}"
            f"{statistics.median(ratios):>7.2f}{f'{min(ratios):.2f} to {max(ratios):.2f}':>14}{BOUND:>7}",
            flush=True,
        )


def _micros(seconds: Iterable[float]) -> str:
    return f"{statistics.median(seconds) * 1e6:.0f}"


def main() -> None:
    """Print the parts that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("rows", "growth"), help="run only this part")
    parser.add_argument("--most", type=int, default=LARGE[-1], help="leave out the rows of more tests")
    parser.add_argument("--only", default="", metavar="WORDS", help="run only the rows with all of these words")
    parser.add_argument("--pairs", type=int, default=5, help="how often each large number is compared")
    options = parser.parse_args()
    if options.part != "growth":
        print_rows(options.most, options.only)
    if options.part != "rows":
        print_growth(options.most, options.only, options.pairs)


if __name__ == "__main__":
    main()
