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
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final, final

from tripwire_async._concurrency.clock import time_on
from tripwire_async._concurrency.contexts import InEmptyContext
from tripwire_async._concurrency.polling import PollTimeout
from tripwire_async._generated.operations import webhooks as operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async._http.messages import CallStats
from tripwire_async.errors import RequestTimeoutError, TripwireError

from ._event_page import decode_page, page_request
from ._page_exchange import LOOK_INTERVAL, FoundPage, PageLook
from ._page_queue import PageDemand
from ._read_failures import ReadFailures
from ._read_plan import EventRead, PageRead, ReadPlan
from ._waits import Wait, Waits, observe

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from tripwire_async._concurrency.clock import Clock, Timer
    from tripwire_async._http.api_calls import Caller
    from tripwire_async.models import WebhookDelivery

    from ._page_exchange import PageExchange
    from ._read_plan import Read
    from ._record import DeliveryRecord
    from ._settle_times import SettleTimes

_MARGIN: Final = 1e-3
"""Seconds before the end of a wait from which on no read is started: its response would come too late."""


@final
class DeliveryPoller:
    """Reads the deliveries of one organization for all waits on the running event loop.

    Args:
        call: Calls the operations.
        organization_id: The organization.
        times: Estimate of the durations of deliveries, and the speed of reads, updated by each read.
        clock: The clock that the waits are measured on.
        exchange: Shares pages with other processes; None to read all of them.

    Attributes:
        read_at: When a page was last read; minus infinity before.
    """

    __slots__ = (
        "__weakref__",
        "_blocked",
        "_call",
        "_clock",
        "_exchange",
        "_failures",
        "_loop",
        "_now",
        "_organization_id",
        "_plan",
        "_timer",
        "_timer_at",
        "_times",
        "_waits",
        "read_at",
    )

    def __init__(
        self,
        call: Caller,
        organization_id: str,
        times: SettleTimes,
        clock: Clock,
        exchange: PageExchange | None = None,
    ) -> None:
        self._call = call
        self._exchange = exchange
        self._organization_id = organization_id
        self._times = times
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._now = time_on(self._loop, clock)
        self._plan = ReadPlan(times)
        self._waits = Waits(self._plan)
        self._failures = ReadFailures(self._plan, self._waits, clock, self._fail)
        self._blocked: set[str] = set()  # events that are due, while each wait for them is reading a page
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
            DeliveryError: The event did not appear, or it was deleted.
            TripwireError: The service does not let the event be read, or it cannot be decoded.
        """
        if record.latest is not None and done(record.latest):
            return record.latest
        if self._now() >= end - _MARGIN:
            raise PollTimeout
        wait = Wait(record, done, end)
        has_read = False
        self._waits.add(wait, self._now())
        try:
            while (delivery := self._result(wait)) is None:
                self._waits.sleep(wait, sleeping := self._loop.create_future())
                self._unblock(record.reference.event_id)
                self._dispatch()
                await sleeping
                if wait.read is not None:
                    await self._carry_out(wait, wait.read)
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

    @contextlib.contextmanager
    def sharing_pages(self, exchange: PageExchange | None) -> Generator[None]:
        """Within it, share pages with other processes through *exchange*, unless this poller shares them already."""
        if exchange is None or self._exchange is not None:
            yield
            return
        self._exchange = exchange
        try:
            yield
        finally:
            # A wait that is not of this block may be in the middle of a read.
            exchange.is_closed = True
            self._exchange = None
            self._plan.share_pages(PageDemand(0, 0.0))

    async def refresh(self, record: DeliveryRecord) -> None:
        """Read the event of *record* now, for all who wait for it; raises whatever kept it from being read."""
        started, event_id = self._now(), record.reference.event_id
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
        self._plan.event_seen(event_id, read_at=read_at, now=self._now())
        self._dispatch()

    def statistics(self) -> dict[str, int]:
        """Return how many events, waits, reads and timers there are."""
        return {**self._plan.statistics(), "timers": int(self._timer is not None)}

    # -- waits ----------------------------------------------------------------------------------------------------

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
            self._failures.forget(event_id)
            self._unblock(event_id)
        if not self._waits and self._timer is not None:
            self._timer.cancel()
            self._timer, self._timer_at = None, math.inf

    def _result(self, wait: Wait) -> WebhookDelivery | None:
        """Return the result of *wait*; None if it continues; raise if it cannot."""
        if wait.found is not None:
            return wait.found
        if wait.error is not None:
            wait.raise_error()
        if self._now() >= wait.end - _MARGIN:
            raise PollTimeout from self._failures.cause(wait.record)
        return None

    def _fail(self, waits: Sequence[Wait], error: Exception) -> None:
        self._waits.fail(waits, error)
        for wait in waits:
            self._forget(wait.event_id)

    # -- reads ----------------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """Give out the reads that are due, wake the waits whose end has come, and set the timer for the rest."""
        if not self._waits:
            return
        now = self._now()
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
        when = min(read, next_end, self._next_look(now))
        if when < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = when
            self._timer = self._clock.call_at(when, self._on_timer)

    def _next_look(self, now: float) -> float:
        """Have a wait look for a page of another process if it is time to; return when to call again."""
        exchange = self._exchange
        if exchange is None or exchange.is_looking or not self._plan.awaits_page:
            return math.inf
        if exchange.next_look > now:
            return exchange.next_look
        if (wait := self._waits.sleeping_longest()) is not None:
            exchange.is_looking = True
            wait.read = PageLook(exchange)
            wait.wake()
        return math.inf

    def _on_timer(self) -> None:
        self._timer, self._timer_at = None, math.inf
        self._dispatch()

    async def _carry_out(self, wait: Wait, read: Read | PageLook) -> None:
        """Make the *read* that *wait* was given, unless another process makes it."""
        exchange = self._exchange
        if isinstance(read, PageLook):
            await self._exchange_pages(read.exchange, wait, is_due=False)
            read.exchange.is_looking = False
        elif isinstance(read, EventRead) or exchange is None:
            await self._make(wait, read)
        elif await self._is_reader(exchange, wait):
            await self._make(wait, read)
            wait.read = None
            self._dispatch()
            await self._exchange_pages(exchange, wait, is_due=False)
        wait.read = None

    async def _make(self, wait: Wait, read: Read) -> None:
        """Make the *read* that *wait* was given, and store its result for all waits."""
        started = self._now()
        wait.record.try_at(started)
        limit = None if wait.end == math.inf else max(0.0, wait.end - started)
        try:
            if isinstance(read, EventRead):
                await InEmptyContext(self._read_event(read, started, limit))
            else:
                await InEmptyContext(self._read_page(started, limit))
        except RequestTimeoutError as error:
            if self._now() >= wait.end - _MARGIN:
                # The end of this wait has cut it off: the others have time.
                self._failures.note(read, error)
                self._lose(read)
            else:
                self._failures.failed(read, error, started)
        except Exception as error:  # noqa: BLE001 - whatever it is, all whom it concerns are given it, the reader too
            self._failures.failed(read, error, started)

    async def _is_reader(self, exchange: PageExchange, wait: Wait) -> bool:
        """Return whether this process reads the page, after a look for the page of another one."""
        if exchange.is_incomplete or not exchange.is_available:
            return True
        latest = self._plan.latest_page
        found = await self._exchange_pages(exchange, wait, is_due=True)
        now = self._now()
        if found is True or (found is False and now >= latest):
            return True
        self._plan.page_delayed(now if found else min(now + LOOK_INTERVAL, latest))
        return False

    async def _exchange_pages(self, exchange: PageExchange, wait: Wait, *, is_due: bool) -> FoundPage | bool:
        """Publish a page, and look for one of another process; see `PageExchange.exchange`."""
        now = self._now()
        found = await exchange.exchange(self._plan.demand(now), is_due=is_due, limit=max(0.0, wait.end - now))
        if not exchange.is_closed:
            self._plan.share_pages(exchange.demand)
        if isinstance(found, FoundPage):
            self._take(found)
            exchange.is_incomplete |= any(event_id in self._waits for event_id in found.events.incomplete)
        return found

    def _lose(self, read: Read | PageLook) -> None:
        """Note a read that did not come to its end."""
        if isinstance(read, EventRead):
            self._plan.event_lost(read.event_id, self._now())
        elif isinstance(read, PageRead):
            self._plan.page_lost()
        else:
            read.exchange.is_looking = False

    def _unblock(self, event_id: str) -> None:
        """Let an event be read that was due while its waits were reading pages."""
        if event_id in self._blocked:
            self._blocked.remove(event_id)
            self._plan.event_lost(event_id, self._now())

    # -- results of reads ------------------------------------------------------------------------------------------

    async def _read_page(self, started: float, limit: float | None) -> None:
        stats, exchange = CallStats(), self._exchange
        with nullcontext() if exchange is None else exchange.reading(stats):
            page = decode_page(await self._call(page_request(self._organization_id, limit, stats)))
        read_at = started + stats.waited
        if exchange is not None:
            exchange.keep(page, started=read_at, stats=stats)
        self._times.read_speed.note_call(stats)
        self._failures.page_succeeded()
        self.read_at = now = self._now()
        for event in page.events:
            if event.id in self._waits:
                self._store(event.id, event.webhook_deliveries, read_at)
        for event_id, error in page.undecodable.items():
            self._failures.note(EventRead(event_id), error)
            self._plan.event_undecodable(event_id)
        self._plan.page_finished({event.id for event in page.events}, read_at=read_at, now=now, is_full=page.is_full)

    def _take(self, page: FoundPage) -> None:
        """Store the events of a page that another process has read, as if this one had read it."""
        shared, read_at = page.events, page.read_at
        self._times.read_speed.note(shared.seconds, shared.limit_wait)
        if self._times.median is None:
            for event_id, age, duration in shared.durations():
                self._times.observe(event_id, sent=-math.inf, age=age, duration=duration)
        self._failures.page_succeeded()
        self.read_at = max(self.read_at, read_at)
        for event_id in shared.events:
            if event_id in self._waits and event_id not in shared.incomplete:
                self._store(event_id, shared.deliveries(event_id), read_at)
        self._plan.page_shared(
            shared.events.keys() | shared.incomplete,
            shared.incomplete,
            read_at=read_at,
            now=self._now(),
            is_full=shared.is_full,
        )

    async def _read_event(self, read: EventRead, started: float, limit: float | None) -> None:
        response = await self._call(
            ApiRequest(
                operations.RETRIEVE_EVENT, (self._organization_id, read.event_id), deadline=limit, priority="poll"
            )
        )
        self._times.read_speed.note_call(response.stats)
        self._failures.forget(read.event_id)
        read_at = started + response.stats.waited
        self._store(read.event_id, response.value.data.webhook_deliveries, read_at)
        self._plan.event_finished(read, read_at=read_at, now=self._now())

    def _store(self, event_id: str, deliveries: Sequence[WebhookDelivery], read_at: float) -> None:
        """Write the result of a read of one event to the records of its waits, and wake the waits that end with it."""
        now = self._now()
        for wait in self._waits.of(event_id):
            record = wait.record
            record.update(deliveries, read_at)
            observe(self._times, wait, read_at=read_at, now=now)
            if record.latest is not None and wait.done(record.latest):
                self._waits.succeed(wait, record.latest)
                self._forget(event_id)
