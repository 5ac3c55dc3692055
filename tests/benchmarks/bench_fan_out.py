"""Requests and duration of `send_tests` until all deliveries are settled: ``python -m tests.benchmarks.bench_fan_out``.

The first runs are on virtual time, against a service that is a function. The others use loopback and a server in this
process, and take real time. The minimum in the table assumes that no more tests are in flight than one page of events
contains, and that every read counts as a request.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from tests.support.delivery_service import ORGANIZATION, Service, endpoint, webhooks
from tests.support.virtual_time import run
from tripwire_async import AsyncTripwire
from tripwire_async.testing import DeliveryOutcome, TripwireServer

ROUNDS: Final = 3
TAKES: Final = 5.0
QUICK: Final = 0.1


async def on_virtual_time() -> tuple[int, int, float]:
    """Test 1,000 endpoints at 600 requests in 60 s; return the requests, the rejected ones, and the seconds."""
    service = Service(limit=600, window=60.0, takes=TAKES)
    outcomes = await webhooks(service).send_tests(ORGANIZATION, [endpoint(number) for number in range(1000)])
    assert all(outcome.state == "succeeded" for outcome in outcomes)
    return len(service.requests), len(service.limits.refused), asyncio.get_running_loop().time()


async def over_the_wire() -> tuple[int, int, float]:
    """Test 300 endpoints at 60 requests in 2 s; return the same."""
    async with (
        TripwireServer(limit=60, window=2.0) as server,
        AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
    ):
        server.set_outcome(DeliveryOutcome("succeeded", after=QUICK))
        ids = [server.add_endpoint("https://example.com/hook").id for _ in range(300)]
        began = time.monotonic()
        outcomes = await tripwire.webhooks.send_tests(server.organization_id, ids)
        seconds = time.monotonic() - began
        assert all(outcome.state == "succeeded" for outcome in outcomes)
        return len(server.requests), server.rate_limited, seconds


def show(what: str, least: float, measured: list[tuple[int, int, float]]) -> None:
    print(what)
    print(f"  {'requests':>8}{'refused':>9}{'seconds':>9}{'at best':>9}{'more':>7}")
    for requests, refused, seconds in measured:
        print(f"  {requests:>8}{refused:>9}{seconds:>9.2f}{least:>9.2f}{seconds / least - 1:>7.1%}")


def main() -> None:
    """Print a line for each run."""
    # Some of the first 600 requests are reads. Of the more than 400 tests left, 200 go after 60 s, 200 after 65.
    show(
        f"1,000 tests, deliveries of {TAKES:g} s, 600 requests in 60 s, virtual time",
        60.0 + 3 * TAKES,
        [run(on_virtual_time()) for _ in range(ROUNDS)],
    )
    # The 301st request goes after 10 s. It is a test, as there is a read before the 201st test.
    show(
        f"300 tests, deliveries of {QUICK:g} s, 60 requests in 2 s, over the wire",
        10.0 + QUICK,
        [asyncio.run(over_the_wire()) for _ in range(ROUNDS)],
    )


if __name__ == "__main__":
    main()
