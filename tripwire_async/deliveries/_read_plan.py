"""Decision about the next read: which of the awaited events to read, together or singly, and when.

One page of the newest test events contains up to 200 deliveries; an event that newer ones have pushed off the page
needs a separate read. Nothing here reads a clock, waits or sends: times are arguments, in seconds.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Final, TypeAlias, final

import msgspec

from tripwire_async._concurrency.due_queue import DueQueue

from ._page_queue import PageQueue
from ._planned_event import (
    STEPS,
    PlannedEvent,
    PlannedWait,
    ends_beyond,
    ends_on_page,
    is_due_at,
    is_due_by_send,
    is_outlier_due_at,
)
from ._read_times import FIRST_READ, RETRIES, ReadTimes

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from tripwire_async._concurrency.polling import PollSchedule

    from ._page_queue import PageDemand
    from ._settle_times import SettleTimes

DEBOUNCE: Final = 0.1
"""Seconds between two looks at what has become due, where a page is read for all."""

VISIBILITY_LAG: Final = 1.0
"""Seconds for which an event may be missing from a full page because it is too new to be listed."""

VISIBILITY_LAG_SHORT_PAGE: Final = 5.0
"""The same for a page with room left, from which nothing was pushed off."""

PAGE_PRECEDENCE: Final = 0.5
"""Seconds for which a page read in progress delays single reads: it may make 200 of them unnecessary."""

PAGES_PAUSED: Final = 30.0
"""Seconds without page reads after a page that cannot be decoded as a whole."""


class PageRead(msgspec.Struct, frozen=True):
    """Read the page of the newest test events."""


class EventRead(msgspec.Struct, frozen=True):
    """Read one event; it may have taken longer than nearly all others."""

    event_id: str
    is_of_outlier: bool = False


Read: TypeAlias = PageRead | EventRead

_PAGE_READ: Final = PageRead()
_NEVER: Final = (math.inf, None)

_Candidate: TypeAlias = "tuple[float, PlannedEvent | None]"
_EventQueue: TypeAlias = "DueQueue[str, PlannedEvent]"


@final
class ReadPlan:
    """Plan of the reads for all awaited events of one organization.

    `next` returns a read to make now; the read counts as in progress until its end is reported. The work for
    each event is the same however many there are.

    Args:
        settle_times: Estimate of the durations of deliveries.
        rng: Returns a number from 0 to 1, for the jitter of a caller's poll intervals.

    Attributes:
        events: The awaited events by their ids.
        waits: The waits by their numbers, in the order in which they were added.
        latest_page: When a page that is due has to be read, also if another process is reading it: infinity unless it
            is the last read of a wait.
    """

    def __init__(self, settle_times: SettleTimes, rng: Callable[[], float] = random.random) -> None:
        self._times = ReadTimes(settle_times, rng)
        self.events: dict[str, PlannedEvent] = {}
        self.waits: dict[int, PlannedWait] = {}
        self._added = 0
        self._on_page = PageQueue(self._times.due)
        self.latest_page = math.inf
        self._page_ends: DueQueue[int, PlannedWait] = DueQueue(self.waits, ends_on_page, self.waits.__len__)
        self._single_due: _EventQueue = DueQueue(self.events, is_due_at, self._count_beyond)
        self._outlier_due: _EventQueue = DueQueue(self.events, is_outlier_due_at, self._count_beyond)
        self._no_outlier_before = -math.inf
        self._single_unread: _EventQueue = DueQueue(self.events, is_due_by_send, self._count_beyond)
        self._single_ends: DueQueue[int, PlannedWait] = DueQueue(self.waits, ends_beyond, self.waits.__len__)
        self._single_reads = 0
        self._page_given: float | None = None
        self._page_failures = 0
        self._no_page_before = -math.inf
        self._no_new_on_page_before = -math.inf

    def statistics(self) -> dict[str, int]:
        """Return how many events, waits and reads there are."""
        return {
            "events": len(self.events),
            "on_page": len(self._on_page),
            "waits": len(self.waits),
            "reads": self._single_reads + (self._page_given is not None),
        }

    def add(
        self,
        wait: PlannedWait,
        event_id: str,
        *,
        now: float,
        sent_at: float | None,
        last_read: float = -math.inf,
        schedule: PollSchedule | None = None,
        is_beyond: bool = False,
        is_unknown: bool = False,
    ) -> None:
        """Add a wait for an event.

        Args:
            wait: The wait, which is not in the plan.
            event_id: The event.
            now: The present.
            sent_at: When the event was sent. While that is unknown, its age counts from *now*, and it is read singly.
            last_read: When a read of the event was last started.
            schedule: The poll intervals of the caller; None for the estimated times.
            is_beyond: Whether the event is known to be beyond the page.
            is_unknown: Whether nothing is known of the delivery, so that it is read at once.
        """
        event = self.events.get(event_id)
        if event is None:
            is_beyond = is_beyond or sent_at is None or now < self._no_new_on_page_before
            event = PlannedEvent(
                event_id, now if sent_at is None else sent_at, last_read, schedule, is_beyond=is_beyond
            )
            self.events[event_id] = event
            if not is_beyond:
                self._on_page.add(event)
            self._schedule(event, now if is_unknown and event.is_unread else None)
        event.add(wait)
        self._added += 1
        wait.started, wait.number = now, self._added
        self.waits[wait.number] = wait
        self._push_end(wait)

    def remove(self, wait: PlannedWait) -> None:
        """Remove a wait; an event without one is not read any more."""
        del self.waits[wait.number]
        wait.number = 0
        event = wait.event
        event.remove(wait)
        if event.first_wait is None:
            self._on_page.discard(event)
            del self.events[event.event_id]

    def next(self, now: float) -> Read | float:
        """Return the read to make now, or the time of the next call."""
        when = self._next_page(now)
        if when <= now:
            self._page_given = now
            return _PAGE_READ
        if self._single_reads >= self._times.single_reads_at_once:
            return when
        due, event = self._next_single(now)
        if self._page_given is not None:
            due = max(due, self._page_given + PAGE_PRECEDENCE)
        if event is None or due > now:
            return min(when, due)
        self._on_page.start_over(event)
        event.is_reading = True
        self._single_reads += 1
        if event.is_outlier:
            self._no_outlier_before = now + self._times.outlier_pause
        return EventRead(event.event_id, event.is_outlier)

    @property
    def awaits_page(self) -> bool:
        """True if a page may contain an awaited event."""
        return bool(self._on_page)

    def demand(self, now: float) -> PageDemand:
        """Return the value of a page that is read *now*."""
        return self._on_page.demand(now)

    def share_pages(self, others: PageDemand) -> None:
        """Note the value of the same page for other processes."""
        self._on_page.shared = others

    # -- how a read ended -----------------------------------------------------------------------------------------

    def page_finished(self, found: Container[str], *, read_at: float, now: float, is_full: bool) -> None:
        """Note a page with the events *found*; the request was sent at *read_at*, and the response came *now*."""
        self._page_given = None
        self.page_shared(found, (), read_at=read_at, now=now, is_full=is_full)

    def page_shared(
        self, found: Container[str], incomplete: Container[str], *, read_at: float, now: float, is_full: bool
    ) -> None:
        """Note a page that another process has read; it lists *incomplete* events and does not contain their state."""
        self._page_failures = 0
        listed_before = read_at - (VISIBILITY_LAG if is_full else VISIBILITY_LAG_SHORT_PAGE)
        for event in tuple(self._on_page):
            if event.event_id not in found and event.sent_at < listed_before:
                self._move_beyond(event)
            elif event.is_reading:
                continue
            elif event.event_id in incomplete:
                self._schedule(event, now)
            elif event.event_id in found:
                self._note_read(event, read_at, now)
            elif event.sent_at <= read_at:
                # Too new to be listed: the page does not contain it.
                self._schedule(event, max(self._on_page.due(event), now + FIRST_READ))

    def page_delayed(self, until: float) -> None:
        """Note that another process is reading the page: it is due again at *until*."""
        self._page_given = None
        self._no_page_before = until

    def page_failed(self, now: float) -> None:
        """Note a failed page read, which is retried after a pause."""
        self._page_given = None
        self._no_page_before = now + RETRIES.pause(self._page_failures)
        self._page_failures += 1

    def page_undecodable(self, now: float) -> None:
        """Note that pages cannot be decoded, so that events are read singly for a while."""
        self._page_given = None
        self._no_new_on_page_before = now + PAGES_PAUSED
        for event in tuple(self._on_page):
            self._move_beyond(event)

    def page_lost(self) -> None:
        """Note that a page read did not come to its end: it is due again."""
        self._page_given = None

    def event_finished(self, read: EventRead, *, read_at: float, now: float) -> None:
        """Note a single read; the request was sent at *read_at*, and the response came *now*."""
        self._single_reads -= 1
        event = self.events.get(read.event_id)
        if read.is_of_outlier:
            self._times.note_outlier(has_ended=event is None)
        if event is not None:
            self._release(event)
            self._note_read(event, read_at, now)

    def event_failed(self, event_id: str, now: float) -> None:
        """Note a failed single read, which is retried after a pause."""
        self._single_reads -= 1
        event = self.events.get(event_id)
        if event is not None:
            self._release(event)
            event.retry_at = self._times.retry(event, now)
            event.failures += 1
            self._schedule(event, event.retry_at)

    def event_lost(self, event_id: str, now: float) -> None:
        """Note that a single read did not come to its end: it is due again."""
        self._single_reads -= 1
        event = self.events.get(event_id)
        if event is not None:
            self._release(event)
            self._schedule(event, now)

    def event_seen(self, event_id: str, *, read_at: float, now: float) -> None:
        """Note a read of an event that is not part of this plan."""
        event = self.events.get(event_id)
        if event is not None and not event.is_reading:
            self._note_read(event, read_at, now)

    def event_undecodable(self, event_id: str) -> None:
        """Note an event on the page that could not be decoded: it is read singly from now on."""
        event = self.events.get(event_id)
        if event is not None and not event.is_beyond:
            self._move_beyond(event)

    # -- when an event is due -------------------------------------------------------------------------------------

    def _note_read(self, event: PlannedEvent, read_at: float, now: float) -> None:
        event.last_read = max(event.last_read, read_at)
        event.read_until = now
        event.failures = 0
        event.retry_at = -math.inf
        self._schedule(event)

    def _schedule(self, event: PlannedEvent, due: float | None = None) -> None:
        """Plan the next read of *event*, at *due* if that is given."""
        self._on_page.start_over(event)
        if due is None and event.schedule is None and (event.is_unread or not event.is_beyond):
            event.due = math.nan
            if event.is_beyond:
                # By the time of the send, as the estimate moves, and all of these events with it.
                self._single_unread.push(event.sent_at, event.event_id)
            else:
                self._on_page.schedule(event, self._times.due(event, STEPS[0]))
            return
        event.due = self._times.due(event, beyond=self._count_beyond()) if due is None else due
        if not event.is_beyond:
            self._on_page.schedule(event)
            return
        if due is None:
            event.is_outlier = self._times.is_outlier(event)
        (self._outlier_due if event.is_outlier else self._single_due).push(event.due, event.event_id)

    def _release(self, event: PlannedEvent) -> None:
        """Allow reads of *event* again; a wait whose last read was due during the read may need another."""
        event.is_reading = False
        for wait in event.deferred:
            self._push_end(wait)
        event.deferred = ()

    def _move_beyond(self, event: PlannedEvent) -> None:
        """Read *event* singly from now on."""
        self._on_page.discard(event)
        event.is_beyond = True
        event.deferred = ()
        for wait in event.waits():
            self._push_end(wait)
        if not event.is_reading:
            self._schedule(event)

    def _push_end(self, wait: PlannedWait) -> None:
        if wait.end < math.inf:
            (self._single_ends if wait.event.is_beyond else self._page_ends).push(wait.end, wait.number)

    def _count_beyond(self) -> int:
        return len(self.events) - len(self._on_page)

    # -- the next read --------------------------------------------------------------------------------------------

    def _next_page(self, now: float) -> float:
        """Return when to read a page, or when to call again."""
        if self._page_given is not None or not self._on_page.is_worth_a_page:
            return math.inf
        next_step = self._on_page.pass_steps(now)
        final, _ = self._next_final(self._page_ends, 0)
        self.latest_page = math.inf
        if final <= now and (head := self._page_ends.first()) is not None:
            self.latest_page = (final + head[0]) / 2
        due = min(final, self._on_page.page_due(self._times.settle_times.median or 0.0))
        return min(max(due, self._no_page_before), max(next_step, now + DEBOUNCE))

    def _next_single(self, now: float) -> _Candidate:
        """Return when to read an event singly, and which."""
        beyond = self._count_beyond()
        first = self._next_final(self._single_ends, beyond)
        if first[0] <= now:
            return first
        if not self._on_page.is_worth_a_page:
            on_page = [(self._on_page.due(event), event) for event in self._on_page if not event.is_reading]
            first = min(first, self._next_final(self._page_ends, 0), *on_page, key=_time)
        if (unread := self._single_unread.first()) is not None:
            first = min(first, (unread[0] + self._times.first_read_beyond(beyond), unread[1]), key=_time)
        first = min(first, self._next_due(self._single_due, now), key=_time)
        due, event = self._next_due(self._outlier_due, now)
        return min(first, (max(due, self._no_outlier_before), event), key=_time)

    def _next_due(self, queue: _EventQueue, now: float) -> _Candidate:
        """Return the event of a *queue* that is due first, and when."""
        while (head := queue.first()) is not None:
            due, event = head
            if due > now or event.schedule is not None or event.is_unread or event.failures:
                return head
            # The estimate may have moved since the event was planned.
            due = self._times.due(event, beyond=self._count_beyond())
            if due <= now:
                return head
            self._schedule(event, due)
        return _NEVER

    def _next_final(self, queue: DueQueue[int, PlannedWait], beyond: int) -> _Candidate:
        """Return when a last read is due for the wait that ends first, and of which event."""
        while (head := queue.first()) is not None:
            wait = head[1]
            event = wait.event
            due = self._times.final_read(wait.started, wait.end, beyond)
            if event.last_read < due and not event.is_reading:
                return max(due, event.retry_at), event
            queue.pop()
            if event.is_reading:
                event.deferred += (wait,)
        return _NEVER


def _time(candidate: _Candidate) -> float:
    return candidate[0]
