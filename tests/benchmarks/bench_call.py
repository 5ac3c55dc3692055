"""What one `send_test` costs beside a bare ``session.post``: ``python -m tests.benchmarks.bench_call``.

Both talk to the same server, which is a process of its own, over loopback, 64 at a time and in turn; what is counted is
the processor time of this process. The bare call reads the answer and parses it with ``msgspec.json.decode``; ours goes
through the four default layers and checks every field.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec

from tests.benchmarks.server_process import RunningServer, server
from tripwire_async import AsyncTripwire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Call = Callable[[], Awaitable[object]]

LIMIT = 100_000_000


async def run(call: Call, calls: int, in_flight: int) -> float:
    """Make *calls*, *in_flight* at a time; return the microseconds of processor time that each cost."""
    left = iter(range(calls))

    async def worker() -> None:
        for _ in left:
            await call()

    began = time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(worker())
    return (time.process_time() - began) / calls * 1e6


async def measure(where: RunningServer, options: argparse.Namespace) -> None:
    """Print the cost of both, and the ratio of each round."""
    organization = where.organization_id
    async with (
        aiohttp.ClientSession() as session,
        AsyncTripwire(where.secret_key, base_url=where.base_url) as tripwire,
    ):
        (endpoint_id,) = where.endpoint_ids
        url = f"{where.base_url}/v1/organizations/{organization}/webhooks/endpoints/{endpoint_id}/test"
        headers = {"Authorization": f"Bearer {where.secret_key}"}

        async def bare() -> Any:
            async with session.post(url, headers=headers) as response:
                return msgspec.json.decode(await response.read())

        async def ours() -> object:
            return await tripwire.webhooks.send_test(organization, endpoint_id)

        kinds: dict[str, Call] = {"session.post": bare, "send_test": ours}
        for call in kinds.values():
            await run(call, options.calls, options.in_flight)
        costs: dict[str, list[float]] = {name: [] for name in kinds}
        for number in range(options.rounds):
            # Who goes first changes, so that a machine that speeds up or slows down favours neither.
            for name in sorted(kinds, reverse=bool(number % 2)):
                costs[name].append(await run(kinds[name], options.calls, options.in_flight))
    ratios = [ours / bare for ours, bare in zip(costs["send_test"], costs["session.post"], strict=True)]
    print(f"{options.rounds} rounds of {options.calls} calls, {options.in_flight} in flight; CPU microseconds a call")
    for name, values in costs.items():
        print(f"  {name:13} median {statistics.median(values):6.1f}   from {min(values):6.1f} to {max(values):6.1f}")
    print(f"  ratio         median {statistics.median(ratios):6.3f}   from {min(ratios):6.3f} to {max(ratios):6.3f}")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--in-flight", type=int, default=64)
    options = parser.parse_args()
    with server(limit=LIMIT, endpoints=1) as where:
        asyncio.run(measure(where, options))


if __name__ == "__main__":
    main()
