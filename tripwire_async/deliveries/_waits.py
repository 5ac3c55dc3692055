"""The waits for deliveries on one event loop, by event and by end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NoReturn, cast, final

from tripwire_async._concurrency.due_queue import DueQueue, while_present

from ._planned_event import PlannedWait
from ._record import SETTLED

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from tripwire_async.models import WebhookDelivery

    from ._page_exchange import PageLook
    from ._read_plan import Read, ReadPlan
    from ._record import DeliveryRecord
    from ._settle_times import SettleTimes


@final
class Wait(PlannedWait):
    """One wait for one delivery; it is in the read plan until it is over.

    Attributes:
        record: The delivery.
        done: Returns whether the wait is for the delivery as it is.
        sleeping: The future on which the task of the wait sleeps; None before.
        read: The read that the wait has to make, until it ends.
        found: The delivery that ends the wait.
        error: The error that ends the wait, and other waits as well.
        traceback: The traceback of the error, without the frames of the waits that raise it.
        is_queued: Whether the wait is in the queue for reading a page.
    """

    __slots__ = ("done", "error", "found", "is_queued", "read", "record", "sleeping", "traceback")

    def __init__(self, record: DeliveryRecord, done: Callable[[WebhookDelivery], bool], end: float) -> None:
        super().__init__(end)
        self.record = record
        self.done = done
        self.sleeping: asyncio.Future[None] | None = None
        self.read: Read | PageLook | None = None
        self.found: WebhookDelivery | None = None
        self.error: Exception | None = None
        self.traceback: TracebackType | None = None
        self.is_queued = False

    @property
    def event_id(self) -> str:
        """The event of the delivery."""
        return self.record.reference.event_id

    @property
    def is_sleeping(self) -> bool:
        """True if the wait can be given a read."""
        return self.sleeping is not None and not self.sleeping.done()

    def raise_error(self) -> NoReturn:
        """Raise the error that ends the wait, once."""
        error, trace = cast("Exception", self.error), self.traceback
        # Otherwise the exception, its traceback and the wait would keep each other alive.
        self.error = self.traceback = None
        try:
            # Each raise adds its frames, and thousands of waits can end with one error.
            raise error.with_traceback(trace)
        finally:
            del error

    def wake(self) -> None:
        """Wake the task of the wait."""
        if self.sleeping is not None and not self.sleeping.done():
            self.sleeping.set_result(None)


@final
class Waits:
    """All waits of one poller; each is in the *plan* as long as it is here."""

    __slots__ = ("_by_end", "_ends", "_events", "_plan", "_waits")

    def __init__(self, plan: ReadPlan) -> None:
        self._plan = plan
        self._events = plan.events
        # Nothing else adds waits to the plan.
        self._waits = waits = cast("dict[int, Wait]", plan.waits)
        self._ends: DueQueue[int, Wait] = DueQueue(waits, while_present, waits.__len__)
        self._by_end: DueQueue[int, Wait] = DueQueue(waits, while_present, waits.__len__)  # negative: latest end first

    def __bool__(self) -> bool:
        return bool(self._waits)

    def __contains__(self, event_id: object) -> bool:
        return event_id in self._events

    def of(self, event_id: str) -> tuple[Wait, ...]:
        """Return the waits for an event."""
        event = self._events.get(event_id)
        return () if event is None else tuple(cast("Iterator[Wait]", event.waits()))

    def all(self) -> tuple[Wait, ...]:
        """Return all waits."""
        return tuple(self._waits.values())

    def add(self, wait: Wait, now: float) -> None:
        """Add a wait that starts *now*."""
        record, end = wait.record, wait.end
        self._plan.add(
            wait,
            record.reference.event_id,
            now=now,
            sent_at=record.sent_at,
            last_read=record.tried_at,
            schedule=record.schedule,
            is_beyond=record.is_beyond_page,
            is_unknown=record.latest is None,
        )
        if end < math.inf:
            self._ends.push(end, wait.number)

    def sleep(self, wait: Wait, future: asyncio.Future[None]) -> None:
        """Let the task of a wait sleep on *future*."""
        wait.sleeping = future
        if not wait.is_queued:
            wait.is_queued = True
            self._by_end.push(-wait.end, wait.number)

    def release(self, wait: Wait) -> None:
        """Remove a wait, unless it was removed before."""
        if wait.is_planned:
            wait.record.is_beyond_page = wait.record.sent_at is not None and wait.event.is_beyond
            self._plan.remove(wait)

    def succeed(self, wait: Wait, delivery: WebhookDelivery) -> None:
        """End a wait with the *delivery* that it was for."""
        wait.found = delivery
        self.release(wait)
        wait.wake()

    def fail(self, waits: Iterable[Wait], error: Exception) -> None:
        """End *waits* with an error."""
        for wait in waits:
            wait.error, wait.traceback = error, error.__traceback__
            self.release(wait)
            wait.wake()

    def wake_ended(self, now: float) -> float:
        """Wake the waits whose end has come; return when the next one comes."""
        while (first := self._ends.first()) is not None:
            end, wait = first
            if end > now:
                return end
            self._ends.pop()
            wait.wake()
        return math.inf

    def sleeping_for(self, event_id: str) -> Wait | None:
        """Return a wait for that event that can be given a read, or None."""
        return next((wait for wait in self.of(event_id) if wait.is_sleeping), None)

    def sleeping_longest(self) -> Wait | None:
        """Return the wait with the latest end among the waits that can be given a read, or None."""
        while (first := self._by_end.first()) is not None:
            wait = first[1]
            if wait.is_sleeping:
                return wait
            # It comes back when it sleeps again.
            self._by_end.pop()
            wait.is_queued = False
        return None


def observe(times: SettleTimes, wait: Wait, *, read_at: float, now: float) -> None:
    """Let *times* learn from what a read, which was started at *read_at*, tells about the delivery of a wait."""
    record = wait.record
    delivery = record.latest
    if delivery is None or not wait.is_planned or delivery.status == "skipped":
        # A skipped delivery was not sent, so its duration is not an observation.
        return
    sent_at = wait.event.sent_at
    age, duration = max(0.0, read_at - sent_at), None
    if delivery.status in SETTLED:
        age = math.inf if record.sent_at is None else now - sent_at
        duration = (delivery.updated_at - delivery.created_at).total_seconds()
    times.observe(record.reference.event_id, sent=sent_at, age=age, duration=duration)
