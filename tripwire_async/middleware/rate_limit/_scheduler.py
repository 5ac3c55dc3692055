"""Who goes next: the calls of one key, waiting in order for the limit and for a slot in flight.

Everything changes between awaits. A waiter is a future in a queue; `Gate.pump` lets go whoever may, and is called
whenever something has changed: by the end of a request, by a waiter that gives up, and by a timer of the clock for
what changes by itself. No task has to stay alive for another one to go on.
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
    from tripwire_async._http.messages import Lane, Request

    from ._admission import Knowledge
    from ._window import Sent

_IN_A_ROW: Final = 3
"""Single calls let go in a row while others wait; then one of those goes."""


@final
@attrs.define(eq=False)
class Slots:
    """What all keys share: the slots in flight, and the gates that somebody waits at, the next to be served first.

    Attributes:
        most: How many requests may be in flight.
        taken: How many are.
        busy: The gates with waiters.
        most_bulk: How many may be for one of a bulk to go: the last twentieth is kept for single calls.
    """

    most: int
    taken: int = 0
    busy: OrderedDict[Gate, None] = attrs.field(factory=OrderedDict)
    most_bulk: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.most_bulk = self.most - self.most // 20

    def room(self, lane: Lane) -> int:
        """Return how many more may go, if any."""
        return (self.most if lane == "single" else self.most_bulk) - self.taken

    def pump(self, now: float) -> None:
        """Let go whoever may, the gates by turns."""
        moved = True
        while moved:
            moved = False
            for gate in tuple(self.busy):
                moved |= gate.let_one_go(now)
        for gate in self.busy:
            gate.set_timer(now)


@final
@attrs.define(eq=False)
class Waiter:
    """A call in the queue: *sent* is set when it may go, and *future* then, or when it is given up."""

    future: asyncio.Future[None]
    deadline: float
    sent: Sent | None = None


class Gate:
    """The queues of one key on one event loop.

    Attributes:
        knowledge: What is known of the key's limit.
        alive: Whether the loop is; what is thrown away after it changes nothing.
    """

    __slots__ = (
        "_clock",
        "_in_a_row",
        "_lanes",
        "_last_bulk",
        "_now",
        "_slots",
        "_timer",
        "_timer_at",
        "alive",
        "knowledge",
    )

    def __init__(self, knowledge: Knowledge, slots: Slots, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self.knowledge = knowledge
        self.alive = True
        self._slots = slots
        self._clock = clock
        self._now = time_on(loop, clock)
        self._lanes: dict[Lane, OrderedDict[Waiter, None]] = {
            "single": OrderedDict(),
            "send": OrderedDict(),
            "poll": OrderedDict(),
        }
        self._in_a_row = 0
        self._last_bulk: Lane = "poll"
        self._timer: Timer | None = None
        self._timer_at = math.inf

    @property
    def waiting(self) -> int:
        """How many calls wait here."""
        return sum(map(len, self._lanes.values()))

    def is_idle(self, now: float) -> bool:
        """Return whether nothing waits, is in flight or is held here."""
        knowledge = self.knowledge
        return not self.waiting and not knowledge.window.in_flight and now >= knowledge.cooldown.until

    def try_enter(self, lane: Lane) -> Sent | None:
        """Take a slot at once, or return None: it must be waited for."""
        slots = self._slots
        if slots.busy or slots.room(lane) <= 0:
            return None
        sent = self.knowledge.try_take(self._now(), lane)
        if sent is not None:
            slots.taken += 1
        return sent

    async def wait(self, request: Request) -> Sent:
        """Take a slot in turn.

        Raises:
            RequestTimeoutError: The deadline has come, or is known to come first.
        """
        began = self._now()
        self._check_deadline(request, began)
        waiter = Waiter(asyncio.get_running_loop().create_future(), request.deadline)
        lane = self._lanes[request.lane]
        lane[waiter] = None
        self._slots.busy[self] = None
        self._slots.pump(began)
        if waiter.sent is None:
            await self._until_granted(request, waiter)
        now = self._now()
        request.trace.limiter += now - began
        if waiter.sent is None:
            raise _timeout(request, self._retry_in(now))
        return waiter.sent

    def answer(self, sent: Sent, limit: int | None, remaining: int | None) -> None:
        """End a request that was let in; *limit* and *remaining* are what the answer's headers told."""
        now, knowledge = self._now(), self.knowledge
        knowledge.window.answer(sent, now, limit, remaining)
        if knowledge.cooldown.probe is sent:
            knowledge.cooldown.accept(sent)
        knowledge.opening += 1
        self._release(now)

    def refuse(self, sent: Sent, retry_after: float | None, limit: int | None) -> None:
        """End a request that was refused, and hold everybody until *retry_after* has passed."""
        now, knowledge = self._now(), self.knowledge
        knowledge.window.refuse(sent, now, retry_after, limit)
        knowledge.cooldown.refuse(sent, sent.at, now, retry_after)
        knowledge.opening = 1
        knowledge.retry_unknown_at = 2 * knowledge.cooldown.until - now
        self._turn_away()
        self._release(now)

    async def tell(self) -> None:
        """Tell those who share the limit how requests ended; nobody shares this one."""

    def lose(self, sent: Sent, *, counted: bool) -> None:
        """End a request without an answer; *counted* unless it certainly never reached the service."""
        now, knowledge = self._now(), self.knowledge
        if counted:
            knowledge.window.lose(sent, now)
            knowledge.opening += 1
        else:
            knowledge.window.unsend()
        knowledge.cooldown.pass_on(sent)
        self._release(now)

    def abandon(self, sent: Sent) -> None:
        """End a request whose coroutine was thrown away, with no loop running that could wake anybody."""
        if self.alive:
            self.knowledge.window.unsend()
            self.knowledge.cooldown.pass_on(sent)
            self._slots.taken -= 1

    def let_one_go(self, now: float) -> bool:
        """Let the next waiter go if it may, and return whether one went."""
        lane = self._next_lane(now)
        if lane is None:
            return False
        waiter, _ = self._lanes[lane].popitem(last=False)
        waiter.sent = self._take(now, lane)
        waiter.future.set_result(None)
        if self.waiting:
            self._slots.busy.move_to_end(self)
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
        return self.knowledge.next_change(now)

    def _wake(self) -> None:
        self._timer = None
        # Loops run timers a touch early; seen from just before it, nothing would have changed.
        self._slots.pump(max(self._now(), self._timer_at))

    def _take(self, now: float, lane: Lane) -> Sent:
        self._slots.taken += 1
        return self.knowledge.take(now, lane)

    def _release(self, now: float) -> None:
        self._slots.taken -= 1
        if self._slots.busy:
            self._slots.pump(now)

    def _next_lane(self, now: float) -> Lane | None:
        single, send, poll = (self._has_waiter(lane) for lane in self._lanes)
        if not (single or send or poll):
            self._rest()
            return None
        bulk = (send or poll) and self._may_go(now, "send")
        if single and not (bulk and self._in_a_row >= _IN_A_ROW) and (bulk or self._may_go(now, "single")):
            self._in_a_row += 1
            return "single"
        if not bulk:
            return None
        self._in_a_row = 0
        # A poll that is refused delays all those who wait for what it reads; a send delays itself.
        send_first = self._last_bulk == "poll" or not poll or self.knowledge.knocks(now)
        turn: Lane = "send" if send and send_first else "poll"
        self._last_bulk = turn
        return turn

    def _may_go(self, now: float, lane: Lane) -> bool:
        return self._slots.room(lane) > 0 and self.knowledge.permits(now, lane)

    def _has_waiter(self, name: Lane) -> bool:
        lane = self._lanes[name]
        # A cancelled task has cancelled its future and not yet run, so that its waiter still stands in the queue.
        while lane and next(iter(lane)).future.done():
            lane.popitem(last=False)
        return bool(lane)

    def _rest(self) -> None:
        self._slots.busy.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check_deadline(self, request: Request, now: float) -> None:
        if request.deadline <= now or request.deadline < self.knowledge.cooldown.until:
            raise _timeout(request, self._retry_in(now))

    def _retry_in(self, now: float) -> float | None:
        until = self.knowledge.cooldown.until
        when = until if until > now else self.knowledge.next_change(now)
        return None if when is None else when - now

    async def _until_granted(self, request: Request, waiter: Waiter) -> None:
        lane = self._lanes[request.lane]
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
        until = self.knowledge.cooldown.until
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
        attempts=request.trace.attempts,
        client_request_id=request.trace.client_request_id,
        retry_after=retry_in,
    )
