"""Rate limit middleware and its public state."""

from __future__ import annotations

import math
import random
import threading
from typing import TYPE_CHECKING, final

import attrs

from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._concurrency.per_loop import PerLoop
from tripwire_async._http.headers import parse_retry_after
from tripwire_async.errors import ConfigurationError, TransportError

from ._admission import LimitModel
from ._capacity import Capacity
from ._headers import parse_headers
from ._loop_state import CLIENT_KEY, Key, LoopState

if TYPE_CHECKING:
    from collections.abc import Callable

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.messages import Request, Response
    from tripwire_async._http.pipeline import Handler

    from .store import RateLimitStore


@attrs.frozen(kw_only=True)
class RateLimitState:
    """State of a rate limit at one point in time, for logs and progress displays.

    Attributes:
        limit: Requests that the service accepts per window; None until a response reports it.
        remaining: How many may be sent now, as far as is known; None while the limit is unknown.
        in_flight: Requests in flight.
        waiting: Calls that wait for the rate limit.
        cooldown: Seconds until the end of the cooldown after a rejection; 0 without one.
        window: Upper bound of the length of the service's window in seconds; None while it is unknown.
        shared: Whether the limit is shared with other processes now; None without a store.
    """

    limit: int | None
    remaining: int | None
    in_flight: int
    waiting: int
    cooldown: float
    window: float | None
    shared: bool | None = None


@attrs.frozen(kw_only=True)
class RateLimitTotals:
    """State of a rate limit over all event loops, for metrics.

    Attributes:
        limit: The limit of the client's own key; None while no event loop knows it.
        in_flight: Requests in flight.
        waiting: Calls that wait for the rate limit.
        cooldown: Seconds until the last cooldown of the client's own key ends; 0 without one.
        window: The longest upper bound of the window's length in seconds; None while it is unknown.
        rejections: Requests that were rejected with the status 429 so far.
        shared: Whether all event loops share the limit with other processes now; None without a store, and before the
            first call.
    """

    limit: int | None
    in_flight: int
    waiting: int
    cooldown: float
    window: float | None
    rejections: int
    shared: bool | None


@attrs.frozen(kw_only=True)
class RateLimitStatistics:
    """Counters of a rate limit in the running event loop, for tests and debugging.

    Attributes:
        keys: Number of keys with a separate state.
        turns: How often a key was examined for a call that may go.
    """

    keys: int
    turns: int


