"""An event loop whose time jumps: whoever sleeps is woken at once, in the right order, and the clock shows it.

Mark a test ``@pytest.mark.virtual_time`` and it runs on such a loop; `run` does it for code without pytest's fixtures,
as a hypothesis test. Nothing that talks to a socket or to another process belongs on it: the loop jumps whenever
nothing is ready, and an answer on its way is not ready.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


class _JumpingSelector(selectors.BaseSelector):
    """A selector that, instead of waiting, moves its loop's clock on by the time that it was asked to wait."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._selector.select(0)
        if ready:
            return ready
        if timeout is None:
            msg = "deadlock: every task waits, and no timer is set that could wake one"
            raise RuntimeError(msg)
        if timeout > 0:
            self.now += timeout
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
    """A loop on virtual time, which begins at zero; a deadlock is an error instead of a test that hangs."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the virtual seconds since the loop was made."""
        return self._jumping.now


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run *main* on a new virtual-time loop and return its result."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
