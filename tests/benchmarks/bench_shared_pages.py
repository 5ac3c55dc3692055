"""Reads of eight processes that test one organization: ``python -m tests.benchmarks.bench_shared_pages``.

It needs Debian's redis-server. The first rows are on virtual time. A real Redis server runs the script of the rate
limit, which the processes share in every row. They share pages through that store, or are workers of one run and share
them through its journal, which is in memory. The last rows start eight real processes, all at once, and those that are
workers of a run have no rate limit. All figures are counts.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from typing import TYPE_CHECKING, Final

import attrs
from yarl import URL

from tests.support import kills
from tests.support.delivery_service import ORGANIZATION, endpoint
from tests.support.event_store import EventStore, constant, spread
from tests.support.memory_journal import MemoryStorage
from tests.support.memory_pages import MemoryPages
from tests.support.processes import run_tests
from tests.support.redis_server import RedisServer
from tests.support.sharing_journal import SharingJournal
from tests.support.virtual_store import ScriptRunner, VirtualStore
from tests.support.virtual_time import run
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.caller import ApiCaller
from tripwire_async._http.options import CallOptions
from tripwire_async.middleware import RateLimit, Retry, compose
from tripwire_async.resources.webhooks import Webhooks
from tripwire_async.testing import DeliveryOutcome, TripwireServer

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tripwire_async.middleware import RateLimitStore

PROCESSES: Final = 8
SEEDS: Final = (1, 2, 3)
NAMES: Final = itertools.count()


@attrs.frozen
class Row:
    """One situation."""

    title: str
    durations: Callable[[random.Random], float]
    tests: int
    limit: int
    window: float


ROWS: Final = (
    Row("deliveries of 2 s, 200 requests per 4 s", constant(2.0), 1_200, 200, 4.0),
    Row("deliveries of 5 s, 600 requests per 60 s", constant(5.0), 1_200, 600, 60.0),
    Row("deliveries of 5 to 20 s, 600 requests per 60 s", spread, 2_400, 600, 60.0),
)


@attrs.frozen(kw_only=True)
class Way:
    """Number of processes, tests in flight of each, and through what they share pages: the store or the journal."""

    processes: int = PROCESSES
    in_flight: int = 200
    store: bool = False
    journal: bool = False


class _Store(MemoryPages):
    """The pages of all processes, with the slots of one of them."""

    def __init__(self, slots: RateLimitStore, shared: MemoryPages) -> None:
        super().__init__(delay=shared.delay)
        self.pages, self.windows = shared.pages, shared.windows
        self.exchange = slots.exchange


async def reads_of(row: Row, server: RedisServer, seed: int, way: Way) -> float:
    """Return the number of reads per send."""
    service = EventStore(row.durations, limit=row.limit, window=row.window, seed=seed)
    runner, shared = ScriptRunner(server.url, f"bench.{next(NAMES)}"), MemoryPages(delay=0.0005)
    storage = MemoryStorage(lease=30.0)

    async def one(index: int) -> None:
        slots = VirtualStore(runner, (0.0002, 0.001), seed=100 * seed + index)
        store: RateLimitStore = _Store(slots, shared) if way.store else slots  # type: ignore[assignment] - it has `exchange`
        chain = compose((Retry(max_attempts=20), RateLimit(store=store)), service)
        caller = ApiCaller(chain, URL("https://api.example"), CallOptions())
        webhooks = Webhooks(caller, LOOP_CLOCK, store=store, base_url="https://api.example")
        count = row.tests // way.processes
        ids = [endpoint(index * count + number) for number in range(count)]
        journal = None
        if way.journal:
            ids = [endpoint(number) for number in range(row.tests)]
            journal = SharingJournal(storage, pages=shared)
        outcomes = await webhooks.send_tests(ORGANIZATION, ids, in_flight=way.in_flight, journal=journal)
        assert not way.store or all(outcome.state == "succeeded" for outcome in outcomes)

    await asyncio.gather(*(one(index) for index in range(way.processes)))
    runner.close()
    assert row.tests == len(service.events)
    return len(service.reads) / len(service.events)


async def over_the_wire(server: RedisServer) -> float:
    """Return the number of reads per send of eight real processes."""
    async with TripwireServer(limit=200, window=4.0) as service:
        service.set_outcome(DeliveryOutcome("succeeded", after=2.0))
        states = await run_tests(service, server.url, processes=PROCESSES, endpoints=150)
        assert {"succeeded": 150 * PROCESSES} == states
        reads = sum(request.operation in {"listEvents", "retrieveEvent"} for request in service.requests)
    return reads / (150 * PROCESSES)


async def workers_over_the_wire(journal: str) -> float:
    """Return the number of reads per send of eight real processes, which are workers of one run."""
    count = 150 * PROCESSES
    result = await kills.run(
        kills.Scenario(
            journal=journal, endpoints=count, workers=PROCESSES, kills=0, latency=0.0, settling=2.0, in_flight=200
        )
    )
    assert ([], {}) == (result.errors, result.others)
    return result.reads / count


def main() -> None:
    """Print the reads per send: the least and the most of the seeds."""
    ways = (
        ("one process", Way(processes=1)),
        ("eight, each for itself", Way()),
        ("the same, 25 in flight", Way(in_flight=200 // PROCESSES)),
        ("eight that share", Way(store=True)),
        ("eight workers of a run", Way(journal=True)),
    )
    with RedisServer() as server:
        for row in ROWS:
            print(f"{row.tests:,} tests, {row.title}")
            for title, way in ways:
                reads = [run(reads_of(row, server, seed, way)) for seed in SEEDS]
                print(f"  {title:<24}{min(reads):>7.1%}{max(reads):>7.1%}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            print("1,200 tests, deliveries of 2 s, eight real processes")
            for title, reads in (
                ("that share a limit", over_the_wire(server)),
                ("with a SqliteJournal", workers_over_the_wire(f"{folder}/run.db")),
                ("with a RedisJournal", workers_over_the_wire(server.url)),
            ):
                print(f"  {title:<24}{asyncio.run(reads):>7.1%}", flush=True)


if __name__ == "__main__":
    main()