@final
class RateLimit:
    """Middleware that sends calls in order, as fast as the service's limit allows; place it after `Retry`.

    Nothing is configured. The first request is sent alone. Its response reports the limit, and as many requests follow
    as remain, requests in flight included. The length of the service's rolling window is inferred from responses, at
    the price of one rejected request. A rejection holds all calls until Retry-After has passed. Then one request is
    sent as a probe, and the others follow when it has been accepted.

    Interactive calls go before the sends and polls of test runs but do not starve them, and a small part of a long
    window is reserved for them. A slot is held while an attempt is in flight and at no other time. Calls with their own
    credentials, for example a Gate poll token, have their own limits and never hold the others.

    One instance belongs to one key. Give each client its own, or share one between clients of the same key. The
    estimate survives from one `asyncio.run` to the next. Event loops that run at the same time, in several threads, do
    not share what they learn, unless a store connects them.

    With a *store* the limit is shared with all processes that use the same store: together they send no more than the
    limit allows, and each knows what the others learn. While the store cannot be reached, the limit is kept in memory.

    Args:
        store: Keeps the limit of the client's own key for several processes, for example a `RedisStore`.
        max_in_flight: The most requests in flight per event loop.
        clock: The time source.
        jitter: Returns a number from 0 up to 1, for rejections without Retry-After.

    Raises:
        ValueError: *max_in_flight* is less than 1.
    """

    __slots__ = ("_clock", "_jitter", "_learned", "_lock", "_loops", "_max_in_flight", "_rejections", "_store")

    def __init__(
        self,
        *,
        store: RateLimitStore | None = None,
        max_in_flight: int = 200,
        clock: Clock = LOOP_CLOCK,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        if max_in_flight < 1:
            msg = f"max_in_flight must be at least 1, not {max_in_flight}"
            raise ValueError(msg)
        self._store = store
        self._max_in_flight = max_in_flight
        self._clock = clock
        self._jitter = jitter
        self._lock = threading.Lock()
        self._rejections = 0
        self._learned: dict[Key, LimitModel] = {}
        self._loops = PerLoop(self._open_loop, on_closed=self._close_loop)

    @property
    def store(self) -> RateLimitStore | None:
        """The store that shares the limit with other processes; None without one."""
        return self._store

    def __repr__(self) -> str:
        return f"<RateLimit max_in_flight={self._max_in_flight} store={self._store!r}>"

    async def __call__(self, request: Request, call_next: Handler, /) -> Response:
        """Pass *request* on as soon as the limit allows.

        Raises:
            RequestTimeoutError: The deadline is before its turn; nothing was sent.
            ConfigurationError: The client was closed while the call waited; nothing was sent.
        """
        state = self._loops.get(request.loop)
        key = (request.operation.authority, request.bearer)
        scheduler = state.schedulers.get(key) or state.open(key)
        permit = scheduler.acquire_nowait(request.priority)
        if permit is None:
            permit = await scheduler.acquire(request)
        try:
            response = await call_next(request)
        except GeneratorExit:
            scheduler.abandon(permit)
            raise
        except BaseException as error:
            connected_at = request.stats.connected_at
            if permit.sent_at < connected_at < math.inf:
                permit.sent_at = connected_at
            unsent = (
                connected_at == math.inf
                # The client is closed, for example.
                or isinstance(error, ConfigurationError)
                or (isinstance(error, TransportError) and not error.maybe_sent)
            )
            scheduler.lose(permit, counted=not unsent)
            raise
        connected_at = request.stats.connected_at
        if permit.sent_at < connected_at < math.inf:
            # Connecting takes several round trips, and none of them is part of the window.
            permit.sent_at = connected_at
        limit, remaining = parse_headers(response.headers)
        if response.status == 429:
            with self._lock:
                self._rejections += 1
            scheduler.reject(permit, parse_retry_after(response.headers), limit, remaining)
        else:
            scheduler.accept(permit, limit, remaining)
        if self._store is not None:
            await scheduler.report()
        return response

    def end_waits(self, owner: int) -> None:
        """End the waits of all calls of *owner*, a client that was closed, with a `ConfigurationError`."""
        for state in self._loops:
            state.end_waits(owner)

    def state(self) -> RateLimitState:
        """Return the state of the limit of the client's own key, in the running event loop.

        *in_flight* and *waiting* count the calls of all keys.
        """
        state = self._loops.get()
        now = self._clock.now()
        model = state.models.get(CLIENT_KEY) or LimitModel(self._jitter)
        scheduler = state.schedulers.get(CLIENT_KEY)
        window = model.window
        return RateLimitState(
            limit=window.limit,
            remaining=None if window.limit is None else max(0, window.limit - window.used(now)),
            in_flight=state.capacity.in_use,
            waiting=sum(scheduler.waiting for scheduler in state.schedulers.values()),
            cooldown=max(0.0, model.cooldown.until - now),
            window=window.length,
            shared=scheduler.is_shared if scheduler is not None else None if self._store is None else False,
        )

    def totals(self) -> RateLimitTotals:
        """Return the state over all event loops that are open; any thread may call this."""
        # Other threads may change this state at any time. Only single values and copies of collections are consistent.
        now = self._clock.now()
        loops = tuple(self._loops)
        models = [model for loop in loops if (model := loop.models.get(CLIENT_KEY)) is not None]
        schedulers = [scheduler for loop in loops for scheduler in tuple(loop.schedulers.values())]
        own = [scheduler.is_shared for loop in loops if (scheduler := loop.schedulers.get(CLIENT_KEY)) is not None]
        return RateLimitTotals(
            limit=max((model.window.limit for model in models if model.window.limit is not None), default=None),
            in_flight=sum(loop.capacity.in_use for loop in loops),
            waiting=sum(scheduler.waiting for scheduler in schedulers),
            cooldown=max((max(0.0, model.cooldown.until - now) for model in models), default=0.0),
            window=max((length for model in models if (length := model.window.length) is not None), default=None),
            rejections=self._rejections,
            shared=all(own) if self._store is not None and own else None,
        )

    def statistics(self) -> RateLimitStatistics:
        """Return the counters of the running event loop."""
        state = self._loops.get()
        return RateLimitStatistics(keys=len(state.schedulers), turns=state.capacity.turns)

    def _open_loop(self) -> LoopState:
        self._loops.drop_closed()
        with self._lock:
            learned, self._learned = self._learned, {}
        return LoopState(Capacity(self._max_in_flight), self._clock, self._jitter, self._store, learned)

    def _close_loop(self, state: LoopState) -> None:
        state.close()
        with self._lock:
            self._learned |= state.models
