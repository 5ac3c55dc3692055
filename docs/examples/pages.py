"""Read lists: one page, all items, a stored cursor, and the response headers."""

from __future__ import annotations

import asyncio

from tripwire_async import AsyncTripwire
from tripwire_async.testing import TripwireServer


# [page]
async def riskiest(tripwire: AsyncTripwire) -> str:
    """Read one page and select an item."""
    page = await tripwire.sessions.list(verdict="bot", limit=20)
    worst = max(page, key=lambda session: session.latest_decision.risk_score)
    return f"{len(page)} bots, the worst at {worst.latest_decision.risk_score}"


# [walk]
async def count(tripwire: AsyncTripwire) -> int:
    """Iterate over all pages; read the next page in the background."""
    return len([session async for session in tripwire.sessions.list(limit=100, prefetch=1)])


# [cursor]
async def page_by_page(tripwire: AsyncTripwire, cursor: str | None) -> str | None:
    """Process one page and return the cursor of the next one."""
    page = await tripwire.fingerprints.list(cursor=cursor, limit=50)
    return page.next_cursor


# [raw]
async def remaining_requests(tripwire: AsyncTripwire) -> str:
    """Read the status, the attempts and a header of a response."""
    raw = await tripwire.with_raw_response.sessions.list(limit=1)
    remaining = raw.headers["X-RateLimit-Remaining"]
    return f"{raw.status} after {raw.attempts} attempt, {remaining} requests left"


# [main]
async def main() -> None:
    """Read the lists of a test server."""
    async with (
        TripwireServer() as server,
        AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire,
    ):
        print(await riskiest(tripwire))
        print(await count(tripwire), "sessions")
        cursor = await page_by_page(tripwire, None)
        pages = 1
        while cursor is not None:
            cursor = await page_by_page(tripwire, cursor)
            pages += 1
        print(pages, "pages")
        print(await remaining_requests(tripwire))


# [run]
if __name__ == "__main__":
    asyncio.run(main())
