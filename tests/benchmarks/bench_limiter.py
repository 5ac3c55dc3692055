"""Test sends under an unknown rate limit: ``python -m tests.benchmarks.bench_limiter``.

A new client calls `send_test` for all endpoints at once, over loopback, against a server in a separate process that
counts every request, including rejected ones. The limit admits one window of requests at the start of each window, so
no client can finish before the last of these windows begins.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import time

from tests.benchmarks.server_process import RunningServer, server
from tripwire_async import AsyncTripwire

MOST_REQUESTS = 1.05
MOST_SECONDS = 1.15
"""Bound of a run, as a multiple of the minimum."""


async def send_all(where: RunningServer) -> tuple[int, float]:
    """Send to every endpoint at once; return how many sends succeeded, and the seconds that it took."""
    async with AsyncTripwire(where.secret_key, base_url=where.base_url) as tripwire:
        sends = [tripwire.webhooks.send_test(where.organization_id, each) for each in where.endpoint_ids]
        started = time.monotonic()
        outcomes = await asyncio.gather(*sends, return_exceptions=True)
        return sum(not isinstance(each, BaseException) for each in outcomes), time.monotonic() - started


def main() -> None:
    """Run it as often as asked, and print a line for each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sends", type=int, default=300)
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--window", type=float, default=2.0, help="seconds")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    least = (math.ceil(options.sends / options.limit) - 1) * options.window
    print(f"{options.sends} sends at once, {options.limit} requests in {options.window:g} s")
    print(f"  {'successes':>9}{'requests':>10}{'refused':>9}{'seconds':>9}")
    for _ in range(options.rounds):
        with server(limit=options.limit, window=options.window, endpoints=options.sends) as where:
            successes, seconds = asyncio.run(send_all(where))
        assert where.report is not None
        print(f"  {successes:>9}{where.report.requests:>10}{where.report.rate_limited:>9}{seconds:>9.2f}")
    requests = math.floor(options.sends * MOST_REQUESTS)
    print(f"At most {requests} requests and {least * MOST_SECONDS:.1f} s; the minimum is {least:g} s.")


if __name__ == "__main__":
    main()
