"""Clocks, passed as arguments to all code that waits, so that tests can control time."""

from __future__ import annotations

import asyncio
import time
from asyncio import get_running_loop
from typing import TYPE_CHECKING, Protocol, final

if TYPE_CHECKING:
    from collections.abc import Callable


class Timer(Protocol):
    """A scheduled callback, for example an `asyncio.TimerHandle`."""

    def cancel(self) -> None:
        """Cancel the callback; without effect if it is cancelled already or has run."""
        ...


class Clock(Protocol):
    """A monotonic clock, in seconds since an arbitrary start."""

    def now(self) -> float:
        """Return the seconds since the start."""
        ...

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Call *callback* once `now` has reached *when*, but not before this method has returned."""
        ...

    async def sleep(self, seconds: float, /) -> None:
        """Return after *seconds*; if they are zero or less, after other tasks have had a turn."""
        ...


@final
class LoopClock:
    """The time of the running event loop, which a test may replace by a loop with virtual time."""

    __slots__ = ()

    def now(self) -> float:
        """Return the time of the running loop, in seconds.

        Without a running loop it is the time of asyncio's own loops. When a loop is closed with tasks pending, the
        garbage collector ends their coroutines, whose ``finally`` blocks may read the clock.
        """
        try:
            return get_running_loop().time()
        except RuntimeError:
            return time.monotonic()

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Schedule *callback* on the running loop at *when*."""
        return asyncio.get_running_loop().call_at(when, callback)

    async def sleep(self, seconds: float, /) -> None:
        """Suspend the task for *seconds*."""
        await asyncio.sleep(seconds)


LOOP_CLOCK = LoopClock()


def time_on(loop: asyncio.AbstractEventLoop, clock: Clock) -> Callable[[], float]:
    """Return the fastest function that reads *clock* on *loop*, for code that stays on one loop and reads it often."""
    # Not time.monotonic itself, which is faster still: tests of other programs replace it to stop time. A function that
    # was bound before would disagree with the timers of the loop.
    return loop.time if clock is LOOP_CLOCK else clock.now
