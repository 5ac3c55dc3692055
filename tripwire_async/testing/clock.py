"""The server's time: a clock that a test turns by hand, and the calendar that dates records by any clock."""

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

# A woken task hands over to another a few times (a future, a timeout, a queue) before it waits again.
_TURNS = 8


@final
@attrs.define(eq=False)
class _Alarm:
    callback: Callable[[], object] | None

    def cancel(self) -> None:
        self.callback = None

    def ring(self) -> bool:
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
    """A clock that stands still until a test moves it, so that tests of minutes take milliseconds.

    It is a clock like the client's own: hand one to the server, or the same one to both. *start* is what `now` says at
    first, in seconds.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._alarms: list[tuple[float, int, _Alarm]] = []
        self._made = 0
        self._holds = 0
        self._released: asyncio.Event = asyncio.Event()

    def now(self) -> float:
        """Return the seconds that the clock shows."""
        return self._now

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Call *callback* once the clock shows *when*; what is due already comes with the loop's next turn."""
        if when <= self._now:
            return asyncio.get_running_loop().call_soon(callback)
        self._made += 1
        alarm = _Alarm(callback)
        heapq.heappush(self._alarms, (when, self._made, alarm))
        return alarm

    async def sleep(self, seconds: float, /) -> None:
        """Return once the clock has been moved on by *seconds*."""
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
        """Move the clock on by *seconds*, ringing each alarm at its own moment and letting what it wakes run.

        Time waits for work that has been put under `hold`: the server holds the clock while it posts a webhook, so
        that an attempt ends at the moment at which it began.
        """
        until = self._now + seconds
        await self._let_run()
        while self._alarms and self._alarms[0][0] <= until:
            when = self._alarms[0][0]
            rang = False
            while self._alarms and self._alarms[0][0] == when:
                self._now = when
                rang = heapq.heappop(self._alarms)[2].ring() or rang
            if rang:
                await self._let_run()
        self._now = until
        await self._let_run()

    @contextlib.contextmanager
    def hold(self) -> Generator[None]:
        """Keep `advance` from moving time on until the block has ended."""
        self._holds += 1
        self._released.clear()
        try:
            yield
        finally:
            self._holds -= 1
            if not self._holds:
                self._released.set()

    async def _let_run(self) -> None:
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        while self._holds:
            await self._released.wait()
            for _ in range(_TURNS):
                await asyncio.sleep(0)


@final
class OwnLoopClock:
    """The time of the loop that the server was started in, to be read from anywhere: fixtures need not be async.

    Before `bind` it stands at zero.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def bind(self) -> None:
        """Go by the running loop from now on."""
        self._loop = asyncio.get_running_loop()

    def now(self) -> float:
        """Return the loop's time in seconds."""
        return 0.0 if self._loop is None else self._loop.time()

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Have the running loop call *callback* at *when*."""
        return asyncio.get_running_loop().call_at(when, callback)

    async def sleep(self, seconds: float, /) -> None:
        """Suspend the task for *seconds*."""
        await asyncio.sleep(seconds)


@final
class Calendar:
    """Dates and times of day by a clock that knows only seconds.

    Until `open` is called the calendar shows *beginning*, in Unix seconds; from then on it goes with *clock*.
    """

    def __init__(self, clock: Clock, beginning: float) -> None:
        self.clock = clock
        self._beginning = beginning
        self._opened: float | None = None

    def open(self) -> None:
        """Let time pass; a second call changes nothing."""
        if self._opened is None:
            self._opened = self.clock.now()

    def unix(self) -> float:
        """Return the time in Unix seconds."""
        if self._opened is None:
            return self._beginning
        return self._beginning + self.clock.now() - self._opened

    def stamp(self, ahead: float = 0.0) -> str:
        """Return the time as the API writes it, *ahead* seconds from now."""
        return rfc3339(self.unix() + ahead)


def rfc3339(unix: float) -> str:
    """Write *unix* seconds in UTC with milliseconds and a Z."""
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
