"""End of a command that runs until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal


def stop_signal() -> asyncio.Future[None]:
    """Return a future that SIGTERM completes, so that the command can close its connections; Ctrl-C cancels it."""
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if not stopped.done():
            stopped.set_result(None)

    # Windows does not deliver SIGTERM.
    with contextlib.suppress(NotImplementedError):
        loop.add_signal_handler(signal.SIGTERM, stop)
    return stopped
