"""An event loop whose time jumps: whoever sleeps is woken at once, in the right order, and the clock shows it.

Mark a test ``@pytest.mark.virtual_time`` and it runs on such a loop; `run` does it for code without pytest's fixtures,
as a hypothesis test. With a *tick*, as in ``virtual_time(tick=1e-6)``, the clock is never the same twice, as no real
one is: that shows what holds only where two looks at it agree. Nothing that talks to a socket or to another process
belongs on such a loop: it jumps whenever nothing is ready, and an answer on its way is not ready.
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
    """A selector that, instead of waiting, moves its loop's clock on by the time that it was asked to wait."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.now = 0.0
        self.timers: list[float] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._selector.select(0)
        if ready:
            return ready
        if timeout is None:
            msg = "deadlock: every task waits, and no timer is set that could wake one"
            raise RuntimeError(msg)
        if timeout > 0:
            self.now += timeout
            # A sum may fall short of the timer that it is for by its last digit. Timers that are due in less than a
            # nanosecond run all the same: whoever finds that its time has not come, and waits for the rest, would do so
            # for ever if another did in turn, as time stands still as long as somebody is ready.
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
    """A loop on virtual time, which begins at zero; a deadlock is an error instead of a test that hangs.

    Args:
        tick: Seconds by which each look at the clock moves it on.
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
        """Return the virtual seconds since the loop was made."""
        self._jumping.now += self._tick
        return self._jumping.now


def run(main: Coroutine[Any, Any, T], tick: float = 0.0) -> T:
    """Run *main* on a new virtual-time loop and return its result."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(tick)) as runner:
        return runner.run(main)
