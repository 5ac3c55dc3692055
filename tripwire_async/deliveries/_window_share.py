"""Part of a run in the window of sends that several processes share."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final, final

from tripwire_async._concurrency.finishing import finish_closing
from tripwire_async._concurrency.patience import within
from tripwire_async.errors import TripwireError
from tripwire_async.middleware.rate_limit.shared_pages import WindowAsk
from tripwire_async.middleware.rate_limit.store import DEFAULT_PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async.middleware.rate_limit.shared_pages import SharedWindow, WindowReply

    from ._send_window import SendWindow

_INTERVAL: Final = 0.1
"""Seconds between two exchanges."""

_ROUNDING: Final = 1e-3
"""Seconds by which a time in a reply may be off."""

_MAX_PAUSE: Final = 2.0
"""The same, at most, while the store does not respond."""


@final
class WindowShare:
    """Keeps the width of a window at the part that the processes of a store leave to it.

    Args:
        store: Divides the window.
        scope: The scope of the window.
        window: The window; its width at first is that of all processes together.
        left: Returns the number of tests that were not started.
        clock: Measures the pauses.
    """

    __slots__ = ("_clock", "_left", "_others", "_patience", "_scope", "_store", "_task", "_width", "_window", "_worker")

    def __init__(
        self, store: SharedWindow, scope: str, window: SendWindow, left: Callable[[], int], clock: Clock
    ) -> None:
        self._store = store
        self._patience: float = getattr(store, "patience", DEFAULT_PATIENCE)
        self._scope = scope
        self._window = window
        self._width = window.width
        self._left = left
        self._clock = clock
        self._worker = os.urandom(6).hex()
        self._others = 0

    async def update(self) -> bool:
        """Set the width of the window; return whether the store has responded.

        Without a response the part is an equal one, with as many processes as in the last response.
        """
        (used, oldest), now = self._window.usage(), self._clock.now()
        wanted = min(self._width, used + self._window.statistics().waiting + self._left())
        reply = await self._exchange(used, wanted, 0.0 if oldest is None else now - oldest)
        if reply is None:
            self._window.resize(max(1, self._width // (1 + self._others)))
            return False
        self._others = reply.others
        # The reply is from after *now*, so that the oldest test was sent at this time or later.
        self._window.resize(reply.part, now - reply.oldest - _ROUNDING, is_alone=not reply.others)
        return True

    async def __aenter__(self) -> None:
        """Take a part before the first send, and keep it up to date."""
        await self.update()
        self._task = asyncio.create_task(self._run())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the part to the other processes, also if the run is cancelled: they would wait some seconds for it."""
        # With GeneratorExit, the loop was closed: its tasks cannot be awaited or cancelled.
        if not isinstance(error, GeneratorExit):
            await finish_closing(self._leave)

    async def _leave(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._exchange(0, 0, 0.0)

    async def _run(self) -> None:
        pause = _INTERVAL
        while True:
            await self._clock.sleep(pause)
            pause = _INTERVAL if await self.update() else min(2 * pause, _MAX_PAUSE)

    async def _exchange(self, used: int, wanted: int, oldest: float) -> WindowReply | None:
        ask = WindowAsk(
            worker=self._worker, width=self._width, used=used, wanted=wanted, oldest=oldest, scope=self._scope
        )
        try:
            return await within(self._patience, self._store.exchange_window(ask))
        except (OSError, TripwireError):
            return None
