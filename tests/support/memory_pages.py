"""Store in memory for shared pages and the shared window, on the clock of the event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import attrs

from tripwire_async.middleware.rate_limit.shared_pages import (
    PAGE_LIFETIME,
    PRESENCE,
    READING_LEASE,
    PageAsk,
    PageReply,
    SharedPage,
    WindowAsk,
    WindowReply,
)

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCH = 1_764_000_000.0
"""Time of the store at which the time of the event loop is 0."""


@attrs.define
class Pages:
    """Page, lease and presence of one scope."""

    page: SharedPage | None = None
    reader: str = ""
    lease_end: float = 0.0
    present: dict[str, tuple[float, int, float]] = attrs.field(factory=dict)

    def exchange(self, ask: PageAsk, now: float) -> PageReply:
        """Return the reply to *ask* at a time."""
        others = {
            worker: state
            for worker, state in self.present.items()
            if worker != ask.worker and now - state[0] < PRESENCE
        }
        if self.page is not None and not now - PAGE_LIFETIME < self.page.started <= now:
            self.page = None
        if ask.publish is not None:
            if self.page is None or ask.publish.started > self.page.started:
                self.page = ask.publish
                others = {worker: (at, awaited, 0.0) for worker, (at, awaited, _) in others.items()}
            if self.reader == ask.worker:
                self.reader = ""
        if self.lease_end <= now:
            self.reader = ""
        page = self.page if self.page is not None and self.page.started > ask.after else None
        is_reader = page is None and ask.is_due and self.reader in {"", ask.worker}
        if is_reader:
            self.reader, self.lease_end = ask.worker, now + READING_LEASE
        elif self.reader == ask.worker and not ask.is_reading:
            self.reader = ""
        self.present = {**others, ask.worker: (now, ask.awaited, ask.overdue if page is None else 0.0)}
        return PageReply(
            time=now,
            page=page,
            is_reader=is_reader,
            others=len(others),
            awaited=sum(awaited for _, awaited, _ in others.values()),
            overdue=sum(overdue for _, _, overdue in others.values()),
        )


@attrs.define
class Window:
    """Parts of one scope: tests held and wanted by each process, the send of its oldest one, and when it asked."""

    present: dict[str, tuple[int, int, float, float]] = attrs.field(factory=dict)

    def exchange(self, ask: WindowAsk, now: float) -> WindowReply:
        """Return the reply to *ask* at a time."""
        others = {
            worker: state
            for worker, state in self.present.items()
            if worker != ask.worker and now - state[3] < PRESENCE
        }
        left, fair = ask.width, 0
        wants = sorted([ask.wanted, *(wanted for _, wanted, _, _ in others.values())])
        for index, wanted in enumerate(wants):
            fair = min(wanted, max(1, left // (len(wants) - index)))
            if wanted == ask.wanted:
                break
            left -= fair
        part = max(0, min(fair, ask.width - sum(held for held, _, _, _ in others.values())))
        self.present = dict(others)
        if ask.wanted:
            self.present[ask.worker] = (max(part, ask.used), ask.wanted, now - ask.oldest, now)
        oldest = min((sent for _, _, sent, _ in self.present.values()), default=now)
        return WindowReply(part=part, oldest=now - oldest, others=len(others))


@attrs.define
class MemoryPages:
    """A store for processes on one event loop.

    Attributes:
        delay: Seconds of each way to the store.
        fail: Called before each exchange, and raises for a store that cannot be reached.
        asks: The requests in order.
    """

    delay: float = 0.0
    fail: Callable[[PageAsk | WindowAsk], object] = lambda ask: None
    patience: float = 0.08
    asks: list[PageAsk | WindowAsk] = attrs.field(factory=list)
    pages: dict[str, Pages] = attrs.field(factory=dict)
    windows: dict[str, Window] = attrs.field(factory=dict)

    async def exchange_page(self, ask: PageAsk, /) -> PageReply:
        await self._travel(ask)
        reply = self.pages.setdefault(ask.scope, Pages()).exchange(ask, EPOCH + asyncio.get_running_loop().time())
        await asyncio.sleep(self.delay)
        return reply

    async def exchange_window(self, ask: WindowAsk, /) -> WindowReply:
        await self._travel(ask)
        reply = self.windows.setdefault(ask.scope, Window()).exchange(ask, asyncio.get_running_loop().time())
        await asyncio.sleep(self.delay)
        return reply

    async def _travel(self, ask: PageAsk | WindowAsk) -> None:
        self.asks.append(ask)
        await asyncio.sleep(self.delay)
        self.fail(ask)
