"""Admission of the client's own key when other processes use it too: slots are requested from a store.

`Scheduler` provides the queue, its priorities and the in-flight slots. Only the admission decision is the store's.
One of the waiting calls sends a request to the store on behalf of all of them, one request at a time, and reports
finished requests with it. If that call is cancelled, another one sends the same request again, so that no granted slot
is lost. A slot is used at once or given back; it is never held across a sleep.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final, final

from tripwire_async._concurrency.patience import within
from tripwire_async._logger import LOGGER
from tripwire_async.errors import ConfigurationError

from ._cooldown import MAX_COOLDOWN
from ._scheduler import Scheduler
from ._store_clock import StoreClock
from .store import DEFAULT_PATIENCE, FinishedRequest, SlotRequest, StoreReplyError

if TYPE_CHECKING:
    from tripwire_async._concurrency.clock import Clock, Timer
    from tripwire_async._http.messages import Priority

    from ._admission import LimitModel
    from ._capacity import Capacity
    from ._permit import Permit
    from ._queue import Waiter
    from .store import RateLimitStore, RequestOutcome, SlotGrant

_FIRST_PAUSE: Final = 0.1
_MAX_PAUSE: Final = 2.0
"""Seconds until the first attempt to reach a store again, and, doubled each time, between later ones."""
_MAX_UNREPORTED: Final = 2_000

_REPORT_WITHIN: Final = 1.0
"""Seconds after which finished requests are reported although no call asks for a slot.

