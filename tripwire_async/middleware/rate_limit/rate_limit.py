"""Stay below the service's rate limit, whatever it is."""

from __future__ import annotations

import asyncio
import functools
import random
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, TypeAlias, final

import attrs
from multidict import istr

from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.headers import header, parse_retry_after
from tripwire_async.errors import TransportError

from ._admission import LimitModel
from ._scheduler import Capacity, Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.messages import Request, Response
    from tripwire_async._http.pipeline import Handler
    from tripwire_async._secrets.secret import Secret

    from .store import RateLimitStore

_Key: TypeAlias = "tuple[str, Secret | None]"
_OWN: Final[_Key] = ("secret", None)
"""The client's own key, the only one that other processes use as well."""
_LIMIT: Final = istr("X-RateLimit-Limit")
_REMAINING: Final = istr("X-RateLimit-Remaining")
_MOST_KEYS: Final = 256
_LONGEST_NUMBER: Final = 15


@attrs.frozen(kw_only=True)
class RateLimitState:
    """Where a rate limit stands at one moment, for a person or a progress display.

    Attributes:
        limit: Requests that the service allows in its window; None as long as no answer has told.
        remaining: How many may be sent now, as far as can be told; None as long as the limit is unknown.
        in_flight: Requests on the wire.
        waiting: Calls that wait for their turn.
        cooldown: Seconds until anything is sent again after a refusal; 0 when nothing is held.
        window: Seconds that the service's window lasts at the most; None when it is not known yet.
    """

    limit: int | None
    remaining: int | None
    in_flight: int
    waiting: int
    cooldown: float
    window: float | None


