"""Fair queue of calls that wait for the rate limit and for an in-flight slot.

All state changes happen between awaits. A waiter is a future in a queue. `Capacity.dispatch` completes the futures of
the calls that may go. It runs whenever something has changed: at the end of a request, when a call arrives, and on a
timer. No task has to stay alive for another one to proceed.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from tripwire_async._concurrency.clock import time_on
from tripwire_async.errors import RequestTimeoutError, closed_error

from ._deadlines import Deadlines
from ._queue import CallQueue, Waiter

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tripwire_async._concurrency.clock import Clock, Timer
    from tripwire_async._http.messages import Priority, Request

    from ._admission import LimitModel
    from ._capacity import Capacity, DispatchResult
    from ._permit import Permit


class Scheduler:
    """Queue, admission and timers of one key on one event loop.

    Attributes:
        model: Estimate of the limit of the key.
        is_open: Whether the event loop is open; coroutines that are closed after it change nothing.
    """

    __slots__ = ("_capacity", "_clock", "_deadlines", "_now", "_queue", "_timer", "_timer_at", "is_open", "model")

    def __init__(self, model: LimitModel, capacity: Capacity, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self.model = model
        self.is_open = True
        self._capacity = capacity
        self._clock = clock
        self._now = time_on(loop, clock)
        self._queue = CallQueue(capacity)
        self._deadlines = Deadlines(clock, self._time_out)
        self._timer: Timer | None = None
        self._timer_at = math.inf

    @property
    def waiting(self) -> int:
        """Number of waiting calls."""
        return self._queue.size

    @property
    def is_shared(self) -> bool | None:
        """True while the limit is shared with other processes, False while it is not; None without a store."""
        return None

    def is_idle(self, now: float) -> bool:
        """Return whether no call waits, no request is in flight and no cooldown lasts."""
        return not self.waiting and not self.model.window.in_flight and now >= self.model.cooldown.until

    def acquire_nowait(self, priority: Priority) -> Permit | None:
        """Return a permit, or None if the call must wait for it."""
        capacity = self._capacity
        if self._queue.size or capacity.in_use >= capacity.total:
            return None
        if priority != "interactive" and capacity.available(priority) <= 0:
            return None
        permit = self.model.take_nowait(self._now(), priority)
        if permit is not None:
            capacity.in_use += 1
        return permit

    async def acquire(self, request: Request) -> Permit:
        """Wait for a permit.

        Raises:
            RequestTimeoutError: The deadline of the call has passed, or is known to pass before its turn.
            ConfigurationError: The client was closed in the meantime.
        """
        started = self._now()
        self._check_deadline(request, started)
        future = asyncio.get_running_loop().create_future()
        waiter = Waiter(future, request.deadline, request.priority, request.owner)
        self._queue.add(waiter)
        self._capacity.dispatch(started, self)
        if waiter.permit is None:
            self._deadlines.add(waiter)
            try:
                await self._until_turn(waiter)
            except BaseException as error:
                self._leave(waiter, is_closing=isinstance(error, GeneratorExit))
                raise
            finally:
                self._deadlines.discard(waiter)
        now = self._now()
        request.stats.rate_limit_wait += now - started
        if waiter.permit is not None:
            return waiter.permit
        raise closed_error() if waiter.is_closed else _timeout_error(request, self._retry_in(now))

    def end_waits(self, owner: int) -> None:
        """End the waits of all calls of *owner*, a client that was closed."""
        for waiter in [waiter for waiter in self._queue if waiter.owner == owner]:
            waiter.is_closed = True
            self._time_out(waiter)

    def accept(self, permit: Permit, limit: int | None, remaining: int | None) -> None:
        """End an accepted request; *limit* and *remaining* are from the headers of its response."""
        now = self._now()
        self.model.accept(permit, now, limit, remaining)
        capacity = self._capacity
        capacity.in_use -= 1
        if self._queue.size or capacity.in_turn:
            self._use_free_slot(now)

    def reject(self, permit: Permit, retry_after: float | None, limit: int | None, remaining: int | None) -> None:
        """End a rejected request, and hold all calls until *retry_after* has passed."""
        now = self._now()
        self.model.reject(permit, now, retry_after, limit, remaining)
        self._after_rejection(now)

    def lose(self, permit: Permit, *, counted: bool) -> None:
        """End a request without a response; *counted* unless it certainly did not reach the service."""
        now = self._now()
        self.model.lose(permit, now, counted=counted)
        self._release(now)

    def abandon(self, permit: Permit) -> None:
        """End a request whose coroutine was closed; no event loop may be running."""
        if self.is_open:
            self.model.abandon(permit)
            self._capacity.in_use -= 1

    async def report(self) -> None:
        """Report finished requests to a store, if there is one."""

    def dispatch_one(self, now: float) -> DispatchResult:
        """Let the next call go if it is allowed."""
        bulk, interactive = self._queue.turn(sends_only=self.model.should_probe(now))
        if bulk is None and not interactive:
            self._stop()
            return "blocked"
        result: DispatchResult = "blocked"
        # While interactive calls wait, the turn of a bulk call may use the reserve. Otherwise interactive calls would
        # take every slot as it becomes free, and bulk calls, which need several free slots, would get none.
        turns: tuple[tuple[Priority | None, bool], ...] = (
            (bulk, interactive),
            ("interactive" if interactive else None, True),
        )
        for priority, use_reserve in turns:
            if priority is None:
                continue
            if self._capacity.available("interactive" if use_reserve else priority) <= 0:
                result = "no slot"
            elif self._allows(now, priority, use_reserve=use_reserve):
                waiter = self._queue.pop(priority)
                waiter.permit = self._take(now, priority)
                waiter.future.set_result(None)
                return "sent"
        return result

    def set_timer(self, now: float) -> None:
        """Schedule a new turn for the time at which the limit may allow a call."""
        when = self._next_change(now) if self._queue.size else None
        if self._timer is not None:
            if self._timer_at == when:
                return
            self._timer.cancel()
            self._timer = None
        if when is not None:
            self._timer_at = when
            self._timer = self._clock.call_at(when, self._on_timer)

    # -- admission, which a store decides in a subclass ---------------------------------------------------------------

    def _allows(self, now: float, priority: Priority, *, use_reserve: bool) -> bool:
        return self.model.allows(now, priority, use_reserve=use_reserve)

    def _take(self, now: float, priority: Priority) -> Permit:
        self._capacity.in_use += 1
        return self.model.take(now, priority)

    def _next_change(self, now: float) -> float | None:
        return self.model.next_change(now)

    def _until_turn(self, waiter: Waiter) -> Awaitable[None]:
        """Wait until the future of *waiter* is done."""
        return waiter.future

    # -- waiting ------------------------------------------------------------------------------------------------------

    def _on_timer(self) -> None:
        self._timer = None
        # Event loops run timers slightly early. At the time before it, nothing would have changed.
        self._capacity.dispatch(max(self._now(), self._timer_at), self)

    def _release(self, now: float) -> None:
        self._capacity.in_use -= 1
        self._use_free_slot(now)

    def _use_free_slot(self, now: float) -> None:
        self._capacity.dispatch(now, self if self._queue.size else None)

    def _after_rejection(self, now: float) -> None:
        self._time_out_before(self.model.cooldown.until)
        self._release(now)

    def _stop(self) -> None:
        """Give up turn and timer: no call waits."""
        self._capacity.forget(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check_deadline(self, request: Request, now: float) -> None:
        if request.deadline <= now or request.deadline < self.model.cooldown.until:
            raise _timeout_error(request, self._retry_in(now))

    def _retry_in(self, now: float) -> float | None:
        until = self.model.cooldown.until
        when = until if until > now else self.model.next_change(now)
        return None if when is None else when - now

    def _leave(self, waiter: Waiter, *, is_closing: bool) -> None:
        """Remove a waiter that was cancelled, or whose store has raised what it must not, or whose coroutine closes."""
        self._queue.remove(waiter)
        if waiter.permit is None:
            if not self._queue.size and not is_closing:
                self._stop()
        elif is_closing:
            self.abandon(waiter.permit)
        else:
            # It had received its permit before, and has not run since. The next call gets its slot.
            self.lose(waiter.permit, counted=False)

    def _time_out_before(self, until: float) -> None:
        """Time out all calls whose deadline is before *until*."""
        for waiter in [waiter for waiter in self._queue if waiter.deadline < until]:
            self._time_out(waiter)

    def _time_out(self, waiter: Waiter) -> None:
        self._queue.remove(waiter)
        if not waiter.future.done():
            waiter.future.set_result(None)
        if not self._queue.size:
            self._stop()


def _timeout_error(request: Request, retry_in: float | None) -> RequestTimeoutError:
    hint = "" if retry_in is None else f" The rate limit may allow it in {retry_in:.1f} s."
    return RequestTimeoutError(
        "The deadline of the call is before its turn under the rate limit, so nothing was sent."
        f"{hint} Allow a longer deadline (with_options), or make fewer calls at once.",
        maybe_sent=False,
        attempts=request.stats.attempts,
        client_request_id=request.stats.client_request_id,
        retry_after=retry_in,
    )
