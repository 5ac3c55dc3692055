"""Ceiling for the cost of a call, counted in Python function calls: a count is the same on every machine."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec

import tripwire_async
from tests.support.raw_server import http, listening
from tests.support.threads import in_thread
from tripwire_async import AsyncTripwire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.raw_server import Connection

PACKAGE = str(Path(tripwire_async.__file__).parent)

# Function calls and resumptions of coroutines in this package for one `send_test`. If a change needs more, measure it
# with `python -m tests.benchmarks.bench_call`, and if the benefit justifies the cost, set this to the number in the
# message of the failed assertion. If a change needs fewer, lower it.
OWN_CALLS = 51

# The same for all Python code, above that of a bare `session.post`: aiohttp and asyncio are in both. This is the number
# on Python 3.13; on 3.11 it is 2.
CALLS_ABOVE_BARE = 4

ORGANIZATION = "org_" + "0" * 26
ENDPOINT = "we_" + "0" * 32
PATH = f"/v1/organizations/{ORGANIZATION}/webhooks/endpoints/{ENDPOINT}/test"
BODY = msgspec.json.encode(
    {
        "data": {
            "object": "webhook_test",
            "event_id": "wevt_" + "0" * 32,
            "delivery_ids": ["wdlv_" + "0" * 32],
            "latest_delivery": None,
        },
        "meta": {"request_id": "req_" + "0" * 32},
    }
)


async def accept(connection: Connection) -> None:
    """Accept every test send, and count it: a wrong count would make the rate limit examine it."""
    while True:
        await connection.request()
        remaining = 100_000 - len(connection.server.requests)
        headers = ["X-Request-Id: req_" + "0" * 32, "X-RateLimit-Limit: 100000", f"X-RateLimit-Remaining: {remaining}"]
        await connection.say(http("202 Accepted", BODY, *headers, "X-RateLimit-Reset: 60"))


async def count(call: Callable[[], Awaitable[object]]) -> tuple[int, int]:
    """Return the number of function calls of one *call*: in this package, and in all Python code."""
    counts: list[tuple[int, int]] = []
    for _ in range(5):
        await call()
    for _ in range(20):
        own = total = 0

        def profile(frame: Any, event: str, _: object) -> None:
            nonlocal own, total
            if event == "call":
                total += 1
                own += frame.f_code.co_filename.startswith(PACKAGE)

        sys.setprofile(profile)
        try:
            await call()
        finally:
            sys.setprofile(None)
        counts.append((own, total))
    # A response that arrives in two parts, or a timer, can add to the count of one call.
    return min(counts)


def test_the_number_of_function_calls_stays_below_its_ceiling() -> None:
    """A call through the default middleware, on a connection that is open."""

    async def main(url: str) -> tuple[int, int]:
        async with AsyncTripwire("sk_test_1", base_url=url) as tripwire, aiohttp.ClientSession() as session:

            async def bare() -> object:
                async with session.post(url + PATH, headers={"Authorization": "Bearer sk_test_1"}) as response:
                    return msgspec.json.decode(await response.read())

            own, total = await count(lambda: tripwire.webhooks.send_test(ORGANIZATION, ENDPOINT))
            _, total_of_bare = await count(bare)
            return own, total - total_of_bare

    # In another thread, where calls are not counted.
    with in_thread(lambda: listening(accept)) as server:
        own, above_bare = asyncio.run(main(server.url))
    assert own <= OWN_CALLS, f"{own} calls in this package"
    assert above_bare <= CALLS_ABOVE_BARE, f"{above_bare} calls above those of a bare session.post"
