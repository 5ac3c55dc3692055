"""Signals that end a command in an orderly way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HANGUP: Final[int | None] = getattr(signal, "SIGHUP", None)
"""The terminal was closed. Windows has no such signal."""


def catch(numbers: Iterable[int | None], action: Callable[[int], object]) -> list[int]:
    """Have the running loop call *action* with each of these signals, and return the ones that it handles.

    A signal that is ignored stays ignored: ``nohup`` ignores SIGHUP so that the command outlives its terminal.
    """
    caught: list[int] = []
    for number in numbers:
        if number is None or signal.getsignal(number) is signal.SIG_IGN:
            continue
        # Windows does not deliver these signals to a loop.
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, _react, action, number)
            caught.append(number)
    return caught


def stop_signal() -> asyncio.Future[None]:
    """Return a future that SIGTERM and SIGHUP complete, so that the command can close its connections.

    Ctrl-C cancels it.
    """
    stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def stop(_: int) -> None:
        if not stopped.done():
            stopped.set_result(None)

    catch((signal.SIGTERM, HANGUP), stop)
    return stopped


def _react(action: Callable[[int], object], number: int) -> None:
    if number == HANGUP:
        leave_terminal()
    action(number)


def leave_terminal() -> None:
    """Send the output nowhere if its terminal is gone: writing would fail, and end the command early."""
    for descriptor in (1, 2):
        with contextlib.suppress(OSError), open(os.devnull, "wb") as nowhere:
            # A character device that was a terminal before.
            if stat.S_ISCHR(os.fstat(descriptor).st_mode) and not os.isatty(descriptor):
                os.dup2(nowhere.fileno(), descriptor)
