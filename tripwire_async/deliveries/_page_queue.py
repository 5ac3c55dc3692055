"""Events that may be on the page, and their expected waiting time for a read of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple, final

from tripwire_async._concurrency.due_queue import DueQueue

from ._planned_event import MEDIAN, STEPS, has_step_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ._planned_event import PlannedEvent

SEVERAL: Final = 3
"""Awaited events on the page from which on it is read for all of them; fewer are read singly."""

READ_COST: Final = 30.0
"""Seconds of waiting, summed over the deliveries that have probably ended, that justify one page read."""

_MANY: Final = 50
"""Events on the page from which on the first that has probably ended waits the full time for others."""

_LONGEST_HOLD: Final = 5.0


class PageDemand(NamedTuple):
    """Value of a page: number of awaited events, and seconds since they have probably ended, added up."""

    awaited: int
    overdue: float


@final
class PageQueue:
    """The awaited events that may be on a page.

    Each event counts as waiting in `STEPS`: at the age by which it has ended with a probability of 0.1, a fifth of it
    waits, at 0.3 two fifths. So a page is due when the expected waiting of all events, added up, justifies a read.

    Args:
        due: Returns when an event has ended with a given probability.

    Attributes:
        shared: Value of the same page for other processes.
    """

    __slots__ = ("_due", "_events", "_passed", "_probably_ended", "_steps", "_waiting_since", "_wanted", "shared")

    def __init__(self, due: Callable[[PlannedEvent, float], float]) -> None:
        self._due = due
        self._events: dict[str, PlannedEvent] = {}
        self._steps: DueQueue[str, PlannedEvent] = DueQueue(self._events, has_step_at, self._events.__len__)
        self._probably_ended: dict[PlannedEvent, None] = {}  # the longest waiting first
        self._passed = 0
        self._waiting_since = 0.0
        self._wanted = 0  # events whose schedule says now
        self.shared = PageDemand(0, 0.0)

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[PlannedEvent]:
        return iter(self._events.values())

    @property
    def is_worth_a_page(self) -> bool:
        """True if a page is read for the events, not each of them singly."""
        return len(self._events) + self.shared.awaited >= SEVERAL

    def due(self, event: PlannedEvent) -> float:
        """Return when *event* is due by itself: it is read singly, or it is too new to be listed."""
        if math.isnan(event.due):
            event.due = self._due(event, STEPS[MEDIAN])
        return event.due

    def demand(self, now: float) -> PageDemand:
        """Return the value of a page that is read *now*, for these events alone."""
        return PageDemand(len(self._events), max(0.0, self._passed * now - self._waiting_since) / len(STEPS))

    def add(self, event: PlannedEvent) -> None:
        """Add an event, whose reads `schedule` plans."""
        self._events[event.event_id] = event

    def discard(self, event: PlannedEvent) -> None:
        """Remove an event, if it is there."""
        self.start_over(event)
        self._events.pop(event.event_id, None)

    def schedule(self, event: PlannedEvent, first_step: float | None = None) -> None:
        """Plan the steps of *event*: from *first_step* on, or only at the time at which it is due."""
        event.step, event.step_due = (MEDIAN, event.due) if first_step is None else (0, first_step)
        self._steps.push(event.step_due, event.event_id)

    def start_over(self, event: PlannedEvent) -> None:
        """Forget that *event* has waited."""
        if event.passed:
            self._wanted -= event.schedule is not None
            self._passed -= event.passed
            self._waiting_since -= event.waiting_since
            event.passed, event.waiting_since = 0, 0.0
            self._probably_ended.pop(event, None)
        event.step_due = math.inf

    def pass_steps(self, now: float) -> float:
        """Count the steps that have passed by now; return when the next one does."""
        while (head := self._steps.first()) is not None:
            when, event = head
            if when > now:
                return when
            if event.step == MEDIAN:
                self._probably_ended[event] = None
                event.due = when
                self._wanted += event.schedule is not None
            event.passed += 1
            event.waiting_since += when
            self._passed += 1
            self._waiting_since += when
            event.step += 1
            # With another time or none, the queue drops the entry.
            event.step_due = math.inf
            if event.step < len(STEPS) and event.schedule is None:
                event.step_due = max(when, self._due(event, STEPS[event.step]))
                self._steps.push(event.step_due, event.event_id)
        return math.inf

    def page_due(self, median: float) -> float:
        """Return when a page is due by the steps that have passed, if deliveries take a *median* time."""
        have_all_ended = len(self._probably_ended) == len(self._events) and not self.shared.awaited
        if self._wanted or have_all_ended:
            return -math.inf
        due = math.inf
        if self._probably_ended:
            count = len(self._events) + self.shared.awaited
            hold = min(_LONGEST_HOLD, max(1.0, median) / 2 * min(1.0, count / _MANY))
            due = next(iter(self._probably_ended)).due + hold
        if self._passed:
            cost = READ_COST - self.shared.overdue
            due = min(due, (cost * len(STEPS) + self._waiting_since) / self._passed)
        return due
