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
from tripwire_async._http.headers import header
from tripwire_async._http.retry_after import parse_retry_after
from tripwire_async.errors import TransportError

from ._admission import Knowledge
from ._scheduler import Gate, Slots

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

    __slots__ = ("_clock", "_current", "_desks", "_jitter", "_lock", "_max_in_flight", "_store")

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
        self._desks: list[_Desk] = []
        self._current: _Desk | None = None

    async def __call__(self, request: Request, call_next: Handler, /) -> Response:
        """Hand *request* on as soon as the limit allows.

        Raises:
            RequestTimeoutError: Its turn does not come before the deadline; nothing was sent.
        """
        desk, loop = self._current, request.loop or asyncio.get_running_loop()
        if desk is None or desk.loop is not loop:
            desk = self._desk(loop)
        key = (request.operation.authority, request.bearer)
        gate = desk.gates.get(key) or desk.open(key)
        sent = gate.try_enter(request.lane)
        if sent is None:
            sent = await gate.wait(request)
        try:
            response = await call_next(request)
        except GeneratorExit:
            gate.abandon(sent)
            raise
        except BaseException as error:
            gate.lose(sent, counted=not (isinstance(error, TransportError) and not error.maybe_sent))
            raise
        limit, remaining = _told(response.headers)
        if response.status == 429:
            gate.refuse(sent, parse_retry_after(response.headers), limit)
        else:
            gate.answer(sent, limit, remaining)
        if self._store is not None:
            await gate.tell()
        return response

    def state(self) -> RateLimitState:
        """Return where the limit of the client's own key stands, seen from the running loop.

        *in_flight* and *waiting* count the calls of all keys.
        """
        desk = self._desk(asyncio.get_running_loop())
        now = self._clock.now()
        knowledge = desk.knowledge.get(_OWN) or Knowledge(self._jitter)
        window = knowledge.window
        return RateLimitState(
            limit=window.limit,
            remaining=None if window.limit is None else max(0, window.limit - window.used(now)),
            in_flight=desk.slots.taken,
            waiting=sum(gate.waiting for gate in desk.slots.busy),
            cooldown=max(0.0, knowledge.cooldown.until - now),
            window=window.length,
        )

    def _desk(self, loop: asyncio.AbstractEventLoop) -> _Desk:
        desk = self._current
        if desk is None or desk.loop is not loop:
            with self._lock:
                desk = self._current = self._desk_of(loop)
        return desk

    def _desk_of(self, loop: asyncio.AbstractEventLoop) -> _Desk:
        learned: dict[_Key, Knowledge] = {}
        for desk in tuple(self._desks):
            if desk.loop is loop:
                return desk
            if desk.loop.is_closed():
                self._desks.remove(desk)
                learned |= desk.close()
        desk = _Desk(loop, Slots(self._max_in_flight), self._clock, self._jitter, OrderedDict(learned), self._store)
        self._desks.append(desk)
        return desk


@final
@attrs.define(eq=False)
class _Desk:
    """What belongs to one event loop: its slots, and a gate for each key."""

    loop: asyncio.AbstractEventLoop
    slots: Slots
    _clock: Clock
    _jitter: Callable[[], float]
    knowledge: OrderedDict[_Key, Knowledge]
    _store: RateLimitStore | None
    gates: dict[_Key, Gate] = attrs.field(factory=dict)

    def close(self) -> Mapping[_Key, Knowledge]:
        """Return what was learned; the loop is gone, and so is everything that waited or was in flight."""
        for gate in self.gates.values():
            gate.alive = False
        for knowledge in self.knowledge.values():
            knowledge.forget_flights()
        return self.knowledge

    def open(self, key: _Key) -> Gate:
        """Make the gate of the requests that are sent with *key*."""
        if len(self.gates) >= _MOST_KEYS:
            self._forget_idle()
        knowledge = self.knowledge.setdefault(key, Knowledge(self._jitter))
        if self._store is None or key != _OWN:
            gate = Gate(knowledge, self.slots, self._clock, self.loop)
        else:
            from ._shared import SharedGate  # noqa: PLC0415 - most programs are one process

            gate = SharedGate(knowledge, self.slots, self._clock, self.loop, self._store)
        self.gates[key] = gate
        return gate

    def _forget_idle(self) -> None:
        """Make room: tokens come and go, and what was learned of one is worth little."""
        now = self._clock.now()
        for key, gate in tuple(self.gates.items()):
            if key[1] is not None and gate.is_idle(now):
                del self.gates[key], self.knowledge[key]


def _told(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
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
