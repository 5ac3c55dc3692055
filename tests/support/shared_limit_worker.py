"""One of several processes that share a key: makes concurrent calls and prints the result as a line of JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from typing import TYPE_CHECKING

import attrs

from tripwire_async import AsyncTripwire
from tripwire_async.middleware import BearerAuth, RateLimit, RedisStore, RequestLog, Retry

if TYPE_CHECKING:
    from tripwire_async.middleware.rate_limit.store import SlotGrant, SlotRequest


@attrs.frozen
class RecordingStore:
    """A store that records the time, the slots and the number of other waiting processes of each grant.

    The number is 0 while the length of the window is unknown, because there are no parts then.
    """

    store: RedisStore
    patience: float
    grants: list[tuple[float, int, int]] = attrs.field(factory=list)

    async def exchange(self, request: SlotRequest, /) -> SlotGrant:
        grant = await self.store.exchange(request)
        assert grant.time is not None
        if grant.granted:
            self.grants.append((grant.time, grant.granted, 0 if grant.window is None else grant.others))
        return grant


async def work(options: argparse.Namespace) -> dict[str, object]:
    store = RedisStore(options.redis, patience=options.patience) if options.redis else None
    recording = None if store is None else RecordingStore(store, options.patience)
    limit = RateLimit(store=recording)
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
    return {
        "seconds": seconds,
        "succeeded": len(outcomes) - len(failed),
        "failed": failed,
        "grants": [] if recording is None else recording.grants,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--redis", default="")
    parser.add_argument("--base-url")
    parser.add_argument("--key")
    parser.add_argument("--organization")
    parser.add_argument("--calls", type=int)
    parser.add_argument("--patience", type=float)
    sys.stdout.write(json.dumps(asyncio.run(work(parser.parse_args()))) + "\n")


if __name__ == "__main__":
    main()
