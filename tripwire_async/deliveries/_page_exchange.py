"""Exchange of pages of events with other processes, through a store."""

from __future__ import annotations

import contextlib
import math
import os
from typing import TYPE_CHECKING, Final, NamedTuple, final

from tripwire_async._concurrency.patience import within
from tripwire_async.errors import TripwireError
from tripwire_async.middleware.rate_limit.shared_pages import PageAsk, SharedPage
from tripwire_async.middleware.rate_limit.store import DEFAULT_PATIENCE

from ._page_queue import PageDemand
from ._shared_events import decode_events, encode_events

if TYPE_CHECKING:
    from collections.abc import Generator

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.messages import CallStats
    from tripwire_async.middleware.rate_limit.shared_pages import PageReply, SharedPages

    from ._event_page import EventPage
    from ._shared_events import SharedEvents

LOOK_INTERVAL: Final = 0.1
"""Seconds between two looks for a page of another process."""

LOOK_INTERVAL_ALONE: Final = 1.0
"""The same while no other process is present."""

_FIRST_PAUSE: Final = 0.1
_MAX_PAUSE: Final = 2.0
"""Seconds without an exchange after one that has failed, and, doubled each time, after later ones."""


class PageLook(NamedTuple):
    """Look for a page that another process has read."""

    exchange: PageExchange


class FoundPage(NamedTuple):
    """A page that another process has read; *read_at* is when its read started, on the clock of this process."""

    events: SharedEvents
    read_at: float


@final
class PageExchange:
    """Pages of one organization that the processes share, for one poller.

    The store never holds up a read: without a response within its patience, and for some time after that, this process
    reads for itself.

    Args:
        pages: The store.
        scope: The scope of the pages.
        clock: The clock of the poller.

    Attributes:
        demand: Value of a page for the other processes.
        next_look: When to look for a page.
        is_looking: Whether a wait does so now.
        is_incomplete: Whether the page of another process lacks what a wait of this one is for.
        is_closed: Whether the store must not be used any more.
    """

    __slots__ = (
        "_clock",
        "_pages",
        "_patience",
        "_pause",
        "_reading",
        "_scope",
        "_seen",
        "_store_time",
        "_unpublished",
        "_worker",
        "demand",
        "is_closed",
        "is_incomplete",
        "is_looking",
        "next_look",
    )

    def __init__(self, pages: SharedPages, scope: str, clock: Clock) -> None:
        self._pages = pages
        self._patience: float = getattr(pages, "patience", DEFAULT_PATIENCE)
        self._scope = scope
        self._clock = clock
        self._worker = os.urandom(6).hex()
        self._seen = 0.0
        self._store_time: float | None = None  # of the store, less the time of the poller, at most
        self._reading: CallStats | None = None
        self._unpublished: SharedPage | None = None
        self._pause = 0.0
        self.demand = PageDemand(0, 0.0)
        self.next_look = -math.inf
        self.is_looking = False
        self.is_incomplete = False
        self.is_closed = False

    @property
    def is_available(self) -> bool:
        """False for some time after a failed exchange, and after the end of sharing."""
        return not (self.is_closed or (self._pause and self._clock.now() < self.next_look))

    @contextlib.contextmanager
    def reading(self, stats: CallStats) -> Generator[None]:
        """Within it this process reads a page; *stats* are those of the read."""
        self._reading = stats
        try:
            yield
        finally:
            self._reading = None

    def keep(self, page: EventPage, *, started: float, stats: CallStats) -> None:
        """Keep a page for the next exchange; its read *started* then, on the clock of the poller."""
        self.is_incomplete = False
        if self._store_time is not None:
            self._seen = started + self._store_time
            body = encode_events(page, stats)
            self._unpublished = None if body is None else SharedPage(self._seen, body)

    async def exchange(self, demand: PageDemand, *, is_due: bool, limit: float) -> FoundPage | bool:
        """Publish a page, and return a newer one than this process knows, else whether this process reads one now.

        Args:
            demand: Value of a page for this process.
            is_due: Whether this process would read a page now.
            limit: Seconds for the exchange; the patience of the store is another limit.
        """
        if self.is_closed:
            return is_due
        published, stats = self._unpublished, self._reading
        ask = PageAsk(
            worker=self._worker,
            after=self._seen,
            scope=self._scope,
            # While its own read waits for the rate limit, the lease is renewed.
            is_due=is_due or (stats is not None and not stats.attempts),
            is_reading=stats is not None,
            awaited=demand.awaited,
            overdue=demand.overdue,
            publish=published,
        )
        asked = self._clock.now()
        try:
            reply = await within(min(self._patience, limit), self._pages.exchange_page(ask))
        except (OSError, TripwireError):
            if limit >= self._patience:
                self._pause = min(2 * self._pause, _MAX_PAUSE) or _FIRST_PAUSE
                self.next_look = self._clock.now() + self._pause
            return is_due
        if self._unpublished is published:
            self._unpublished = None
        return self._merge(reply, asked)

    def _merge(self, reply: PageReply, asked: float) -> FoundPage | bool:
        now = self._clock.now()
        self._pause = 0.0
        self._store_time = reply.time - now
        self.demand = PageDemand(reply.awaited, reply.overdue)
        self.next_look = now + (LOOK_INTERVAL if reply.others else LOOK_INTERVAL_ALONE)
        page = reply.page
        if page is None or page.started == self._seen:
            return reply.is_reader
        self._seen = page.started
        events = decode_events(page.body)
        # The reply is from after *asked*, so that the read started at this time or later.
        return False if events is None else FoundPage(events, asked - max(0.0, reply.time - page.started))