@final
class RateLimit:
    """A middleware that lets calls go as the service's limit allows, in order; put it inside of `Retry`.

    It is told nothing beforehand. The first request goes alone; its answer tells the limit, and as many follow as are
    left, those in flight counted. The length of the service's rolling window is inferred from the answers, so that
    normally one request in all is refused. After a refusal everybody waits until the service's Retry-After has
    passed; then one goes as a probe, and its success lets the others go. Sends and reads of `send_tests` (the lanes
    *send* and *poll* of a request) take turns; calls of their own (*single*) go before them, and a small part of a long
    window is kept for those.

    A slot is held while an attempt is on the wire and at no other time. Calls with credentials of their own (a Gate
    poll token) have limits of their own and never hold the others.

    One instance belongs to one key; give each client its own, or share one between clients of the same key. What it
    has learned survives from one `asyncio.run` to the next. Loops that run at the same time, in several threads, do
    not share what they learn.

    Without a *store* the limit is kept in memory. With one it is shared with all processes that use the same: none of
    them sends more than the limit leaves to all, and what one learns, or is refused, all know. While the store cannot
    be asked, the limit is the process's own again.

    Args:
        store: What keeps the limit of the client's own key for several processes, as a `RedisStore`.
        max_in_flight: How many requests may be on the wire at once.
        clock: What tells the time.
        jitter: Returns a number from 0 up to 1, for refusals that do not say how long to wait.

    Raises:
        ValueError: *max_in_flight* is less than 1.
    """

    __slots__ = ("_clock", "_current", "_jitter", "_lock", "_loop_states", "_max_in_flight", "_store")

    def __init__(
        self,
        *,
        store: RateLimitStore | None = None,
        max_in_flight: int = 200,
        clock: Clock = LOOP_CLOCK,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        if max_in_flight < 1:
            msg = f"max_in_flight must be at least 1, not {max_in_flight}: nothing could ever be sent"
            raise ValueError(msg)
        self._store = store
        self._max_in_flight = max_in_flight
        self._clock = clock
        self._jitter = jitter
        self._lock = threading.Lock()
        self._loop_states: list[_LoopState] = []
        self._current: _LoopState | None = None

    async def __call__(self, request: Request, call_next: Handler, /) -> Response:
        """Hand *request* on as soon as the limit allows.

        Raises:
            RequestTimeoutError: Its turn does not come before the deadline; nothing was sent.
        """
        state_of_loop, loop = self._current, asyncio.get_running_loop()
        if state_of_loop is None or state_of_loop.loop is not loop:
            state_of_loop = self._loop_state(loop)
        key = (request.operation.authority, request.bearer)
        scheduler = state_of_loop.schedulers.get(key) or state_of_loop.open(key)
        sent = scheduler.acquire_nowait(request.priority)
        if sent is None:
            sent = await scheduler.wait(request)
        try:
            response = await call_next(request)
        except GeneratorExit:
            scheduler.abandon(sent)
            raise
        except BaseException as error:
            scheduler.lose(sent, counted=not (isinstance(error, TransportError) and not error.maybe_sent))
            raise
        limit, remaining = parse_headers(response.headers)
        if response.status == 429:
            scheduler.refuse(sent, parse_retry_after(response.headers), limit)
        else:
            scheduler.answer(sent, limit, remaining)
        if self._store is not None:
            await scheduler.tell()
        return response

    def state(self) -> RateLimitState:
        """Return where the limit of the client's own key stands, seen from the running loop.

        *in_flight* and *waiting* count the calls of all keys.
        """
        state_of_loop = self._loop_state(asyncio.get_running_loop())
        now = self._clock.now()
        model = state_of_loop.model.get(_OWN) or LimitModel(self._jitter)
        window = model.window
        return RateLimitState(
            limit=window.limit,
            remaining=None if window.limit is None else max(0, window.limit - window.used(now)),
            in_flight=state_of_loop.capacity.in_use,
            waiting=sum(scheduler.waiting for scheduler in state_of_loop.capacity.waiting),
            cooldown=max(0.0, model.cooldown.until - now),
            window=window.length,
        )

    def _loop_state(self, loop: asyncio.AbstractEventLoop) -> _LoopState:
        state_of_loop = self._current
        if state_of_loop is None or state_of_loop.loop is not loop:
            with self._lock:
                state_of_loop = self._current = self._open_loop_state(loop)
        return state_of_loop

    def _open_loop_state(self, loop: asyncio.AbstractEventLoop) -> _LoopState:
        learned: dict[_Key, LimitModel] = {}
        for state_of_loop in tuple(self._loop_states):
            if state_of_loop.loop is loop:
                return state_of_loop
            if state_of_loop.loop.is_closed():
                self._loop_states.remove(state_of_loop)
                learned |= state_of_loop.close()
        state_of_loop = _LoopState(
            loop, Capacity(self._max_in_flight), self._clock, self._jitter, OrderedDict(learned), self._store
        )
        self._loop_states.append(state_of_loop)
        return state_of_loop


@final
@attrs.define(eq=False)
class _LoopState:
    """What belongs to one event loop: its capacity, and a scheduler for each key."""

    loop: asyncio.AbstractEventLoop
    capacity: Capacity
    _clock: Clock
    _jitter: Callable[[], float]
    model: OrderedDict[_Key, LimitModel]
    _store: RateLimitStore | None
    schedulers: dict[_Key, Scheduler] = attrs.field(factory=dict)

    def close(self) -> Mapping[_Key, LimitModel]:
        """Return what was learned; the loop is gone, and so is everything that waited or was in flight."""
        for scheduler in self.schedulers.values():
            scheduler.alive = False
        for model in self.model.values():
            model.forget_flights()
        return self.model

    def open(self, key: _Key) -> Scheduler:
        """Make the scheduler of the requests that are sent with *key*."""
        if len(self.schedulers) >= _MOST_KEYS:
            self._forget_idle()
        model = self.model.setdefault(key, LimitModel(self._jitter))
        if self._store is None or key != _OWN:
            scheduler = Scheduler(model, self.capacity, self._clock, self.loop)
        else:
            from ._shared import StoreAdmission  # noqa: PLC0415 - most programs are one process

            scheduler = StoreAdmission(model, self.capacity, self._clock, self.loop, self._store)
        self.schedulers[key] = scheduler
        return scheduler

    def _forget_idle(self) -> None:
        """Make room: tokens come and go, and what was learned of one is worth little."""
        now = self._clock.now()
        for key, scheduler in tuple(self.schedulers.items()):
            if key[1] is not None and scheduler.is_idle(now):
                del self.schedulers[key], self.model[key]


def parse_headers(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Return the limit and what remains of it; None for what the answer does not tell in a way that makes sense."""
    limit = _same_number(headers.get(_LIMIT) or header(headers, _LIMIT))
    if not limit:
        return None, None
    remaining = _number(headers.get(_REMAINING) or header(headers, _REMAINING))
    return limit, remaining if remaining is not None and remaining <= limit else None


def _number(text: str | None) -> int | None:
    if text is None or len(text) > _LONGEST_NUMBER or not text.isascii():
        return None
    return int(text) if text.isdecimal() or (text := text.strip()).isdecimal() else None


_same_number: Final = functools.lru_cache(maxsize=64)(_number)  # a key's limit hardly ever changes
