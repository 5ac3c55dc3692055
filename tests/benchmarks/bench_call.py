"""Cost of `send_test`, compared with a bare ``session.post``: ``python -m tests.benchmarks.bench_call``.

All calls go over loopback to the same endpoints of a server in a separate process, 64 at a time. The figures are
the processor time of this process. The bare call reads the response and parses it with ``msgspec.json.decode``;
`send_test` runs the four default middleware layers and checks every field. A second bare call sets a timeout and
headers per call, like handwritten programs do.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec

from tests.benchmarks.server_process import server
from tripwire_async import AsyncTripwire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tests.benchmarks.server_process import RunningServer

    Call = Callable[[], Awaitable[object]]

LIMIT = 100_000_000
ENDPOINTS = 300
BARE, BY_HAND, OURS = "session.post", "with a timeout", "send_test"


async def run(call: Call, calls: int, in_flight: int) -> float:
    """Make *calls*, *in_flight* at a time; return the microseconds of processor time per call."""
    left = iter(range(calls))

    async def worker() -> None:
        for _ in left:
            await call()

    started = time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(worker())
    return (time.process_time() - started) / calls * 1e6


@asynccontextmanager
async def calls_to(where: RunningServer) -> AsyncIterator[dict[str, Call]]:
    """Open the clients, and yield each kind of call."""
    organization, key = where.organization_id, where.secret_key
    async with aiohttp.ClientSession() as session, AsyncTripwire(key, base_url=where.base_url) as tripwire:
        endpoints = itertools.cycle(where.endpoint_ids)
        base = f"{where.base_url}/v1/organizations/{organization}/webhooks/endpoints"
        headers = {"Authorization": f"Bearer {key}"}

        async def bare() -> Any:
            async with session.post(f"{base}/{next(endpoints)}/test", headers=headers) as response:
                return msgspec.json.decode(await response.read())

        async def by_hand() -> Any:
            async with session.post(
                f"{base}/{next(endpoints)}/test",
                headers={"Authorization": f"Bearer {key}", "Accept": "application/json"},
                timeout=aiohttp.ClientTimeout(total=30),
            ) as response:
                return msgspec.json.decode(await response.read())

        async def ours() -> object:
            return await tripwire.webhooks.send_test(organization, next(endpoints))

        yield {BARE: bare, BY_HAND: by_hand, OURS: ours}


async def measure(where: RunningServer, options: argparse.Namespace) -> dict[str, list[float]]:
    """Return the cost of each kind of call in each round."""
    async with calls_to(where) as kinds:
        costs: dict[str, list[float]] = {name: [] for name in kinds}
        for call in kinds.values():
            await run(call, options.calls, options.in_flight)
        # Short rounds in alternating order, so that changes of the machine's speed affect all kinds alike.
        for number in range(options.rounds):
            for name in sorted(kinds, reverse=bool(number % 2)):
                costs[name].append(await run(kinds[name], options.calls, options.in_flight))
    return costs


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--calls", type=int, default=256)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--endpoints", type=int, default=ENDPOINTS, help="above 1,024, no URL is reused")
    options = parser.parse_args()
    with server(limit=LIMIT, endpoints=options.endpoints) as where:
        costs = asyncio.run(measure(where, options))
    print(
        f"{options.rounds} rounds of {options.calls} calls, {options.in_flight} in flight: microseconds of CPU per call"
    )
    for name, values in costs.items():
        quarter, median, _ = statistics.quantiles(values)
        print(f"  {name:15} median {median:6.1f}   lower quartile {quarter:6.1f}   minimum {min(values):6.1f}")
    for baseline in (BARE, BY_HAND):
        ratios = [ours / bare for ours, bare in zip(costs[OURS], costs[baseline], strict=True)]
        print(f"  {OURS} / {baseline}: median of the rounds {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
