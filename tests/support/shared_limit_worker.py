"""One of several processes that share a key: makes concurrent calls and prints the result as a line of JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time

from tripwire_async import AsyncTripwire
from tripwire_async.middleware import BearerAuth, RateLimit, RedisStore, RequestLog, Retry


async def work(options: argparse.Namespace) -> dict[str, object]:
    store = RedisStore(options.redis) if options.redis else None
    limit = RateLimit(store=store)
    middleware = [RequestLog(), Retry(max_attempts=50), limit, BearerAuth(options.key)]
    async with AsyncTripwire(base_url=options.base_url, middleware=middleware) as tripwire:
        # Objects that are created on first use, such as decoders and connections, must not be measured.
        await tripwire.webhooks.list_endpoints(options.organization)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        started = time.monotonic()
        calls = (tripwire.webhooks.list_endpoints(options.organization) for _ in range(options.calls))
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        seconds = time.monotonic() - started
    if store is not None:
        await store.aclose()
    failed = [repr(outcome) for outcome in outcomes if isinstance(outcome, BaseException)]
    return {"seconds": seconds, "succeeded": len(outcomes) - len(failed), "failed": failed}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--redis", default="")
    parser.add_argument("--base-url")
    parser.add_argument("--key")
    parser.add_argument("--organization")
    parser.add_argument("--calls", type=int)
    sys.stdout.write(json.dumps(asyncio.run(work(parser.parse_args()))) + "\n")


if __name__ == "__main__":
    main()
