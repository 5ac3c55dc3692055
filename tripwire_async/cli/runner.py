"""Runs one command, and turns whatever ends it into a line and an exit status."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import TYPE_CHECKING

from tripwire_async._logger import LOGGER
from tripwire_async.errors import APIError, ConfigurationError, ResponseDecodeError, TransportError, TripwireError

from .exit_codes import ExitCode
from .output import Output, warn
from .tables import one_line

if TYPE_CHECKING:
    import argparse
    from typing import TextIO


def run(arguments: argparse.Namespace) -> int:
    """Run the command of *arguments* to its end; return the exit status.

    Whatever goes wrong in a way that the library names becomes one line on stderr. Ctrl-C cancels the command, which
    closes what it has open.
    """
    for stream in (sys.stdout, sys.stderr):
        _escape_unencodable(stream)
    log = _show_log() if arguments.verbose else None
    try:
        status = asyncio.run(_main(arguments))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Python flushes once more at its end, and would warn.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.BROKEN_PIPE
    except (TripwireError, ValueError) as error:
        warn(str(error))
        return exit_code(error)
    finally:
        if log is not None:
            LOGGER.removeHandler(log)
    return status


def exit_code(error: Exception) -> ExitCode:
    """Return the exit status that *error* ends a command with."""
    match error:
        case APIError(status=status) if status < 500:
            return ExitCode.REJECTED
        case APIError() | TransportError() | ResponseDecodeError():
            return ExitCode.NO_RESPONSE
        case ConfigurationError() | ValueError():
            return ExitCode.USAGE
        case _:
            return ExitCode.BAD_OUTCOME


async def _main(arguments: argparse.Namespace) -> int:
    status: int = await arguments.command(arguments, Output(as_json=arguments.json, live=not arguments.verbose))
    return status


def _escape_unencodable(stream: TextIO) -> None:
    """Have *stream* write what its encoding lacks as an escape, rather than fail in the middle of a table."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return one_line(super().format(record))


def _show_log() -> logging.Handler:
    """Write the library's log to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(message)s"))
    LOGGER.setLevel(logging.DEBUG)
    LOGGER.addHandler(handler)
    return handler
