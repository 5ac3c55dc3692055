"""Clocks of the test server: one that a test advances, the event loop's, and a calendar on top of either."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tripwire_async._concurrency.clock import Clock, Timer

# A task that is woken passes through a few others (a future, a timeout, a queue) before it waits again.
_LOOP_ITERATIONS = 8

# An idle loop takes part in each tick, so that data on loopback sockets arrives within a few of them.
_TICK = 0.001
_QUIET_TICKS = 10


@final
@attrs.define(eq=False)
class _ManualTimer:
    callback: Callable[[], object] | None

    def cancel(self) -> None:
        self.callback = None

    def fire(self) -> bool:
        """Run the callback unless the timer was canceled; return whether it ran."""
        callback, self.callback = self.callback, None
        if callback is None:
            return False
        callback()
        return True


def _wake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)


@final
class ManualClock:
    """A virtual clock that only moves when a test advances it.

    It implements the client's clock protocol, so one clock can drive the server, the client or both.

    With *autojump* the clock also moves by itself: when nothing has used it for 10 milliseconds, because all tasks
    wait, it advances to its next timer. A test with hours of waiting then takes seconds. Work that takes real
    time and does not use the clock, such as a request to another process, must be under `hold`.

    Args:
        start: The initial time in seconds.
        autojump: Advance to the next timer when all tasks wait.
    """

    def __init__(self, start: float = 0.0, *, autojump: bool = False) -> None:
        self._now = start
        self._autojump = autojump
        self._uses = 0
        self._poller: tuple[asyncio.AbstractEventLoop, asyncio.TimerHandle] | None = None
        self._timers: list[tuple[float, int, _ManualTimer]] = []
        self._created = 0
        self._holds = 0
        self._released: asyncio.Event = asyncio.Event()

    def __repr__(self) -> str:
        return f"<ManualClock now={self._now:g}, {len(self._timers)} timers>"

    def now(self) -> float:
        """Return the current time in seconds."""
        self._uses += 1
        return self._now

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Call *callback* when the clock reaches *when*; if it already has, in the loop's next iteration."""
        if when <= self._now:
            return asyncio.get_running_loop().call_soon(callback)
        self._created += 1
        timer = _ManualTimer(callback)
        heapq.heappush(self._timers, (when, self._created, timer))
        self._uses += 1
        if self._autojump:
            self._watch()
        return timer

    async def sleep(self, seconds: float, /) -> None:
        """Wait until the clock has advanced by *seconds*."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.call_at(self._now + seconds, partial(_wake, woken))
        try:
            await woken
        finally:
            timer.cancel()

    async def advance(self, seconds: float) -> None:
        """Move the clock forward by *seconds*, firing each timer at its own time.

        After each timer, tasks that it woke run before the clock moves on. The clock does not move while it is under
        `hold`: the server holds it while it posts a webhook, so an attempt takes no virtual time.
        """
        until = self._now + seconds
        await self._run_tasks()
        while self._timers and self._timers[0][0] <= until:
            if self._fire_next():
                await self._run_tasks()
        self._now = until
        await self._run_tasks()

    @contextlib.contextmanager
    def hold(self) -> Generator[None]:
        """Stop `advance` from moving the clock until the block ends."""
        self._holds += 1
        self._released.clear()
        try:
            yield
        finally:
            self._holds -= 1
            if not self._holds:
                self._released.set()

    def _fire_next(self) -> bool:
        """Advance to the next timer and fire all timers of that time; return whether one was not canceled."""
        when = self._timers[0][0]
        self._now = when
        fired = False
        while self._timers and self._timers[0][0] == when:
            fired = heapq.heappop(self._timers)[2].fire() or fired
        return fired

    def _watch(self) -> None:
        """Look every millisecond whether the clock is in use, as long as it has timers."""
        loop = asyncio.get_running_loop()
        if self._poller is None or self._poller[0] is not loop:
            self._poller = (loop, loop.call_later(_TICK, self._tick, loop, self._uses, 0))

    def _tick(self, loop: asyncio.AbstractEventLoop, uses: int, quiet: int) -> None:
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        if not self._timers:
            self._poller = None
            return
        quiet = 0 if self._holds or uses != self._uses else quiet + 1
        if quiet == _QUIET_TICKS:
            self._fire_next()
            quiet = 0
        self._poller = (loop, loop.call_later(_TICK, self._tick, loop, self._uses, quiet))

    async def _run_tasks(self) -> None:
        for _ in range(_LOOP_ITERATIONS):
            await asyncio.sleep(0)
        while self._holds:
            await self._released.wait()
            for _ in range(_LOOP_ITERATIONS):
                await asyncio.sleep(0)


@final
class ServerLoopClock:
    """The time of the event loop that runs the server.

    Synchronous fixtures can read it outside of that loop. Before `bind` it is zero.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def bind(self) -> None:
        """Use the running loop from now on."""
        self._loop = asyncio.get_running_loop()

    def now(self) -> float:
        """Return the loop's time in seconds."""
        return 0.0 if self._loop is None else self._loop.time()

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Schedule *callback* at *when* on the running loop."""
        return asyncio.get_running_loop().call_at(when, callback)

    async def sleep(self, seconds: float, /) -> None:
        """Sleep for *seconds*."""
        await asyncio.sleep(seconds)


@final
class Calendar:
    """Wall-clock time derived from a clock that only counts seconds.

    It shows *start_time*, in Unix seconds, until `start` is called, and then advances with *clock*.
    """

    def __init__(self, clock: Clock, start_time: float) -> None:
        self.clock = clock
        self._start_time = start_time
        self._started_at: float | None = None

    def start(self) -> None:
        """Start the calendar; a second call has no effect."""
        if self._started_at is None:
            self._started_at = self.clock.now()

    def unix_time(self) -> float:
        """Return the current time in Unix seconds."""
        if self._started_at is None:
            return self._start_time
        return self._start_time + self.clock.now() - self._started_at

    def timestamp(self, offset: float = 0.0) -> str:
        """Return the time *offset* seconds from now in the API's format."""
        return rfc3339(self.unix_time() + offset)


def rfc3339(unix_time: float) -> str:
    """Format *unix_time* in UTC with milliseconds and a ``Z`` suffix."""
    return datetime.fromtimestamp(unix_time, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
