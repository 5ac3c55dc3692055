"""Event loop whose clock is fast: seconds of waiting pass in milliseconds, with real sockets and other processes."""

from __future__ import annotations

import asyncio
import selectors
import time
from typing import Any


class _FastSelector(selectors.DefaultSelector):  # type: ignore[misc,valid-type] - chosen by the platform
    """Selector that waits for the real time of a timeout on the fast clock."""

    factor = 1.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / self.factor)


class FastLoop(asyncio.SelectorEventLoop):
    """Event loop whose clock is *factor* times as fast as real time.

    Unlike virtual time, it can be used with sockets. Timeouts must be longer than the real work takes on this clock.
    """

    def __init__(self, factor: float = 100.0) -> None:
        self._factor = factor
        selector: Any = _FastSelector()
        selector.factor = factor
        super().__init__(selector)

    def time(self) -> float:
        """Return the time of the fast clock."""
        return time.monotonic() * self._factor
