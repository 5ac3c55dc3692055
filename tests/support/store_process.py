"""One process that uses a store directly."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import attrs

from tripwire_async.middleware.rate_limit.store import FinishedRequest, RequestOutcome, SlotGrant, SlotRequest

if TYPE_CHECKING:
    from tripwire_async.middleware import RedisStore


@attrs.define
class Process:
    """One process with its counters; *ended* requests are some seconds ago.

    Its reports are *late* by no more than the seconds that all of its requests together took.
    """

    store: RedisStore
    client: str
    number: int = 0
    serial: int = 0
    asked: SlotRequest | None = None
    unreported: list[FinishedRequest] = attrs.field(factory=list)
    late: float = 0.0

    async def ask(
        self, single: int = 0, bulk: int = 0, limit: int | None = None, window: float | None = None
    ) -> SlotGrant:
        self.number += 1
        now = time.monotonic()
        ended = tuple(attrs.evolve(each, sent=now - each.sent, at=now - each.at) for each in self.unreported)
        # The server is on this machine, and has the same clock.
        self.asked = SlotRequest(self.client, self.number, now, single, bulk, limit, window, ended, time.time())
        self.unreported.clear()
        grant = await self.store.exchange(self.asked)
        self.late += time.monotonic() - now
        return grant

    async def again(self) -> SlotGrant:
        assert self.asked is not None
        return await self.store.exchange(self.asked)

    def ended(
        self,
        slot: str = "",
        outcome: RequestOutcome = "accepted",
        *,
        sent: float = 0.0,
        at: float = 0.0,
        **values: Any,
    ) -> None:
        """Have one end; *sent* and *at* are seconds ago."""
        self.serial += 1
        self.unreported.append(
            FinishedRequest(self.serial, slot or f"alone.{self.serial}", sent, at, outcome, **values)
        )