The store releases the slots of a process that is silent for 5 s. It must know by then that they were used.
"""


@final
class StoreAdmission(Scheduler):
    """Scheduler of the client's own key on one event loop, in step with other loops and processes."""

    __slots__ = (
        "_client",
        "_failure",
        "_granted",
        "_loop",
        "_must_report",
        "_next_request",
        "_number",
        "_others",
        "_patience",
        "_pause",
        "_reconnect",
        "_report_timer",
        "_requester",
        "_serial",
        "_slots",
        "_store",
        "_store_clock",
        "_store_down",
        "_store_limit",
        "_unreported",
        "_unsettled",
    )

    def __init__(
        self,
        model: LimitModel,
        capacity: Capacity,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        store: RateLimitStore,
    ) -> None:
        super().__init__(model, capacity, clock, loop)
        self._store = store
        self._patience: float = getattr(store, "patience", DEFAULT_PATIENCE)
        self._loop = loop
        self._client = os.urandom(6).hex()
        self._number = 1
        self._granted: list[str] = []  # slots not used yet; empty whenever other code runs
        self._slots: dict[Permit, str] = {}
        self._store_clock = StoreClock()
        self._unreported: list[FinishedRequest] = []
        self._must_report = False  # whether other processes wait for these
        self._serial = 0
        self._requester: object | None = None  # the waiter or call that sends a request, or has been woken to do so
        self._next_request = 0.0
        self._store_limit: int | None = None
        self._unsettled = True
        self._others = 0
        self._store_down = False
        self._failure: ConfigurationError | None = None
        self._pause = _FIRST_PAUSE
        self._reconnect: asyncio.Task[None] | None = None
        self._report_timer: Timer | None = None

    @property
    def is_shared(self) -> bool | None:
        """True after a response of the store, until it cannot be reached."""
        return self._number > 1 and not self._store_down

    def acquire_nowait(self, priority: Priority) -> Permit | None:
        """Return a permit if the store cannot be reached and the limit in memory allows it, else None."""
        if not self._store_down:
            return None
        now = self._now()
        self._try_to_reconnect(now)
        if self._failure is not None:
            raise ConfigurationError(str(self._failure))
        return super().acquire_nowait(priority) if self._is_within_part(now) else None

    def accept(self, permit: Permit, limit: int | None, remaining: int | None) -> None:
        """End an accepted request, and keep it for the next report."""
        count = None if limit is None or remaining is None else limit - remaining
        self._queue_report(permit, "accepted", limit=limit, count=count)
        super().accept(permit, limit, remaining)

    def reject(self, permit: Permit, retry_after: float | None, limit: int | None, remaining: int | None) -> None:
        """End a rejected request, and keep it for a report at once."""
        now = self._now()
        is_explained = self.model.reject(permit, now, retry_after, limit, remaining)
        hold = max(0.0, self.model.cooldown.until - now)
        if is_explained:
            usable = retry_after if retry_after is not None and retry_after <= MAX_COOLDOWN else None
            self._queue_report(permit, "rejected", limit=limit, retry_after=usable, hold=hold)
        else:
            # A cooldown and nothing else; without limit headers it was probably not counted.
            self._queue_report(permit, "unsent" if limit is None else "lost", hold=hold)
        self._must_report = True
        self._after_rejection(now)

    def lose(self, permit: Permit, *, counted: bool) -> None:
        """End a request without a response, and keep it for the next report."""
        self._queue_report(permit, "lost" if counted else "unsent")
        super().lose(permit, counted=counted)

    def abandon(self, permit: Permit) -> None:
        """End a request whose coroutine was closed."""
        if self.is_open:
            self._queue_report(permit, "lost")
        super().abandon(permit)

    def set_timer(self, now: float) -> None:
        """Have a waiting call send a request if it is time to; otherwise schedule a new turn."""
        if self._store_down:
            self._try_to_reconnect(now)
        elif self._requester is None and self._is_time(now):
            self._wake_requester()
        super().set_timer(now)

    async def report(self) -> None:
        """Report finished requests, unless no process waits for that or a request follows soon anyway."""
        while not self._store_down and self._requester is None and self._should_report():
            self._requester = self
            await self._request_slots()

    def _should_report(self) -> bool:
        if self._must_report:
            return True
        # Other processes count a request as in flight until its end is reported, and no call here will ask soon.
        return bool(self._others and self._unreported) and not self.waiting and not self.model.window.in_flight

    # -- admission ----------------------------------------------------------------------------------------------------

    def _allows(self, now: float, priority: Priority, *, use_reserve: bool) -> bool:
        if not self._store_down:
            return bool(self._granted)
        return self._is_within_part(now) and super()._allows(now, priority, use_reserve=use_reserve)

    def _take(self, now: float, priority: Priority) -> Permit:
        permit = super()._take(now, priority)
        if self._granted:
            self._slots[permit] = self._granted.pop(0)
        return permit

    def _next_change(self, now: float) -> float | None:
        if not self._store_down:
            return self._next_request if self._requester is None and self._next_request > now else None
        change = super()._next_change(now)
        return self._next_request if change is None else min(change, self._next_request)

    def _queue_report(
        self,
        permit: Permit,
        outcome: RequestOutcome,
        *,
        limit: int | None = None,
        count: int | None = None,
        retry_after: float | None = None,
        hold: float = 0.0,
    ) -> None:
        self._serial += 1
        slot = self._slots.pop(permit, None) or f"alone.{self._serial}"
        ended = self._now()
        if outcome == "lost":
            ended = self.model.window.arrival(permit, ended)
        self._unreported.append(
            FinishedRequest(self._serial, slot, permit.sent_at, ended, outcome, limit, count, retry_after, hold)
        )
        self._must_report |= self._unsettled and not self._store_down
        if self._report_timer is None:
            self._report_timer = self._clock.call_at(self._now() + _REPORT_WITHIN, self._report_late)
        if len(self._unreported) > _MAX_UNREPORTED and self._requester is None:
            del self._unreported[: _MAX_UNREPORTED // 2]

    def _report_late(self) -> None:
        """Report what no request to the store has reported since, without delaying a call."""
        self._report_timer = None
        if self._unreported and self._requester is None and self.is_open and not self._store_down:
            self._reconnect = asyncio.create_task(self._reach_store())

    # -- requests to the store ----------------------------------------------------------------------------------------

    async def _until_turn(self, waiter: Waiter) -> None:
        """Wait until *waiter* may go, and send requests to the store when that is its task."""
        try:
            while not waiter.future.done():
                if self._requester is waiter or (self._requester is None and self._is_time(self._now())):
                    self._requester = waiter
                    await self._request_slots()
                else:
                    await waiter.future
        finally:
            if self._requester is waiter:
                self._requester = None
                self._delegate(waiter)

    def _is_time(self, now: float) -> bool:
        return not self._store_down and (self._must_report or now >= self._next_request) and any(self._wanted())

    def _wanted(self) -> tuple[int, int]:
        """Return how many slots would be used at once, for interactive calls and for the others."""
        interactive = self._queue.count("interactive")
        in_flight = self.model.window.in_flight
        room = self._capacity.available("interactive")
        if self._store_limit is None:
            room = min(room, self.model.slow_start - in_flight)
        if in_flight + room > self.model.flight.bound:
            room = max(int(self.model.flight.bound), 1) - in_flight
        interactive = min(interactive, max(0, room))
        bulk = self._queue.count("send") + self._queue.count("poll")
        return interactive, max(0, min(bulk, room - interactive, self._capacity.available("send") - interactive))

    def _delegate(self, requester: object) -> None:
        """Have another waiter send the request that *requester* did not complete."""
        if not self._loop.is_closed() and self._is_time(self._now()):
            self._wake_requester(exclude=requester)

    def _wake_requester(self, *, exclude: object = None) -> None:
        """Wake the last waiter in line to send a request; its own turn comes last."""
        for waiter in self._queue:
            if waiter is not exclude and not waiter.future.done():
                self._requester = waiter
                woken, waiter.future = waiter.future, self._loop.create_future()
                woken.set_result(None)
                return

    async def _request_slots(self) -> None:
        """Send one request, and let the calls go that may go then."""
        started = self._now()
        interactive, bulk = self._wanted()
        window = self.model.window
        finished = tuple(self._unreported)
        # A length that is known from a pause alone would keep the other processes from testing a full window.
        length = window.length if window.is_precise else None
        earliest = self._store_clock.earliest(started)
        request = SlotRequest(
            self._client, self._number, started, interactive, bulk, window.limit, length, finished, earliest
        )
        must_report, self._must_report = self._must_report, False
        requester = self._requester
        try:
            grant = await within(self._patience, self._store.exchange(request))
        except OSError as error:
            self._requester = None
            self._lose_store(error)
        except BaseException:
            self._requester = None
            self._must_report |= must_report
            self._delegate(requester)
            raise
        else:
            self._requester = None
            self._merge(request, grant)
        now = self._now()
        self._capacity.dispatch(now, self)
        for slot in self._granted:
            self._serial += 1
            self._unreported.append(FinishedRequest(self._serial, slot, now, now, "unsent"))
        self._granted.clear()

    def _merge(self, request: SlotRequest, grant: SlotGrant) -> None:
        now, model = self._now(), self.model
        self._number += 1
        self._failure = None
        if grant.time is not None:
            self._store_clock.measure(request.now, now, grant.time)
        del self._unreported[: len(request.finished)]
        self._granted = [f"{request.number}.{index}" for index in range(1, grant.granted + 1)]
        self._next_request = now if grant.granted >= request.interactive + request.bulk else now + grant.wait
        self._store_limit, self._unsettled, self._others = grant.limit, grant.unsettled, grant.others
        model.window.merge(now, grant.limit, grant.window)
        if grant.cooldown and now + grant.cooldown > model.cooldown.until:
            model.cooldown.extend(now + grant.cooldown)
            self._time_out_before(model.cooldown.until)
        self._pause = _FIRST_PAUSE
        if self._store_down:
            self._store_down = False
            LOGGER.warning("%r is back: the rate limit is shared with other processes again", self._store)

    # -- without the store --------------------------------------------------------------------------------------------

    def _is_within_part(self, now: float) -> bool:
        """Return whether this process is below its part of the limit, by the number of other waiting processes."""
        window = self.model.window
        return not self._others or window.limit is None or window.own_usage(now) * (self._others + 1) < window.limit

    def _lose_store(self, error: OSError) -> None:
        self._next_request = self._now() + self._pause
        self._pause = min(2 * self._pause, _MAX_PAUSE)
        if not self._store_down:
            self._store_down = True
            is_reply = isinstance(error, StoreReplyError)
            (LOGGER.error if is_reply else LOGGER.warning)(
                "%r %s (%s): until it recovers, the rate limit is not shared with other processes",
                self._store,
                "rejects requests" if is_reply else "does not respond",
                type(error).__name__ if isinstance(error, TimeoutError) else error,
            )

    def _try_to_reconnect(self, now: float) -> None:
        """Ask the store again from time to time, without delaying a call.

        The task ends with the patience. No call depends on it, and if it is cancelled the next call creates another.
        """
        if now >= self._next_request and (self._reconnect is None or self._reconnect.done()):
            self._next_request = now + self._pause
            self._reconnect = asyncio.create_task(self._reach_store())

    async def _reach_store(self) -> None:
        if self._requester is not None:
            return  # since this task was created, a call has begun to send a request, with all reports in it
        self._requester = self
        try:
            await self._request_slots()
        except ConfigurationError as error:
            self._failure = error  # raised by the next call
            self._pause = min(2 * self._pause, _MAX_PAUSE)
