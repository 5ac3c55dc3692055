"""What one `send_test` costs beside a bare ``session.post``: ``python -m tests.benchmarks.bench_call``.

Both send to the same 300 endpoints in turn, of one server, which is a process of its own, over loopback and 64 at a
time; what is counted is the processor time of this process. The bare call reads the answer and parses it with
``msgspec.json.decode``; ours goes through the four default layers and checks every field. A second bare call says its
own timeout and headers, as programs do that are written by hand.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec

from tripwire_async import AsyncTripwire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    Call = Callable[[], Awaitable[object]]

LIMIT = 100_000_000
ENDPOINTS = 300
BARE, BY_HAND, OURS = "session.post", "with a timeout", "send_test"


@contextlib.contextmanager
def server() -> Iterator[dict[str, str]]:
    """Run the test server as a process of its own; yield what it says of itself."""
    command = [sys.executable, "-m", "tripwire_async.testing", "--limit", str(LIMIT), "--settle"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - this Python, and our own server
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


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


async def measure(where: dict[str, str], options: argparse.Namespace) -> dict[str, list[float]]:
    """Return what each kind of call cost in each round."""
    organization, key = where["organization_id"], where["secret_key"]
    async with aiohttp.ClientSession() as session, AsyncTripwire(key, base_url=where["base_url"]) as tripwire:
        endpoints = itertools.cycle(
            [
                (
                    await tripwire.webhooks.create_endpoint(
                        organization,
                        name="benchmark",
                        url="http://127.0.0.1:9/",
                        event_types=["session.result.persisted"],
                    )
                ).id
                for _ in range(ENDPOINTS)
            ]
        )
        base = f"{where['base_url']}/v1/organizations/{organization}/webhooks/endpoints"
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

        kinds: dict[str, Call] = {BARE: bare, BY_HAND: by_hand, OURS: ours}
        costs: dict[str, list[float]] = {name: [] for name in kinds}
        for call in kinds.values():
            await run(call, options.calls, options.in_flight)
        # Short rounds in changing order, so that a machine that speeds up or slows down favours nobody.
        for number in range(options.rounds):
            for name in sorted(kinds, reverse=bool(number % 2)):
                costs[name].append(await run(kinds[name], options.calls, options.in_flight))
    return costs


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--calls", type=int, default=256)
    parser.add_argument("--in-flight", type=int, default=64)
    options = parser.parse_args()
    with server() as where:
        costs = asyncio.run(measure(where, options))
    print(
        f"{options.rounds} rounds of {options.calls} calls, {options.in_flight} in flight: microseconds of CPU a call"
    )
    for name, values in costs.items():
        quarter, median, _ = statistics.quantiles(values)
        print(f"  {name:15} median {median:6.1f}   lower quartile {quarter:6.1f}   least {min(values):6.1f}")
    for floor in (BARE, BY_HAND):
        ratios = [ours / bare for ours, bare in zip(costs[OURS], costs[floor], strict=True)]
        print(f"  {OURS} / {floor}: median of the rounds {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
