"""Command line ``tripwire-async``: argument parsing on top of the library.

Each command is one file in `commands`, with its arguments and its coroutine. The module of a command is imported when
the command is used, and the library when it runs, so that ``--help`` is fast.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command in *arguments*, by default the arguments of the program; return the exit status."""
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        # Also while a module is imported, which is why none of them is imported above.
        return ExitCode.INTERRUPTED


def _run(arguments: Sequence[str]) -> int:
    from .parser import UsageError
    from .program import build_parser

    parser = build_parser()
    try:
        parsed = parser.parse(arguments)
    except UsageError as error:
        from .failure import report_usage_error

        return report_usage_error(error, as_json="--json" in arguments)
    if "command" not in parsed:
        # A group, or the program itself, without a command.
        parsed.parser.print_help()
        return ExitCode.USAGE
    from .runner import run

    parsed.words = (parser.prog, *arguments)
    return run(parsed)
