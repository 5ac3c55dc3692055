"""A store that a test controls."""

from __future__ import annotations

import asyncio

import attrs

from tripwire_async.middleware.rate_limit.store import SlotGrant, SlotRequest

NOTHING = SlotGrant(granted=0, wait=1.0, limit=10, window=60.0, cooldown=0.0, unsettled=False, others=0)


@attrs.define
class FakeStore:
    """A store that grants all requested slots, or the replies of a test, and keeps the requests.

    Attributes:
        delay: Seconds until its response; it hangs if they are infinite.
        error: The exception to raise instead of a response.
        replies: Its responses, one after the other; then it grants all slots.
    """

    delay: float = 0.0
    error: Exception | None = None
    replies: list[SlotGrant] = attrs.field(factory=list)
    asked: list[SlotRequest] = attrs.field(factory=list)
    others: int = 0

    async def exchange(self, ask: SlotRequest, /) -> SlotGrant:
        self.asked.append(ask)
        await asyncio.sleep(self.delay)
        if self.error is not None:
            raise self.error
        if self.replies:
            return self.replies.pop(0)
        return attrs.evolve(NOTHING, granted=ask.interactive + ask.bulk, others=self.others)

    def __repr__(self) -> str:
        return "<FakeStore>"
