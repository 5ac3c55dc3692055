"""Fair queue of calls that wait for the rate limit and for an in-flight slot.

All state changes happen between awaits. A waiter is a future in a queue. `Capacity.dispatch` completes the futures of
the calls that may go. It runs whenever something has changed: at the end of a request, when a waiter leaves, and on a
timer for changes that only time brings. No task has to stay alive for another one to proceed.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, final

import attrs

from tripwire_async._concurrency.clock import time_on
from tripwire_async.errors import RequestTimeoutError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tripwire_async._concurrency.clock import Clock, Timer
    from tripwire_async._http.messages import Priority, Request

    from ._admission import LimitModel
    from ._window import Permit

_IN_A_ROW: Final = 3
"""Single calls let go in a row while others wait; then one of those goes."""


@final
@attrs.define(eq=False)
class Capacity:
    """What all keys share: the slots in flight, and the schedulers that somebody waits at, the next to be served first.

    Attributes:
        most: How many requests may be in flight.
        taken: How many are.
        busy: The schedulers with waiters.
        bulk_total: How many may be for one of a bulk to go: the last twentieth is kept for single calls.
    """

    total: int
    in_use: int = 0
    waiting: OrderedDict[Scheduler, None] = attrs.field(factory=OrderedDict)
    bulk_total: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.bulk_total = self.total - self.total // 20

    def available(self, priority: Priority) -> int:
        """Return how many more may go, if any."""
        return (self.total if priority == "interactive" else self.bulk_total) - self.in_use

    def dispatch(self, now: float) -> None:
        """Let go whoever may, the schedulers by turns."""
        moved = True
        while moved:
            moved = False
            for scheduler in tuple(self.waiting):
                moved |= scheduler.dispatch_one(now)
        for scheduler in self.waiting:
            scheduler.set_timer(now)


@final
@attrs.define(eq=False)
class Waiter:
    """A call in the queue: *sent* is set when it may go, and *future* then, or when it is given up."""

    future: asyncio.Future[None]
    deadline: float
    sent: Permit | None = None


class Scheduler:
    """The queues of one key on one event loop.

    Attributes:
        model: What is known of the key's limit.
        alive: Whether the loop is; what is thrown away after it changes nothing.
    """

    __slots__ = (
        "_capacity",
        "_clock",
        "_in_a_row",
        "_lanes",
        "_last_bulk",
        "_now",
        "_timer",
        "_timer_at",
        "alive",
        "model",
    )

    def __init__(self, model: LimitModel, capacity: Capacity, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self.model = model
        self.alive = True
        self._capacity = capacity
        self._clock = clock
        self._now = time_on(loop, clock)
        self._lanes: dict[Priority, OrderedDict[Waiter, None]] = {
            "interactive": OrderedDict(),
            "send": OrderedDict(),
            "poll": OrderedDict(),
        }
        self._in_a_row = 0
        self._last_bulk: Priority = "poll"
        self._timer: Timer | None = None
        self._timer_at = math.inf

    @property
    def waiting(self) -> int:
        """How many calls wait here."""
        return sum(map(len, self._lanes.values()))

    def is_idle(self, now: float) -> bool:
        """Return whether nothing waits, is in flight or is held here."""
        model = self.model
        return not self.waiting and not model.window.in_flight and now >= model.cooldown.until

    def acquire_nowait(self, priority: Priority) -> Permit | None:
        """Take a slot at once, or return None: it must be waited for."""
        capacity = self._capacity
        if capacity.waiting or capacity.available(priority) <= 0:
            return None
        sent = self.model.take_nowait(self._now(), priority)
        if sent is not None:
            capacity.in_use += 1
        return sent

    async def wait(self, request: Request) -> Permit:
        """Take a slot in turn.

        Raises:
            RequestTimeoutError: The deadline has come, or is known to come first.
        """
        began = self._now()
        self._check_deadline(request, began)
        waiter = Waiter(asyncio.get_running_loop().create_future(), request.deadline)
        lane = self._lanes[request.priority]
        lane[waiter] = None
        self._capacity.waiting[self] = None
        self._capacity.dispatch(began)
        if waiter.sent is None:
            await self._until_granted(request, waiter)
        now = self._now()
        request.stats.rate_limit_wait += now - began
        if waiter.sent is None:
            raise _timeout(request, self._retry_in(now))
        return waiter.sent

    def answer(self, sent: Permit, limit: int | None, remaining: int | None) -> None:
        """End a request that was let in; *limit* and *remaining* are what the answer's headers told."""
        now, model = self._now(), self.model
        model.window.answer(sent, now, limit, remaining)
        if model.cooldown.probe is sent:
            model.cooldown.accept(sent)
        model.slow_start += 1
        self._release(now)

    def refuse(self, sent: Permit, retry_after: float | None, limit: int | None) -> None:
        """End a request that was refused, and hold everybody until *retry_after* has passed."""
        now, model = self._now(), self.model
        model.window.refuse(sent, now, retry_after, limit)
        model.cooldown.refuse(sent, sent.at, now, retry_after)
        model.slow_start = 1
        model.retry_unknown_at = 2 * model.cooldown.until - now
        self._turn_away()
        self._release(now)

    async def tell(self) -> None:
        """Tell those who share the limit how requests ended; nobody shares this one."""

    def lose(self, sent: Permit, *, counted: bool) -> None:
        """End a request without an answer; *counted* unless it certainly never reached the service."""
        now, model = self._now(), self.model
        if counted:
            model.window.lose(sent, now)
            model.slow_start += 1
        else:
            model.window.unsend()
        model.cooldown.probe_lost(sent)
        self._release(now)

    def abandon(self, sent: Permit) -> None:
        """End a request whose coroutine was thrown away, with no loop running that could wake anybody."""
        if self.alive:
            self.model.window.unsend()
            self.model.cooldown.probe_lost(sent)
            self._capacity.in_use -= 1

    def dispatch_one(self, now: float) -> bool:
        """Let the next waiter go if it may, and return whether one went."""
        priority = self._next_lane(now)
        if priority is None:
            return False
        waiter, _ = self._lanes[priority].popitem(last=False)
        waiter.sent = self._take(now, priority)
        waiter.future.set_result(None)
        if self.waiting:
            self._capacity.waiting.move_to_end(self)
        else:
            self._rest()
        return True

    def set_timer(self, now: float) -> None:
        """See to it that the waiters are looked at again when something changes by itself."""
        when = self._next_change(now)
        if self._timer is not None:
            if self._timer_at == when:
                return
            self._timer.cancel()
            self._timer = None
        if when is not None:
            self._timer_at = when
            self._timer = self._clock.call_at(when, self._wake)

    def _next_change(self, now: float) -> float | None:
        return self.model.next_change(now)

    def _wake(self) -> None:
        self._timer = None
        # Loops run timers a touch early; seen from just before it, nothing would have changed.
        self._capacity.dispatch(max(self._now(), self._timer_at))

    def _take(self, now: float, priority: Priority) -> Permit:
        self._capacity.in_use += 1
        return self.model.take(now, priority)

    def _release(self, now: float) -> None:
        self._capacity.in_use -= 1
        if self._capacity.waiting:
            self._capacity.dispatch(now)

    def _next_lane(self, now: float) -> Priority | None:
        single, send, poll = (self._has_waiter(lane) for lane in self._lanes)
        if not (single or send or poll):
            self._rest()
            return None
        bulk = (send or poll) and self._may_go(now, "send")
        if single and not (bulk and self._in_a_row >= _IN_A_ROW) and (bulk or self._may_go(now, "interactive")):
            self._in_a_row += 1
            return "interactive"
        if not bulk:
            return None
        self._in_a_row = 0
        # A poll that is refused delays all those who wait for what it reads; a send delays itself.
        send_first = self._last_bulk == "poll" or not poll or self.model.should_probe(now)
        turn: Priority = "send" if send and send_first else "poll"
        self._last_bulk = turn
        return turn

    def _may_go(self, now: float, priority: Priority) -> bool:
        return self._capacity.available(priority) > 0 and self.model.allows(now, priority)

    def _has_waiter(self, name: Priority) -> bool:
        lane = self._lanes[name]
        # A cancelled task has cancelled its future and not yet run, so that its waiter still stands in the queue.
        while lane and next(iter(lane)).future.done():
            lane.popitem(last=False)
        return bool(lane)

    def _rest(self) -> None:
        self._capacity.waiting.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check_deadline(self, request: Request, now: float) -> None:
        if request.deadline <= now or request.deadline < self.model.cooldown.until:
            raise _timeout(request, self._retry_in(now))

    def _retry_in(self, now: float) -> float | None:
        until = self.model.cooldown.until
        when = until if until > now else self.model.next_change(now)
        return None if when is None else when - now

    async def _until_granted(self, request: Request, waiter: Waiter) -> None:
        lane = self._lanes[request.priority]
        timer: Timer | None = None
        if request.deadline < math.inf:
            timer = self._clock.call_at(request.deadline, lambda: self._give_up(waiter, lane))
        try:
            await self._turn(waiter)
        except GeneratorExit:
            lane.pop(waiter, None)
            if waiter.sent is not None:
                self.abandon(waiter.sent)
            raise
        except BaseException:
            # A cancellation, or a store that raises what it must not.
            lane.pop(waiter, None)
            if waiter.sent is not None:
                # It had been let go and was cancelled before it could: its slot goes to the next.
                self.lose(waiter.sent, counted=False)
            elif not self.waiting:
                self._rest()
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def _turn(self, waiter: Waiter) -> Awaitable[None]:
        return waiter.future

    def _turn_away(self) -> None:
        """Give up all those whose deadline comes before the end of the cooldown."""
        until = self.model.cooldown.until
        for lane in self._lanes.values():
            for waiter in tuple(lane):
                if waiter.deadline < until:
                    self._give_up(waiter, lane)

    def _give_up(self, waiter: Waiter, lane: OrderedDict[Waiter, None]) -> None:
        lane.pop(waiter, None)
        if not waiter.future.done():
            waiter.future.set_result(None)
        if not self.waiting:
            self._rest()


def _timeout(request: Request, retry_in: float | None) -> RequestTimeoutError:
    known = "" if retry_in is None else f" The limit may let it go in {retry_in:.1f} s."
    return RequestTimeoutError(
        "the call's deadline comes before its turn under the rate limit; nothing was sent this time."
        f"{known} Allow a longer deadline (with_options), or have fewer calls wait at once.",
        maybe_sent=False,
        attempts=request.stats.attempts,
        client_request_id=request.stats.client_request_id,
        retry_after=retry_in,
    )
