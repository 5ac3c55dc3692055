"""State machine of the whole rate limit: calls through the middleware, to a brute-force service, on virtual time."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from tests.support import rate_limits
from tests.support.limiter_log import LONGEST_COOLDOWN, PRIORITIES, Call, KeyLog
from tests.support.scripted_service import Fate, ScriptedService
from tests.support.virtual_time import VirtualTimeLoop
from tripwire_async._http.headers import parse_retry_after
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import ConfigurationError, RequestTimeoutError, TransportError
from tripwire_async.middleware.rate_limit import RateLimit

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tests.support.brute_force_limit import Kind
    from tests.support.limiter_log import Phase
    from tripwire_async._http.messages import Priority, Request, Response
    from tripwire_async.middleware.rate_limit import RateLimitState

TOKENS = {"client": None, "a": Secret("gtpoll_a"), "b": Secret("gtpoll_b")}
"""The client's own key, and two tokens that have their own limits."""


class LimiterMachine(RuleBasedStateMachine):
    """Makes calls to a service with a rolling window, over a network whose ways always take the same time."""

    longest_pause = 10.0
    """Seconds by which the window can look longer than it is."""

    @initialize(
        limit=st.sampled_from([2, 3, 5, 12, 45]),
        window=st.sampled_from([0.7, 1.0, 2.0, 2.5, 10.0, 60.0]),
        trip=st.sampled_from([0.01, 0.2, 0.5]),
        share=st.sampled_from([0.1, 0.5, 0.9]),
        is_whole=st.booleans(),
        max_in_flight=st.sampled_from([1, 3, 8, 40]),
    )
    def begin(
        self, limit: int, window: float, trip: float, share: float, max_in_flight: int, *, is_whole: bool
    ) -> None:
        self.there, self.back = trip * share, trip * (1 - share)
        self.prepare("rolling", limit, window, max_in_flight, is_whole=is_whole)

    def prepare(self, kind: Kind, limit: int, window: float, max_in_flight: int, *, is_whole: bool) -> None:
        self.service = ScriptedService(kind, limit, window, is_whole, self.delays)
        self.max_in_flight = max_in_flight
        self.limit = RateLimit(max_in_flight=max_in_flight, jitter=lambda: 0.5)
        self.keys = {key: KeyLog(LONGEST_COOLDOWN + 2 * window + self.longest_pause) for key in TOKENS}
        self.calls: list[Call] = []
        self.cancellations: list[tuple[int, Priority, int]] = []
        self.probes: list[Fate | None] = []
        self.places = itertools.count()
        self.owner = 1
        self.left: list[Coroutine[Any, Any, Response]] = []
        self.open_loop(0.0)

    def delays(self) -> tuple[float, float]:
        """Return the seconds that a request takes to the service, and its response back."""
        return self.there, self.back

    # -- event loops --------------------------------------------------------------------------------------------------

    def open_loop(self, now: float) -> None:
        self.errors: list[dict[str, Any]] = []
        self.loop = VirtualTimeLoop()
        self.loop.advance(now)
        self.service.open_loop(self.loop)
        self.loop.set_exception_handler(lambda _, context: self.errors.append(context))

    def abandon_loop(self) -> None:
        """Close the event loop with its tasks pending."""
        self.service.close_loop()
        self.loop.close()
        for log in self.keys.values():
            log.close_loop()
        for call in self.calls:
            call.task._log_destroy_pending = False  # type: ignore[attr-defined] # noqa: SLF001 - asyncio has no other way
            self.left.append(call.task.get_coro())
        self.calls.clear()

    def close_left(self) -> None:
        """Close the coroutines of a closed loop, like the garbage collector."""
        while self.left:
            self.left.pop().close()

    def do(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run *coroutine*, and then all tasks until they wait."""

        async def run() -> None:
            await coroutine
            await rate_limits.settle()

        self.loop.run_until_complete(run())

    def state(self) -> RateLimitState:
        async def read() -> RateLimitState:
            return self.limit.state()

        return self.loop.run_until_complete(read())

    # -- calls --------------------------------------------------------------------------------------------------------

    async def make(self, call: Call) -> Response:
        """Make a call, and repeat it while it is rejected."""
        log = self.keys[call.key]
        request = replace(rate_limits.call(call.priority, call.deadline, TOKENS[call.key]), owner=call.owner)

        async def handler(request: Request) -> Response:
            return await self.send(call, request)

        try:
            while True:
                log.wait(call, next(self.places), self.loop.time())
                try:
                    response = await self.limit(request, handler)
                finally:
                    log.waiting.pop(call, None)
                if response.status != 429:
                    return response
                retry_after = parse_retry_after(response.headers)
                if retry_after is not None and retry_after > LONGEST_COOLDOWN:
                    return response
                call.phase = "backing off"
                await asyncio.sleep(1.0 if retry_after is None else retry_after)
        finally:
            call.phase = "ended"

    async def send(self, call: Call, request: Request) -> Response:
        """Send the request of a call that has its permit."""
        log, loop = self.keys[call.key], self.loop
        assert len(self.service.open) < self.max_in_flight, "too many requests are in flight"
        log.check_send(loop.time())
        sent = self.service.begin(call.key)
        log.send(call, sent, loop.time())
        loop.call_soon(log.check_order, call, next(self.places), loop.time())
        if log.probe is sent and self.probes:
            if (fate := self.probes.pop()) is None:
                self.service.later(self.there / 2, lambda: self.cancel_all([call]))
            else:
                sent.fate = fate
        response = None
        try:
            response = await self.service.finish(sent, request)
        finally:
            log.end(sent, response, loop.time())
            if self.cancellations and not loop.is_closed():
                # It runs before the calls that get permits at this end.
                loop.call_soon(self.cancel_first, log, *self.cancellations.pop())
            if len(self.service.open) >= self.max_in_flight - self.max_in_flight // 20 - 1:
                self.note_free_slots()
        return response

    def note_free_slots(self) -> None:
        """Note that calls have waited for a slot, and not for the limit of their key."""
        for log in self.keys.values():
            log.idle_since = self.loop.time()

    # -- the rules ----------------------------------------------------------------------------------------------------

    @rule(
        count=st.integers(1, 15),
        key=st.sampled_from(["client", "client", "client", "a", "b"]),
        priority=st.sampled_from(PRIORITIES),
        patience=st.sampled_from([math.inf, math.inf, math.inf, 1.5, 30.0]),
        is_lasting=st.booleans(),
    )
    def start(self, count: int, key: str, priority: Priority, patience: float, *, is_lasting: bool) -> None:
        """Make *count* calls at once, by a client that is never closed or by one that may be."""

        async def begin() -> None:
            for _ in range(count):
                call = Call(key, priority, self.loop.time() + patience, 0 if is_lasting else self.owner)
                call.task = asyncio.create_task(self.make(call))
                self.calls.append(call)

        self.do(begin())

    @rule(seconds=st.sampled_from([0.003, 0.05, 0.4, 1.0, 2.6, 11.0, 61.0]))
    def let_time_pass(self, seconds: float) -> None:
        self.do(asyncio.sleep(seconds))

    @rule(count=st.integers(1, 3), is_held=st.booleans(), connects=st.sampled_from([None, 0.0, 0.3]))
    def plan(self, count: int, connects: float | None, *, is_held: bool) -> None:
        """Let the next requests connect first, or stay at the service."""
        self.service.planned += [Fate(is_held=is_held, connects=connects)] * count

    @precondition(lambda self: self.service.held)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        """Let the service respond to one of the requests that it holds."""
        self.service.release(data.draw(st.sampled_from(self.service.held)))
        self.let_time_pass(0.0)

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), phase=st.sampled_from(["waiting", "in flight"]))
    def cancel(self, data: st.DataObject, phase: Phase) -> None:
        """Cancel calls, and check that only what may have been sent is counted."""
        calls = [call for call in self.calls if call.phase == phase]
        if not calls:
            return
        indexes = data.draw(st.lists(st.integers(0, len(calls) - 1), min_size=1, max_size=12, unique=True))
        counted, before = self.keys["client"].counted(), self.state().remaining
        self.cancel_all([calls[index] for index in indexes])
        self.let_time_pass(0.0)
        more, after = self.keys["client"].counted() - counted, self.state().remaining
        if before and after:
            assert after == before - more, "the wrong requests are counted"

    @precondition(lambda self: self.calls)
    @rule(count=st.integers(1, 4), priority=st.sampled_from(PRIORITIES), turns=st.integers(0, 3))
    def cancel_at_an_end(self, count: int, priority: Priority, turns: int) -> None:
        """Cancel the first calls that wait, some turns after the end of the next request: they may have permits."""
        self.cancellations.append((count, priority, turns))
        self.let_time_pass(self.there + self.back)

    def cancel_first(self, log: KeyLog, count: int, priority: Priority, turns: int) -> None:
        if turns:
            self.loop.call_soon(self.cancel_first, log, count, priority, turns - 1)
        else:
            self.cancel_all([call for call in log.live() if call.priority == priority][:count])

    def cancel_all(self, calls: list[Call]) -> None:
        for log in self.keys.values():
            log.cancelled_at = self.loop.time()
        for call in calls:
            if call.phase != "ended":
                call.is_cancelled = True
                call.task.cancel()

    @rule()
    def close_client(self) -> None:
        """Close a client, which ends the waits of its calls, and open another one."""

        async def close() -> None:
            for call in self.calls:
                call.is_closed = call.phase == "waiting" and call.owner == self.owner
            self.limit.end_waits(self.owner)
            self.owner += 1

        self.do(close())

    @precondition(lambda self: self.calls)
    @rule(is_orderly=st.booleans(), is_late=st.booleans(), pause=st.sampled_from([0.0, 0.3, 5.0]))
    def reopen_loop(self, pause: float, *, is_orderly: bool, is_late: bool) -> None:
        """Close the event loop and continue in another one.

        An orderly end cancels all tasks. Otherwise they are left pending, and their coroutines are closed now or late.
        """
        if is_orderly:
            self.cancel_all(self.calls)
            self.let_time_pass(0.0)
            self.check()
            assert not self.calls
        now = self.loop.time()
        self.abandon_loop()
        if not is_late:
            self.close_left()
        self.open_loop(now + pause)

    # -- what is always true ------------------------------------------------------------------------------------------

    @invariant()
    def check(self) -> None:
        """Permits and waiting calls agree with what the test knows, and each call that has ended has a reason."""
        if not hasattr(self, "loop"):
            return
        self.check_outcomes()
        state = self.state()
        phases = Counter(call.phase for call in self.calls)
        assert state.in_flight == len(self.service.open) == phases["in flight"]
        assert state.waiting == phases["waiting"]
        waiting = [call for call in self.calls if call.phase == "waiting"]
        assert not any(call.is_cancelled or call.is_closed or call.deadline < self.loop.time() for call in waiting)
        self.check_progress(state)
        self.check_rejections()
        if not self.calls:
            assert not set(self.loop.scheduled()) - self.service.timers, "a timer is left"
            assert not asyncio.all_tasks(self.loop)

    def check_progress(self, state: RateLimitState) -> None:
        """No call waits whose request could be sent."""
        log = self.keys["client"]
        free, reserved = self.max_in_flight - state.in_flight, self.max_in_flight // 20
        if not any(free > (0 if call.priority == "interactive" else reserved) for call in log.waiting):
            return
        if state.cooldown == 0 and not log.open:
            assert state.remaining == 0, "a call waits although nothing is in flight"
        if not log.rejections and state.limit is not None:
            assert state.remaining == 0, "a call waits although nothing was ever rejected"

    def check_rejections(self) -> None:
        """One rejection shows the length of the window, and one may refute a usual length."""
        for log in self.keys.values():
            assert log.rejections <= 1 + self.service.is_whole + log.unnoticed, "too many rejections"

    def check_outcomes(self) -> None:
        """Check the ends of the calls that have ended."""
        assert not self.errors, self.errors
        ended = [call for call in self.calls if call.task.done()]
        self.calls = [call for call in self.calls if not call.task.done()]
        for call in ended:
            if call.task.cancelled():
                assert call.is_cancelled
                continue
            error = call.task.exception()
            if isinstance(error, RequestTimeoutError):
                assert call.deadline < math.inf
            elif isinstance(error, ConfigurationError):
                assert call.is_closed
            elif isinstance(error, TransportError):
                assert call.sent is not None
                assert call.sent.fate.outcome in {"lost", "not sent"}
            elif error is not None:
                raise error

    def teardown(self) -> None:
        """Let every call end, and check that nothing is left."""
        if not hasattr(self, "loop"):
            return
        try:
            self.drain()
        finally:
            self.abandon_loop()
            self.close_left()

    def drain(self) -> None:
        """Let the service respond to all requests, and wait until all calls have ended."""
        self.service.planned.clear()
        self.cancellations.clear()
        self.probes.clear()
        self.answer_all()
        # A response that was held makes the window look longer.
        window = 2 * (self.service.window + max(log.slowest for log in self.keys.values())) + self.longest_pause
        end = self.loop.time() + 2 * LONGEST_COOLDOWN + (len(self.calls) + 3) * window
        while self.calls:
            assert self.loop.time() < end, "a call never ends"
            self.let_time_pass(10.0)
            self.answer_all()
            self.check()

    def answer_all(self) -> None:
        for sent in tuple(self.service.held):
            self.service.release(sent)
        self.let_time_pass(0.0)
