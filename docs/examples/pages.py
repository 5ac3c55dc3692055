"""Read lists: a page, a walk, a cursor that is kept, and what came with an answer."""

from __future__ import annotations

import asyncio

from tripwire_async import AsyncTripwire
from tripwire_async.testing import TripwireServer


# [page]
async def riskiest(tripwire: AsyncTripwire) -> str:
    """Read one page, and pick from it."""
    page = await tripwire.sessions.list(verdict="bot", limit=20)
    worst = max(page, key=lambda session: session.latest_decision.risk_score)
    return f"{len(page)} bots, the worst at {worst.latest_decision.risk_score}"


# [walk]
async def count(tripwire: AsyncTripwire) -> int:
    """Walk through every page; the next one is read while this one is worked on."""
    return len([session async for session in tripwire.sessions.list(limit=100, prefetch=1)])


# [cursor]
async def page_by_page(tripwire: AsyncTripwire, cursor: str | None) -> str | None:
    """Work on one page and return where to go on, to be stored until the next run."""
    page = await tripwire.fingerprints.list(cursor=cursor, limit=50)
    return page.next_cursor


# [raw]
async def what_is_left(tripwire: AsyncTripwire) -> str:
    """Look at what came with the answer."""
    raw = await tripwire.with_raw_response.sessions.list(limit=1)
    return f"{raw.status} after {raw.attempts} attempt, {raw.headers['X-RateLimit-Remaining']} requests left"


# [main]
async def main() -> None:
    """Read the lists of a server that makes them up."""
    async with TripwireServer() as server, AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire:
        print(await riskiest(tripwire))
        print(await count(tripwire), "sessions")
        cursor = await page_by_page(tripwire, None)
        pages = 1
        while cursor is not None:
            cursor = await page_by_page(tripwire, cursor)
            pages += 1
        print(pages, "pages")
        print(await what_is_left(tripwire))


# [run]
if __name__ == "__main__":
    asyncio.run(main())
