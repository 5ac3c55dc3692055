"""Shared reads for all waits for deliveries of one organization on one event loop.

The poller has no task. Each wait sleeps on one future, which the poller completes with news or with a read
to make. The wait that is given a read makes it, stores the result for all waits, and continues to wait. So a read is
bounded by the timeout of a wait that needs it, a cancelled wait cancels only its own read, and there is nothing to
start or stop.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import TYPE_CHECKING, Any, Final, final

from tripwire_async._concurrency.contexts import InEmptyContext
from tripwire_async._concurrency.polling import PollTimeout
from tripwire_async._generated.operations import webhooks as operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async.errors import (
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    RequestTimeoutError,
    ResponseDecodeError,
    TripwireError,
)

from ._event_page import LIST_EVENT_PAGE, decode_page
from ._read_errors import is_missing, may_pass, missing_error
from ._read_plan import PAGE_SIZE, EventRead, PageRead, ReadPlan
from ._record import SETTLED
from ._waits import Wait, Waits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tripwire_async._concurrency.clock import Clock, Timer
    from tripwire_async._http.api_calls import ApiResponse, Caller
    from tripwire_async.models import WebhookDelivery

    from ._read_plan import Read
    from ._record import DeliveryRecord
    from ._settle_times import SettleTimes

_MARGIN: Final = 1e-3
"""Seconds before the end of a wait from which on no read is started: its response would come too late."""

_DECODE_FAILURES: Final = 3
"""Single reads of an event that cannot be decoded, one after the other, after which its waits fail."""


@final
class DeliveryPoller:
    """Reads the deliveries of one organization for all waits on the running event loop.

    Args:
        call: Calls the operations.
        organization_id: The organization.
        times: Estimate of the durations of deliveries, updated by each read.
        clock: The clock that the waits are measured on.

    Attributes:
        read_at: When a page was last read; minus infinity before.
    """

    __slots__ = (
        "__weakref__",
        "_blocked",
        "_call",
        "_clock",
        "_decode_failures",
        "_loop",
        "_organization_id",
        "_page_error",
        "_page_error_at",
        "_plan",
        "_timer",
        "_timer_at",
        "_times",
        "_waits",
        "read_at",
    )

    def __init__(self, call: Caller, organization_id: str, times: SettleTimes, clock: Clock) -> None:
        self._call = call
        self._organization_id = organization_id
        self._times = times
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._plan = ReadPlan(times)
        self._waits = Waits(self._plan)
        self._blocked: set[str] = set()  # events that are due, while each wait for them is reading a page
        self._decode_failures: dict[str, int] = {}
        self._page_error: TripwireError | None = None
        self._page_error_at = -math.inf
        self._timer: Timer | None = None
        self._timer_at = math.inf
        self.read_at = -math.inf

    async def wait(
        self, record: DeliveryRecord, done: Callable[[WebhookDelivery], bool], end: float
    ) -> WebhookDelivery:
        """Return the delivery of *record* once it is *done*; any number of tasks may wait for the same one.

        *end* is on the poller's clock; infinity for no end. Temporary errors are not raised: the wait continues.

        Raises:
            PollTimeout: The *end* has come; its cause is the last error of a read, if there was one.
            DeliveryError: The event did not appear.
            TripwireError: The service does not let the event be read, or it cannot be decoded.
        """
        if record.latest is not None and done(record.latest):
            return record.latest
        if self._clock.now() >= end - _MARGIN:
            raise PollTimeout
        wait = Wait(record, done, end)
        has_read = False
        self._waits.add(wait, self._clock.now())
        try:
            while (delivery := self._outcome(wait)) is None:
                self._waits.sleep(wait, sleeping := self._loop.create_future())
                self._unblock(record.reference.event_id)
                self._dispatch()
                await sleeping
                if wait.read is not None:
                    await self._make(wait, wait.read)
                    has_read = True
        except GeneratorExit:
            # The loop was closed, or the coroutine was dropped. Without a running loop there is no clock and no timer,
            # and no wait is left that could be given a read.
            if self._loop.is_running():
                with contextlib.suppress(RuntimeError):
                    self._loop.call_soon_threadsafe(self._leave, wait)
            raise
        except BaseException:
            self._leave(wait)
            raise
        if has_read:
            self._dispatch()
        return delivery

    async def refresh(self, record: DeliveryRecord) -> None:
        """Read the event of *record* now, for all who wait for it; raises whatever kept it from being read."""
        started, event_id = self._clock.now(), record.reference.event_id
        try:
            response = await self._call(
                ApiRequest(operations.RETRIEVE_EVENT, (self._organization_id, event_id), priority="poll")
            )
        except TripwireError as error:
            record.error = error
            raise
        deliveries, read_at = response.value.data.webhook_deliveries, started + response.stats.waited
        record.update(deliveries, read_at)
        self._store(event_id, deliveries, read_at)
        self._plan.event_seen(event_id, read_at=read_at, now=self._clock.now())
        self._dispatch()

    def statistics(self) -> dict[str, int]:
        """Return how many events, waits, reads and timers there are."""
        return {**self._plan.statistics(), "timers": int(self._timer is not None)}

    # -- who waits ------------------------------------------------------------------------------------------------

    def _leave(self, wait: Wait) -> None:
        """Remove a wait that did not come to its end; another makes the read that it was given."""
        if wait.read is not None:
            self._lose(wait.read)
        self._release(wait)
        self._dispatch()

    def _release(self, wait: Wait) -> None:
        self._waits.release(wait)
        self._forget(wait.event_id)

    def _forget(self, event_id: str) -> None:
        """Drop the state of an event that is not awaited any more."""
        if event_id not in self._waits:
            self._decode_failures.pop(event_id, None)
            self._unblock(event_id)
        if not self._waits and self._timer is not None:
            self._timer.cancel()
            self._timer, self._timer_at = None, math.inf

    def _outcome(self, wait: Wait) -> WebhookDelivery | None:
        """Return the result of *wait*; None if it continues; raise if it cannot."""
        if wait.found is not None:
            return wait.found
        if wait.error is not None:
            raise wait.error
        if self._clock.now() >= wait.end - _MARGIN:
            raise PollTimeout from self._cause(wait.record)
        return None

    def _fail(self, waits: Sequence[Wait], error: Exception) -> None:
        self._waits.fail(waits, error)
        for wait in waits:
            self._forget(wait.event_id)

    def _cause(self, record: DeliveryRecord) -> TripwireError | None:
        """Return what last kept *record* from being read; None if nothing did."""
        if record.error is None and self._page_error_at > (record.read_at or -math.inf):
            return self._page_error
        return record.error

    # -- who reads ------------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """Give out the reads that are due, wake the waits whose end has come, and set the timer for the rest."""
        if not self._waits:
            return
        now = self._clock.now()
        next_end = self._waits.wake_ended(now + _MARGIN / 2)
        while not isinstance(read := self._plan.next(now), (int, float)):
            if isinstance(read, EventRead):
                reader = self._waits.sleeping_for(read.event_id)
                if reader is None:
                    self._blocked.add(read.event_id)
                    continue
            else:
                reader = self._waits.sleeping_longest()
                if reader is None:
                    # All are reading, and the first to finish is given the page.
                    self._plan.page_lost()
                    read = math.inf
                    break
            reader.read = read
            reader.wake()
        when = min(read, next_end)
        if when < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = when
            self._timer = self._clock.call_at(when, self._on_timer)

    def _on_timer(self) -> None:
        self._timer, self._timer_at = None, math.inf
        self._dispatch()

    async def _make(self, wait: Wait, read: Read) -> None:
        """Make the *read* that *wait* was given, and store its result for all waits."""
        started = self._clock.now()
        wait.record.try_at(started)
        limit = None if wait.end == math.inf else max(0.0, wait.end - started)
        try:
            if isinstance(read, PageRead):
                await InEmptyContext(self._read_page(started, limit))
            else:
                await InEmptyContext(self._read_event(read, started, limit))
        except RequestTimeoutError as error:
            if self._clock.now() >= wait.end - _MARGIN:
                # The end of this wait has cut it off: the others have time.
                self._note_error(read, error)
                self._lose(read)
            else:
                self._failed(read, error, started)
        except Exception as error:  # noqa: BLE001 - whatever it is, all whom it concerns are given it, the reader too
            self._failed(read, error, started)
        wait.read = None

    def _lose(self, read: Read) -> None:
        """Note a read that did not come to its end."""
        if isinstance(read, PageRead):
            self._plan.page_lost()
        else:
            self._plan.event_lost(read.event_id, self._clock.now())

    def _unblock(self, event_id: str) -> None:
        """Let an event be read that was due while its waits were reading pages."""
        if event_id in self._blocked:
            self._blocked.remove(event_id)
            self._plan.event_lost(event_id, self._clock.now())

    # -- results of reads ------------------------------------------------------------------------------------------

    async def _read_page(self, started: float, limit: float | None) -> None:
        query = {"type": "webhook.test", "limit": PAGE_SIZE}
        response = await self._call(
            ApiRequest(LIST_EVENT_PAGE, (self._organization_id,), query=query, deadline=limit, priority="poll")
        )
        page = decode_page(response)
        read_at = started + response.stats.waited
        self._note_speed(response)
        self._page_error, self._page_error_at = None, -math.inf
        self.read_at = now = self._clock.now()
        for event in page.events:
            if event.id in self._waits:
                self._store(event.id, event.webhook_deliveries, read_at)
        for event_id, error in page.undecodable.items():
            self._note_error(EventRead(event_id), error)
            self._plan.event_undecodable(event_id)
        self._plan.page_finished(
            {event.id for event in page.events}, read_at=read_at, now=now, is_full=page.count >= PAGE_SIZE
        )

    async def _read_event(self, read: EventRead, started: float, limit: float | None) -> None:
        response = await self._call(
            ApiRequest(
                operations.RETRIEVE_EVENT, (self._organization_id, read.event_id), deadline=limit, priority="poll"
            )
        )
        self._note_speed(response)
        self._decode_failures.pop(read.event_id, None)
        read_at = started + response.stats.waited
        self._store(read.event_id, response.value.data.webhook_deliveries, read_at)
        self._plan.event_finished(read, read_at=read_at, now=self._clock.now())

    def _store(self, event_id: str, deliveries: Sequence[WebhookDelivery], read_at: float) -> None:
        """Write the result of a read of one event to the records of its waits, and wake the waits that end with it."""
        for wait in self._waits.of(event_id):
            record = wait.record
            record.update(deliveries, read_at)
            self._learn(wait, read_at)
            if record.latest is not None and wait.done(record.latest):
                self._waits.succeed(wait, record.latest)
                self._forget(event_id)

    def _learn(self, wait: Wait, read_at: float) -> None:
        record, planned = wait.record, wait.planned
        delivery = record.latest
        if delivery is None or planned is None or delivery.status == "skipped":
            # A skipped delivery was not sent, so its duration is not an observation.
            return
        sent_at = planned.event.sent_at
        age, duration = max(0.0, read_at - sent_at), None
        if delivery.status in SETTLED:
            age = math.inf if record.sent_at is None else self._clock.now() - sent_at
            duration = (delivery.updated_at - delivery.created_at).total_seconds()
        self._times.observe(record.reference.event_id, sent=sent_at, age=age, duration=duration)

    def _note_speed(self, response: ApiResponse[Any]) -> None:
        stats = response.stats
        waited = stats.rate_limit_wait
        self._plan.note_speed(max(0.0, stats.finished - stats.started - waited), waited)

    # -- reads that fail ------------------------------------------------------------------------------------------

    def _failed(self, read: Read, error: Exception, started: float) -> None:
        """Plan a failed read again, and end the waits that cannot continue."""
        if isinstance(read, PageRead):
            self._page_failed(read, error)
        else:
            self._event_failed(read, error, started)

    def _page_failed(self, read: PageRead, error: Exception) -> None:
        if isinstance(error, TripwireError) and may_pass(error):
            self._note_error(read, error)
            self._plan.page_failed(self._clock.now())
        elif isinstance(error, ResponseDecodeError):
            self._note_error(read, error)
            self._plan.page_undecodable(self._clock.now())
        else:
            self._plan.page_lost()
            self._fail(self._waits.all(), error)

    def _event_failed(self, read: EventRead, error: Exception, started: float) -> None:
        event_id = read.event_id
        self._plan.event_failed(event_id, self._clock.now())
        waits = self._waits.of(event_id)
        if isinstance(error, NotFoundError):
            self._note_error(read, error)
            missing = [wait for wait in waits if is_missing(wait.record, started)]
            if missing:
                self._fail(missing, missing_error(missing[0].record, error))
        elif isinstance(error, TripwireError) and may_pass(error):
            self._note_error(read, error)
        elif isinstance(error, ResponseDecodeError):
            self._note_error(read, error)
            failures = self._decode_failures[event_id] = self._decode_failures.get(event_id, 0) + 1
            if failures >= _DECODE_FAILURES:
                self._fail(waits, error)
        elif isinstance(error, (AuthenticationError, PermissionDeniedError)):
            self._fail(self._waits.all(), error)
        else:
            self._fail(waits, error)

    def _note_error(self, read: Read, error: TripwireError) -> None:
        """Remember the error of a read, as the cause of a later timeout.

        The last read of a wait often times out, which is less informative than the error before it.
        """
        is_late = isinstance(error, RequestTimeoutError)
        if isinstance(read, PageRead):
            if self._page_error is None or not is_late:
                self._page_error, self._page_error_at = error, self._clock.now()
            return
        for wait in self._waits.of(read.event_id):
            if wait.record.error is None or not is_late:
                wait.record.error = error
