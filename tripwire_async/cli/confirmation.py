"""Confirmation of commands that cannot be undone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_confirmation_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that confirms the command in advance."""
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation; required without a terminal")


async def confirm(arguments: argparse.Namespace, question: str) -> None:
    """Return if the user confirms *question*, with ``--yes`` or on the terminal.

    Raises `DeclinedError` if the user declines, and `ConfigurationError` if there is no terminal.
    """
    from tripwire_async.errors import ConfigurationError

    from .failure import DeclinedError

    if arguments.yes:
        return
    if not sys.stdin.isatty():
        msg = f"{question} Pass --yes to confirm, because there is no terminal to ask on"
        raise ConfigurationError(msg)
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if (await _read_line()).strip().lower() not in {"y", "yes"}:
        msg = "cancelled: nothing was changed"
        raise DeclinedError(msg)


async def _read_line() -> str:
    """Read a line from the terminal; the wait can be cancelled, unlike a blocking read."""
    import asyncio

    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return sys.stdin.readline()
