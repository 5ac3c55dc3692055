"""Journal in memory whose workers share pages of events."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import attrs

from .memory_journal import MemoryJournal
from .memory_pages import MemoryPages

if TYPE_CHECKING:
    from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, PageReply, WindowAsk, WindowReply


@attrs.define
class SharingJournal(MemoryJournal):
    """A journal with pages, which its *storage* keeps for all journals of a run.

    Attributes:
        pages: The pages of the run.
        patience: Seconds after which a worker reads for itself.
    """

    pages: MemoryPages = attrs.field(factory=MemoryPages)
    patience: float = 0.25

    async def exchange_page(self, ask: PageAsk, /) -> PageReply:
        if self.is_dead:
            await asyncio.get_running_loop().create_future()
        return await self.pages.exchange_page(ask)

    async def exchange_window(self, ask: WindowAsk, /) -> WindowReply:
        if self.is_dead:
            await asyncio.get_running_loop().create_future()
        return await self.pages.exchange_window(ask)
