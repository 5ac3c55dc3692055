"""Event loop with virtual time: a sleep ends at once, and the clock advances by its length.

Mark a test ``@pytest.mark.virtual_time`` to run it on such a loop, or use `run`, for example in a hypothesis test.
With a *tick*, as in ``virtual_time(tick=1e-6)``, each reading of the clock advances it, like a real clock does. This
finds code that relies on two readings being equal. Do not use sockets or other processes on this loop: it jumps to the
next timer whenever no callback is ready, and does not wait for I/O.
"""

from __future__ import annotations

import asyncio
import heapq
import selectors
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextvars import Context

T = TypeVar("T")


class _JumpingSelector(selectors.BaseSelector):
    """Selector that advances the clock of its loop by the timeout instead of waiting."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.now = 0.0
        self.timers: list[float] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._selector.select(0)
        if ready:
            return ready
        if timeout is None:
            msg = "deadlock: every task waits, and no timer is scheduled"
            raise RuntimeError(msg)
        if timeout > 0:
            self.now += timeout
            # Rounding may leave the sum just below the time of the timer. The clock moves on to timers that are due
            # within a nanosecond; otherwise two tasks that wait for the rest in turn would keep the clock from moving.
            while self.timers and self.timers[0] < self.now + 1e-9:
                self.now = max(self.now, heapq.heappop(self.timers))
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._selector.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._selector.unregister(fileobj)

    def get_map(self) -> Any:
        return self._selector.get_map()

    def close(self) -> None:
        self._selector.close()


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Event loop on virtual time, which starts at zero; a deadlock raises an error.

    Args:
        tick: Seconds by which each reading of the clock advances it.
    """

    def __init__(self, tick: float = 0.0) -> None:
        self._tick = tick
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call *callback* at a virtual time."""
        heapq.heappush(self._jumping.timers, when)
        return super().call_at(when, callback, *args, context=context)

    def time(self) -> float:
        """Return the virtual time in seconds since the loop was created."""
        self._jumping.now += self._tick
        return self._jumping.now

    def scheduled(self) -> list[asyncio.TimerHandle]:
        """Return the timers that have not run and are not cancelled."""
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined] - asyncio's own attribute
        return [timer for timer in timers if not timer.cancelled()]

    def advance(self, seconds: float) -> None:
        """Move the clock on by *seconds* without running timers, as while a machine is suspended."""
        self._jumping.now += seconds


def virtual_loop() -> VirtualTimeLoop:
    """Return the running loop, which must be on virtual time."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    return loop


def now() -> float:
    """Return the time of the running loop."""
    return asyncio.get_running_loop().time()


def run(main: Coroutine[Any, Any, T], tick: float = 0.0) -> T:
    """Run *main* on a new virtual-time loop and return its result."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(tick)) as runner:
        return runner.run(main)
