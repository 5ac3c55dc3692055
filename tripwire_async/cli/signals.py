"""How a command that runs until it is stopped learns that it is."""

from __future__ import annotations

import asyncio
import contextlib
import signal


def stop_event() -> asyncio.Event:
    """Return an event that SIGTERM sets, so that what is open gets closed; Ctrl-C cancels as everywhere."""
    stopped = asyncio.Event()
    # Windows has no SIGTERM to be told of.
    with contextlib.suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    return stopped
