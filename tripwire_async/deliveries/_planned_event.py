"""An awaited event and the waits for it, as the read plan sees them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tripwire_async._concurrency.polling import PollSchedule

STEPS: Final = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Probabilities of having ended at which an event on the page counts for one more part of its waiting."""

MEDIAN: Final = STEPS.index(0.5)


class PlannedWait:
    """One wait for an event, as far as the plan is concerned; its user may add attributes.

    Attributes:
        end: When the wait ends; infinity for never.
        started: When it was added to the plan.
        event: The event; valid from then on.
        number: Its number in the plan; zero before and after.
        previous: The wait for the same event that was added before it.
        following: The one that was added after it.
    """

    __slots__ = ("end", "event", "following", "number", "previous", "started")

    event: PlannedEvent

    def __init__(self, end: float) -> None:
        self.end = end
        self.started = -math.inf
        self.number = 0
        self.previous: PlannedWait | None = None
        self.following: PlannedWait | None = None

    @property
    def is_planned(self) -> bool:
        """True while the wait is in the plan."""
        return self.number > 0


@final
class PlannedEvent:
    """An awaited event; all times are in seconds on the clock of the caller.

    Attributes:
        event_id: The event.
        sent_at: When it was sent, or first awaited if that is unknown.
        schedule: The poll intervals of the caller; None for the estimated times.
        is_beyond: Whether it is beyond the page, and read singly.
        is_outlier: Whether it has taken longer than nearly all others.
        is_reading: Whether a single read of it is in progress.
        last_read: When the request of the last successful read was sent; minus infinity before.
        read_until: When that read ended.
        failures: Failed reads since then.
        retry_at: When it may be read again after a failed read.
        due: When to read it singly; nan before that is needed, or if it depends on the time of the send.
        step: Which of `STEPS` comes next.
        step_due: When that is; infinity unless the event is on the page and not being read.
        passed: How many steps count as waiting.
        waiting_since: The sum of the times of these steps.
        first_wait: The first of the waits for it, which are linked: an event has one nearly always, and a container for
            each event takes the garbage collector as long as the wait in it.
        last_wait: The last of them.
        deferred: Waits whose last read was due while it was being read.
    """

    __slots__ = (
        "deferred",
        "due",
        "event_id",
        "failures",
        "first_wait",
        "is_beyond",
        "is_outlier",
        "is_reading",
        "last_read",
        "last_wait",
        "passed",
        "read_until",
        "retry_at",
        "schedule",
        "sent_at",
        "step",
        "step_due",
        "waiting_since",
    )

    def __init__(
        self, event_id: str, sent_at: float, last_read: float, schedule: PollSchedule | None, *, is_beyond: bool
    ) -> None:
        self.event_id = event_id
        self.sent_at = sent_at
        self.schedule = schedule
        self.is_beyond = is_beyond
        self.is_outlier = False
        self.is_reading = False
        self.last_read = last_read
        self.read_until = last_read
        self.failures = 0
        self.retry_at = -math.inf
        self.due = math.inf
        self.step = 0
        self.step_due = math.inf
        self.passed = 0
        self.waiting_since = 0.0
        self.first_wait: PlannedWait | None = None
        self.last_wait: PlannedWait | None = None
        # Not a list: thousands of empty ones take the garbage collector as long as thousands of full ones.
        self.deferred: tuple[PlannedWait, ...] = ()

    @property
    def is_unread(self) -> bool:
        """True before the first successful read of it."""
        return self.last_read == -math.inf

    @property
    def is_free(self) -> bool:
        """True if it is awaited, and no single read of it is in progress."""
        return self.first_wait is not None and not self.is_reading

    def waits(self) -> Iterator[PlannedWait]:
        """Yield the waits for it in the order in which they were added; the wait that was yielded may be removed."""
        wait = self.first_wait
        while wait is not None:
            following = wait.following
            yield wait
            wait = following

    def add(self, wait: PlannedWait) -> None:
        """Add a wait for it."""
        wait.event = self
        wait.previous = self.last_wait
        if self.last_wait is None:
            self.first_wait = wait
        else:
            self.last_wait.following = wait
        self.last_wait = wait

    def remove(self, wait: PlannedWait) -> None:
        """Remove one of its waits."""
        previous, following = wait.previous, wait.following
        if previous is None:
            self.first_wait = following
        else:
            previous.following = following
        if following is None:
            self.last_wait = previous
        else:
            following.previous = previous
        wait.previous = wait.following = None


def has_step_at(event: PlannedEvent, when: float) -> bool:
    """Return whether the next step of an event on the page is *when*."""
    return event.step_due == when


def is_due_at(event: PlannedEvent, when: float) -> bool:
    """Return whether an event beyond the page is to be read singly *when*."""
    return event.due == when and event.is_beyond and event.is_free and not event.is_outlier


def is_outlier_due_at(event: PlannedEvent, when: float) -> bool:
    """Return the same for an event that has taken longer than nearly all others."""
    return event.due == when and event.is_beyond and event.is_free and event.is_outlier


def is_due_by_send(event: PlannedEvent, _: float) -> bool:
    """Return whether the time of the send decides when an event beyond the page is read."""
    return math.isnan(event.due) and event.is_free


def ends_on_page(wait: PlannedWait, _: float) -> bool:
    """Return whether a wait is for an event on the page."""
    return not wait.event.is_beyond


def ends_beyond(wait: PlannedWait, _: float) -> bool:
    """Return whether a wait is for an event beyond the page."""
    return wait.event.is_beyond
