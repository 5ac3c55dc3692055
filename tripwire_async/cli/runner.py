"""Execution of one command: event loop, log, errors and exit status."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from typing import TYPE_CHECKING

from tripwire_async._logger import LOGGER
from tripwire_async.errors import TripwireError

from .exit_codes import ExitCode
from .failure import report_error, report_os_error
from .options import base_url_source
from .output import Output, warn
from .tables import one_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Generator
    from typing import TextIO


def run(arguments: argparse.Namespace) -> int:
    """Run the command of *arguments*; return the exit status.

    An expected error becomes one line on stderr, or a document with ``--json``. Ctrl-C cancels the command, which
    closes its connections.
    """
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - stands in for a closed stream
    if sys.stdout is None:
        warn("cannot write the output: stdout is closed")
        return ExitCode.BAD_OUTCOME
    for stream in (sys.stdout, sys.stderr):
        _escape_unencodable(stream)
    try:
        with (
            _visible_log() if arguments.verbose else contextlib.nullcontext(),
            asyncio.Runner(loop_factory=_uvloop() if "uses_uvloop" in arguments else None) as runner,
        ):
            status = runner.run(_main(arguments))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except (TripwireError, ValueError) as error:
        return report_error(error, as_json=arguments.json, url_source=base_url_source(arguments))
    except BrokenPipeError:
        _discard_output()
        return ExitCode.BROKEN_PIPE
    except OSError as error:
        if error.filename is None:
            _discard_output()
        return report_os_error(error, as_json=arguments.json)
    return status


async def _main(arguments: argparse.Namespace) -> int:
    output = Output(as_json=arguments.json, live=not arguments.verbose, url_source=base_url_source(arguments))
    status: int = await arguments.command(arguments, output)
    return status


def _uvloop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return the event loop of uvloop, which is faster, if it is installed."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return None
    return uvloop.new_event_loop


def _discard_output() -> None:
    """Send the rest of the output nowhere: Python flushes again at its end, and would print another error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _escape_unencodable(stream: TextIO) -> None:
    """Have *stream* write an escape for a character that its encoding lacks, instead of raising."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return one_line(super().format(record))


@contextlib.contextmanager
def _visible_log() -> Generator[None]:
    """Write the log of the library to stderr within the block."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(message)s"))
    level = LOGGER.level
    LOGGER.setLevel(logging.DEBUG)
    LOGGER.addHandler(handler)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(level)
