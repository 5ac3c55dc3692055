"""Requests and duration of a run of tests under a rate limit: ``python -m tests.benchmarks.bench_test_runs``.

The first runs are on virtual time, with several seeds. The last ones use the loopback interface and a server in this
process, and take as long as they state. "at best" is the least possible duration if no more tests are in flight than a
page of events holds, and if every read counts as a request. Command line arguments are the numbers of the seeds.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from typing import Final

from tests.support.delivery_service import Service, now
from tests.support.runs import run_of
from tests.support.virtual_time import run
from tripwire_async import AsyncTripwire
from tripwire_async.testing import DeliveryOutcome, TripwireServer

SEEDS: Final = (0, 1, 2)
LAN: Final = (0.001, 0.003)
INTERNET: Final = (0.02, 0.06)

Measurement = tuple[int, int, float]
"""Number of requests, number of rejected ones, and seconds."""


def on_virtual_time(endpoints: int, service: Service) -> Measurement:
    """Test a number of endpoints of a simulated service."""

    async def main() -> Measurement:
        random.seed(service.seed)
        outcomes = await run_of(service, endpoints)
        assert all(outcome.state == "succeeded" for outcome in outcomes)
        return len(service.requests), len(service.limits.refused), now()

    return run(main())


async def over_the_wire(takes: float) -> Measurement:
    """Test 300 endpoints at 60 requests per 2 s."""
    async with (
        TripwireServer(limit=60, window=2.0) as server,
        AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
    ):
        server.set_outcome(DeliveryOutcome("succeeded", after=takes))
        ids = [server.add_endpoint("https://example.com/hook").id for _ in range(300)]
        started = time.monotonic()
        outcomes = await tripwire.webhooks.send_tests(server.organization_id, ids)
        seconds = time.monotonic() - started
        assert all(outcome.state == "succeeded" for outcome in outcomes)
        return len(server.requests), server.rate_limited, seconds


def show(title: str, least: float, measurements: list[Measurement]) -> None:
    """Print a table with a line for each measurement."""
    print(title)
    print(f"  {'requests':>8}{'rejected':>10}{'seconds':>9}{'at best':>9}{'more':>7}")
    for requests, rejected, seconds in measurements:
        print(f"  {requests:>8}{rejected:>10}{seconds:>9.2f}{least:>9.2f}{seconds / least - 1:>7.1%}")


def main() -> None:
    """Print a table for each scenario."""
    seeds = [int(argument) for argument in sys.argv[1:]] or SEEDS
    # Some of the first 600 requests are reads. Of the more than 400 tests left, 200 are sent after 60 s, 200 after 65.
    show(
        "1,000 tests, deliveries of 5 s, 600 requests per 60 s, virtual time",
        60.0 + 3 * 5.0,
        [on_virtual_time(1000, Service(limit=600, takes=5.0, seed=seed)) for seed in seeds],
    )
    # One rejected request reveals the window, and one read precedes the 201st test: the 300th is sent after 10 s.
    for takes, least in ((1.0, 11.05), (0.1, 10.1)):
        for name, latency in (("1 to 3 ms", LAN), ("20 to 60 ms", INTERNET)):
            show(
                f"300 tests, deliveries of {takes:g} s, 60 requests per 2 s, round trips of {name}, virtual time",
                least,
                [
                    on_virtual_time(300, Service(limit=60, window=2.0, takes=takes, latency=latency, seed=seed))
                    for seed in seeds
                ],
            )
        show(
            f"300 tests, deliveries of {takes:g} s, 60 requests per 2 s, over the wire",
            least,
            [asyncio.run(over_the_wire(takes))],
        )


if __name__ == "__main__":
    main()
