"""Signals that end a run of tests."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Final

from .output import warn
from .signals import HANGUP, catch

if TYPE_CHECKING:
    from tripwire_async.deliveries import TestRun

_PAUSE_SECONDS: Final = 5.0
"""Seconds for which sends on the wire may finish; recording the outcomes takes a little longer."""


async def complete(run: TestRun, *, pauses: bool) -> int | None:
    """Wait for the end of *run*, which was entered; return the signal that ended it before, if any.

    SIGINT, SIGTERM and SIGHUP end it. If *pauses*, the first signal lets sends on the wire finish, and only the second
    one ends the run at once.
    """
    loop = asyncio.get_running_loop()
    waiting = asyncio.ensure_future(_wait(run))
    pausing: asyncio.Task[None] | None = None
    signals: list[int] = []

    def stop(number: int) -> None:
        nonlocal pausing
        signals.append(number)
        if not pauses:
            waiting.cancel()
        elif pausing is None:
            pausing = asyncio.create_task(run.pause(within=_PAUSE_SECONDS))
            warn("pausing: waiting for the requests in progress; interrupt again to end at once")
        elif number != HANGUP:
            # When a terminal is closed, both its shell and the system send SIGHUP.
            waiting.cancel()

    caught = catch((signal.SIGINT, signal.SIGTERM, HANGUP), stop)
    try:
        await waiting
    except asyncio.CancelledError:
        if not signals:
            raise
    finally:
        for number in caught:
            loop.remove_signal_handler(number)
        if HANGUP is not None and HANGUP in signals:
            # As above; the outcomes are still to be written.
            signal.signal(HANGUP, signal.SIG_IGN)
        if pausing is not None:
            pausing.cancel()
            await asyncio.gather(pausing, return_exceptions=True)
    return signals[0] if signals else None


async def _wait(run: TestRun) -> None:
    await run
