"""Signals that end a run of tests."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Final

from .output import warn

if TYPE_CHECKING:
    from tripwire_async.deliveries import TestRun

_PAUSE_SECONDS: Final = 5.0
"""Seconds for which sends on the wire may finish; recording the outcomes takes a little longer."""


async def complete(run: TestRun, *, pauses: bool) -> bool:
    """Wait for the end of *run*, which was entered; return False if SIGINT or SIGTERM ended it before.

    If *pauses*, the first signal lets sends on the wire finish, and only the second one ends the run at once.
    """
    loop = asyncio.get_running_loop()
    waiting = asyncio.ensure_future(_wait(run))
    pausing: asyncio.Task[None] | None = None
    was_stopped = False

    def stop() -> None:
        nonlocal pausing, was_stopped
        was_stopped = True
        if pauses and pausing is None:
            warn("pausing: waiting for the requests in progress; interrupt again to end at once")
            pausing = asyncio.create_task(run.pause(within=_PAUSE_SECONDS))
        else:
            waiting.cancel()

    # Windows does not deliver these signals to a loop.
    with contextlib.suppress(NotImplementedError):
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
    try:
        await waiting
    except asyncio.CancelledError:
        if not was_stopped:
            raise
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        if pausing is not None:
            pausing.cancel()
            await asyncio.gather(pausing, return_exceptions=True)
    return not was_stopped


async def _wait(run: TestRun) -> None:
    await run
