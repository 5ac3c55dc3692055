"""Admission of the client's own key when other processes use it too: slots are requested from a store.

The queue, its priorities and the in-flight slots are those of `Scheduler`. Only the admission decision is the store's.
One of the waiting calls sends a request to the store on behalf of all of them, one request at a time, and reports
finished requests with it. If that call is cancelled, another one sends the same request again, so that no granted slot
is lost. A slot is used at once or given back; it is never held across a sleep.
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Final, final

from ._scheduler import Scheduler
from .store import FinishedRequest, SlotRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.messages import Priority

    from ._admission import LimitModel
    from ._scheduler import Capacity, Waiter
    from ._window import Permit
    from .store import RateLimitStore, RequestOutcome, SlotGrant

_LOGGER: Final = logging.getLogger("tripwire_async")

STORE_TIMEOUT: Final = 0.08
"""Seconds that the store has to answer, so that nobody is held for more than a tenth of a second."""
_TICKS: Final = 8
"""In so many steps the patience runs out, each a turn of the loop: a loop that is held up has not waited in vain."""
_FIRST_TRY: Final = 0.1
_LAST_TRY: Final = 2.0
"""Seconds until the first attempt to come back to a store that does not answer, and, doubling, between later ones."""
_MAX_UNREPORTED: Final = 2_000


@final
class StoreAdmission(Scheduler):
    """The queues of the client's own key on one event loop, in step with those of other loops and processes."""

    __slots__ = (
        "_asker",
        "_client",
        "_granted",
        "_loop",
        "_next_ask",
        "_number",
        "_others",
        "_pause",
        "_serial",
        "_slot_of",
        "_store",
        "_store_down",
        "_told_limit",
        "_try",
        "_unreported",
        "_unsettled",
        "_urgent",
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
        self._loop = loop
        self._client = os.urandom(6).hex()
        self._number = 1
        self._granted: list[str] = []  # slots granted and not used yet; empty whenever somebody else runs
        self._slot_of: dict[Permit, str] = {}
        self._unreported: list[FinishedRequest] = []  # what the store has not been told
        self._urgent = False  # whether others wait for that
        self._serial = 0
        self._asker: object | None = None  # who asks, or has been called to
        self._next_ask = 0.0
        self._told_limit: int | None = None
        self._unsettled = True
        self._others = 0
        self._store_down = False
        self._pause = _FIRST_TRY
        self._try: asyncio.Task[None] | None = None

    def acquire_nowait(self, priority: Priority) -> Permit | None:
        """Take a slot at once, or return None: it must be waited for, or asked for."""
        if not self._store_down:
            return None
        now = self._now()
        self._try_to_come_back(now)
        return super().acquire_nowait(priority) if self._is_ours(now) else None

    def answer(self, sent: Permit, limit: int | None, remaining: int | None) -> None:
        """End a request that was let in, and remember to tell."""
        count = None if limit is None or remaining is None else limit - remaining
        self._queue_report(sent, "answered", limit=limit, count=count)
        super().answer(sent, limit, remaining)

    def refuse(self, sent: Permit, retry_after: float | None, limit: int | None) -> None:
        """End a request that was refused, and remember to tell."""
        super().refuse(sent, retry_after, limit)
        hold = max(0.0, self.model.cooldown.until - self._now())
        self._queue_report(sent, "refused", limit=limit, retry_after=retry_after, hold=hold)
        self._urgent = True

    def lose(self, sent: Permit, *, counted: bool) -> None:
        """End a request without an answer, and remember to tell."""
        self._queue_report(sent, "lost" if counted else "unsent")
        super().lose(sent, counted=counted)

    def abandon(self, sent: Permit) -> None:
        """End a request whose coroutine was thrown away."""
        self._queue_report(sent, "lost")
        super().abandon(sent)

    def set_timer(self, now: float) -> None:
        """Have somebody ask if it is time to; else see to it that this is looked at again."""
        if self._store_down:
            self._try_to_come_back(now)
        elif self._asker is None and self._is_time(now):
            self._call()
        super().set_timer(now)

    async def tell(self) -> None:
        """Tell the store how requests ended, unless nobody waits for that or a question is on its way soon anyway."""
        while not self._store_down and self._asker is None and self._must_report():
            self._asker = self
            await self._ask()

    def _must_report(self) -> bool:
        if self._urgent:
            return True
        # Others see a request as under way until they are told, and nobody here will ask again soon.
        return bool(self._others and self._unreported) and not self.waiting and not self.model.window.in_flight

    def _may_go(self, now: float, priority: Priority) -> bool:
        if not self._store_down:
            return bool(self._granted)
        return self._is_ours(now) and super()._may_go(now, priority)

    def _take(self, now: float, priority: Priority) -> Permit:
        sent = super()._take(now, priority)
        if self._granted:
            self._slot_of[sent] = self._granted.pop(0)
        return sent

    def _next_change(self, now: float) -> float | None:
        if not self._store_down:
            return self._next_ask if self._asker is None and self._next_ask > now else None
        change = super()._next_change(now)
        return self._next_ask if change is None else min(change, self._next_ask)

    def _queue_report(
        self,
        sent: Permit,
        outcome: RequestOutcome,
        *,
        limit: int | None = None,
        count: int | None = None,
        retry_after: float | None = None,
        hold: float = 0.0,
    ) -> None:
        self._serial += 1
        slot = self._slot_of.pop(sent, None) or f"alone.{self._serial}"
        self._unreported.append(
            FinishedRequest(self._serial, slot, sent.at, self._now(), outcome, limit, count, retry_after, hold)
        )
        self._urgent |= self._unsettled and not self._store_down
        if len(self._unreported) > _MAX_UNREPORTED and self._asker is None:
            del self._unreported[: _MAX_UNREPORTED // 2]

    # -- asking -----------------------------------------------------------------------------------------------------

    async def _turn(self, waiter: Waiter) -> None:
        """Wait for *waiter* to be let go, and ask the store when that is its turn."""
        try:
            while not waiter.future.done():
                if self._asker is waiter or (self._asker is None and self._is_time(self._now())):
                    self._asker = waiter
                    await self._ask()
                else:
                    await waiter.future
        finally:
            if self._asker is waiter:
                self._asker = None
                self._delegate(waiter)

    def _is_time(self, now: float) -> bool:
        return not self._store_down and (self._urgent or now >= self._next_ask) and any(self._wanted())

    def _wanted(self) -> tuple[int, int]:
        """Return how many slots would be used at once, for single calls and for the others."""
        single, send, poll = map(len, self._lanes.values())
        room = self._capacity.available("interactive")
        if self._told_limit is None:
            room = min(room, self.model.slow_start - self.model.window.in_flight)
        single = min(single, max(0, room))
        return single, max(0, min(send + poll, room - single, self._capacity.available("send") - single))

    def _delegate(self, asker: object) -> None:
        """Have another one ask if *asker* did not come to it."""
        if not self._loop.is_closed() and self._is_time(self._now()):
            self._call(but=asker)

    def _call(self, *, but: object = None) -> None:
        """Call one of those who wait to ask; the last in line, as he will be let go last."""
        for lane in self._lanes.values():
            for waiter in reversed(lane):
                if waiter is not but and not waiter.future.done():
                    self._asker = waiter
                    called, waiter.future = waiter.future, self._loop.create_future()
                    called.set_result(None)
                    return

    async def _ask(self) -> None:
        """SlotRequest once, and let go whoever may then."""
        began = self._now()
        single, bulk = self._wanted()
        window = self.model.window
        ask = SlotRequest(
            self._client, self._number, began, single, bulk, window.limit, window.length, tuple(self._unreported)
        )
        urgent, self._urgent = self._urgent, False
        asker = self._asker = self._asker or self
        try:
            reply = await _in_time(self._store.exchange(ask))
        except OSError as error:
            self._asker = None
            self._lose_store(error)
        except BaseException:
            self._asker = None
            self._urgent |= urgent
            self._delegate(asker)
            raise
        else:
            self._asker = None
            self._hear(ask, reply)
        now = self._now()
        self._capacity.dispatch(now)
        for slot in self._granted:
            self._serial += 1
            self._unreported.append(FinishedRequest(self._serial, slot, now, now, "unsent"))
        self._granted.clear()

    def _hear(self, ask: SlotRequest, reply: SlotGrant) -> None:
        now, model = self._now(), self.model
        self._number += 1
        del self._unreported[: len(ask.ended)]
        self._granted = [f"{ask.number}.{i}" for i in range(1, reply.granted + 1)]
        self._next_ask = now if reply.granted >= ask.single + ask.bulk else now + reply.wait
        self._told_limit, self._unsettled, self._others = reply.limit, reply.unsettled, reply.others
        model.window.merge(now, reply.limit, reply.window)
        if reply.cooldown and now + reply.cooldown > model.cooldown.until:
            model.cooldown.until = now + reply.cooldown
            model.cooldown.half_open = True
            self._turn_away()
        self._pause = _FIRST_TRY
        if self._store_down:
            self._store_down = False
            _LOGGER.warning("%r answers again: the rate limit is shared with other processes as before", self._store)

    # -- without the store ------------------------------------------------------------------------------------------

    def _is_ours(self, now: float) -> bool:
        """Return whether this process stays below its part of the limit, by those who waited when last heard of."""
        window = self.model.window
        return not self._others or window.limit is None or window.own_usage(now) * (self._others + 1) < window.limit

    def _lose_store(self, error: OSError) -> None:
        self._next_ask = self._now() + self._pause
        self._pause = min(2 * self._pause, _LAST_TRY)
        if not self._store_down:
            self._store_down = True
            _LOGGER.warning(
                "%r does not answer (%s): until it does, the rate limit is not shared with other processes",
                self._store,
                type(error).__name__ if isinstance(error, TimeoutError) else error,
            )

    def _try_to_come_back(self, now: float) -> None:
        """SlotRequest whether the store is back, once in a while and without holding anybody up.

        The task ends within `STORE_TIMEOUT`; nobody depends on it, and if it is cancelled the next call makes another.
        """
        if now >= self._next_ask and (self._try is None or self._try.done()):
            self._next_ask = now + self._pause
            self._try = asyncio.create_task(self._ask())


async def _in_time(exchange: Awaitable[SlotGrant]) -> SlotGrant:
    """Return what *exchange* does, unless it takes longer than `STORE_TIMEOUT`; then raise `TimeoutError`.

    Seconds for which the loop itself was held up do not count.
    """
    loop = asyncio.get_running_loop()
    timer = loop.call_later(STORE_TIMEOUT / _TICKS, lambda: tick(1))

    def tick(count: int) -> None:
        nonlocal timer
        if count < _TICKS:
            timer = loop.call_later(STORE_TIMEOUT / _TICKS, tick, count + 1)
        else:
            limit.reschedule(loop.time())

    async with asyncio.timeout(None) as limit:
        try:
            return await exchange
        finally:
            timer.cancel()
