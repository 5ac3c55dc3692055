"""Service for state machines: a brute-force limit per key, and a network in which a test decides how requests end."""

from __future__ import annotations

import asyncio
import math
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from tests.support.brute_force_limit import BruteForceLimit
from tripwire_async._http.messages import Response
from tripwire_async.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.brute_force_limit import Kind
    from tripwire_async._http.messages import Request

Outcome: TypeAlias = Literal["limit", "other", "proxy", "server error", "bare error", "lost", "not sent"]
"""How a request ends.

- limit: as the limit says, accepted or rejected.
- other: counted, and rejected by a rule that the headers do not describe.
- proxy: rejected by a proxy, without headers and without being counted.
- server error: counted, status 500 with the headers. bare error: the same without them.
- lost: counted, and the connection is closed before the response.
- not sent: no connection could be made.
"""


@attrs.frozen
class Fate:
    """Outcome of a request that a test has planned.

    Attributes:
        outcome: How it ends.
        retry_after: Retry-After of a rejection; None for the limit's own, or for none if another rule rejects it.
        is_held: Whether it stays at the service until the test lets it end.
        connects: Seconds that it takes to connect first; None if it has a connection.
    """

    outcome: Outcome = "limit"
    retry_after: str | None = None
    is_held: bool = False
    connects: float | None = None


@attrs.define(eq=False)
class Sent:
    """A request for which the client has a permit.

    Attributes:
        key: The key that it belongs to.
        sent_at: When it was handed to the service.
        is_connected: Whether it had a connection, so that it reaches the service.
        has_arrived: Whether it has arrived at the service.
        remaining: How many more requests the limit would accept after it.
        wait: Seconds to wait if the limit rejects it; otherwise None.
        ended_at: When the client saw its end; infinite before.
    """

    key: str
    fate: Fate
    sent_at: float
    future: asyncio.Future[Response]
    is_connected: bool = False
    has_arrived: bool = False
    remaining: int = 0
    wait: float | None = None
    ended_at: float = math.inf


@attrs.define
class ScriptedService:
    """A service with one limit per key.

    Attributes:
        kind: The rule of the limits.
        limit: Requests per window.
        window: Seconds.
        is_whole: Whether Retry-After is in whole seconds.
        delays: Returns the seconds to the service and back for a request.
        limits: The limit of each key.
        open: The requests whose caller waits for their end.
        held: The requests at the service that a test lets end.
        planned: The fates of the next requests, the next one last.
        timers: The timers of this service that have not run.
    """

    kind: Kind
    limit: int
    window: float
    is_whole: bool
    delays: Callable[[], tuple[float, float]]
    limits: dict[str, BruteForceLimit] = attrs.field(factory=dict)
    open: list[Sent] = attrs.field(factory=list)
    held: list[Sent] = attrs.field(factory=list)
    planned: list[Fate] = attrs.field(factory=list)
    timers: set[asyncio.TimerHandle] = attrs.field(factory=set)
    _under_way: dict[Sent, float] = attrs.field(factory=dict)

    def limit_of(self, key: str) -> BruteForceLimit:
        """Return the limit of *key*."""
        return self.limits.setdefault(key, BruteForceLimit(self.kind, self.limit, self.window))

    def change_limit(self, limit: int) -> None:
        """Change the number of requests per window, for all keys."""
        self.limit = limit
        for each in self.limits.values():
            each.limit = limit

    def begin(self, key: str) -> Sent:
        """Start a request of *key*; `finish` must follow."""
        loop = asyncio.get_running_loop()
        sent = Sent(key, self.planned.pop() if self.planned else Fate(), loop.time(), loop.create_future())
        self.open.append(sent)
        return sent

    async def finish(self, sent: Sent, request: Request) -> Response:
        """Carry *request* to the service, and return the response."""
        loop = asyncio.get_running_loop()
        try:
            await self._connect(sent, request)
            there, back = self.delays()
            self._under_way[sent] = loop.time() + there
            self.later(there, lambda: self._arrive(sent, loop.time()))
            self.later(there + back, lambda: self._come_back(sent))
            return await sent.future
        finally:
            for requests in (self.open, self.held):
                if sent in requests:
                    requests.remove(sent)

    async def _connect(self, sent: Sent, request: Request) -> None:
        """Connect if it is planned, and note it like the transport does."""
        loop = asyncio.get_running_loop()
        if sent.fate.connects is not None:
            request.stats.connected_at = math.inf
            await asyncio.sleep(sent.fate.connects)
        if sent.fate.outcome == "not sent":
            raise TransportError("not sent", maybe_sent=False)
        request.stats.connected_at = loop.time()
        sent.is_connected = True

    def release(self, sent: Sent, outcome: Outcome = "limit", retry_after: str | None = None) -> None:
        """Let a request end that is held."""
        self.held.remove(sent)
        sent.fate = Fate(outcome, retry_after)
        self._end(sent)

    def close_loop(self) -> None:
        """Forget who waits for a response: the timers of a closed loop do not run."""
        self.open.clear()
        self.held.clear()
        self.timers.clear()

    def open_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Count what has arrived while no loop was open, and let the rest arrive in *loop*."""
        for sent, when in sorted(self._under_way.items(), key=lambda item: item[1]):
            if when <= loop.time():
                self._arrive(sent, when)
            else:
                self.later(when - loop.time(), partial(self._arrive, sent, when), loop)

    # -- the network --------------------------------------------------------------------------------------------------

    def later(
        self, seconds: float, action: Callable[[], object], loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        """Run *action* in some seconds, with a timer that is not one of the rate limit."""

        def run() -> None:
            self.timers.discard(handle)
            action()

        handle = (loop or asyncio.get_running_loop()).call_later(seconds, run)
        self.timers.add(handle)

    def _arrive(self, sent: Sent, now: float) -> None:
        del self._under_way[sent]
        sent.has_arrived = True
        if sent.fate.outcome != "proxy":
            sent.remaining, sent.wait = self.limit_of(sent.key).count(now)

    def _come_back(self, sent: Sent) -> None:
        if sent.fate.is_held and sent in self.open:
            self.held.append(sent)
        else:
            self._end(sent)

    def _end(self, sent: Sent) -> None:
        if sent.future.done():
            return  # given up by the client
        if sent.fate.outcome == "lost":
            sent.future.set_exception(TransportError("lost", maybe_sent=True))
        else:
            sent.future.set_result(self._response(sent))

    def _response(self, sent: Sent) -> Response:
        outcome, retry_after = sent.fate.outcome, sent.fate.retry_after
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        if outcome == "proxy":
            return Response(429, headers, b"")
        headers |= {"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": str(sent.remaining)}
        if sent.wait is not None:
            seconds = max(1, math.ceil(sent.wait)) if self.is_whole else math.ceil(sent.wait * 1000) / 1000
            return Response(429, {"Retry-After": str(seconds)} | headers, b"")
        if outcome == "bare error":
            return Response(500, {}, b"")
        return Response({"limit": 200, "other": 429, "server error": 500}[outcome], headers, b"")
