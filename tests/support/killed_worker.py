"""Worker in its own process: tests all endpoints of an organization with a journal, and prints the states as JSON.

The journal is a path for SQLite, the URL of a Redis, or ``sentinel://`` and the port of a Sentinel.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from redis.asyncio.sentinel import Sentinel

from tripwire_async import AsyncTripwire
from tripwire_async.journal import RedisJournal, SqliteJournal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tripwire_async.journal import Journal


@asynccontextmanager
async def journal_at(location: str, lease: float) -> AsyncIterator[Journal]:
    """Open the journal at *location*."""
    if location.startswith("sentinel://"):
        sentinels = Sentinel([("127.0.0.1", int(location.removeprefix("sentinel://")))])
        client = sentinels.master_for("primary")
        yield RedisJournal(client=client, lease=lease)
        await client.aclose()
        for each in sentinels.sentinels:
            await each.aclose()
    elif "://" in location:
        async with RedisJournal(location, lease=lease) as journal:
            yield journal
    else:
        async with SqliteJournal(location) as journal:
            yield journal


async def work(options: argparse.Namespace) -> dict[str, object]:
    states: Counter[str] = Counter()
    async with (
        AsyncTripwire(options.key, base_url=options.base_url) as tripwire,
        journal_at(options.journal, options.lease) as journal,
        tripwire.webhooks.send_tests(options.organization, journal=journal, in_flight=options.in_flight) as run,
    ):
        async for outcome in run:
            states[outcome.state] += 1
    return {"states": states}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--base-url")
    parser.add_argument("--key")
    parser.add_argument("--organization")
    parser.add_argument("--journal")
    parser.add_argument("--lease", type=float)
    parser.add_argument("--in-flight", type=int)
    sys.stdout.write(json.dumps(asyncio.run(work(parser.parse_args()))) + "\n")


if __name__ == "__main__":
    main()
