"""Time as an argument: everything that waits is handed a clock, so that a test can hand it another."""

from __future__ import annotations

import asyncio
from asyncio import get_running_loop
from typing import TYPE_CHECKING, Protocol, final

if TYPE_CHECKING:
    from collections.abc import Callable


class Timer(Protocol):
    """A callback that is to come; `asyncio.TimerHandle` is one."""

    def cancel(self) -> None:
        """Forget the callback; doing so twice, or after it ran, does nothing."""
        ...


class Clock(Protocol):
    """A monotonic clock, in seconds from an arbitrary beginning."""

    def now(self) -> float:
        """Return the seconds since the beginning."""
        ...

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Call *callback* once `now` has reached *when*, never before this call has returned."""
        ...

    async def sleep(self, seconds: float, /) -> None:
        """Return after *seconds*; at zero or less, after other tasks have had a turn."""
        ...


@final
class LoopClock:
    """The time of the running event loop, so that a loop with a time of its own (in tests) is obeyed."""

    __slots__ = ()

    def now(self) -> float:
        """Return the running loop's time in seconds."""
        return get_running_loop().time()

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Have the running loop call *callback* at *when*."""
        return asyncio.get_running_loop().call_at(when, callback)

    async def sleep(self, seconds: float, /) -> None:
        """Suspend the task for *seconds*."""
        await asyncio.sleep(seconds)


LOOP_CLOCK = LoopClock()


def time_on(loop: asyncio.AbstractEventLoop, clock: Clock) -> Callable[[], float]:
    """Return the shortest way to what *clock* says on *loop*, for what stays with one loop and often asks."""
    # Never `time.monotonic` itself, a little shorter still: programs' tests replace it to hold the time, and what had
    # been bound before would be of another clock than the loop's timers.
    return loop.time if clock is LOOP_CLOCK else clock.now
