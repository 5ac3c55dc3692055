"""One of several processes that test endpoints of one organization: prints the states as a line of JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter

from tripwire_async import AsyncTripwire
from tripwire_async.middleware import BearerAuth, RateLimit, RedisStore, Retry


async def work(options: argparse.Namespace) -> dict[str, int]:
    store = RedisStore(options.redis, patience=2.0)
    middleware = [Retry(max_attempts=50), RateLimit(store=store), BearerAuth(options.key)]
    async with AsyncTripwire(base_url=options.base_url, middleware=middleware) as tripwire:
        # Connections that are made on first use must not be measured.
        await tripwire.webhooks.list_endpoints(options.organization)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        ids = json.loads(await asyncio.to_thread(sys.stdin.readline))
        outcomes = await tripwire.webhooks.send_tests(options.organization, ids)
    await store.aclose()
    return dict(Counter(outcome.state for outcome in outcomes))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--redis")
    parser.add_argument("--base-url")
    parser.add_argument("--key")
    parser.add_argument("--organization")
    sys.stdout.write(json.dumps(asyncio.run(work(parser.parse_args()))) + "\n")


if __name__ == "__main__":
    main()
