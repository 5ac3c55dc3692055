"""Command line ``tripwire-async``: argument parsing on top of the library.

Each command is one file in `commands`, with its arguments and its coroutine. Imports are made when a command runs, so
that ``--help`` is fast.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from tripwire_async import __version__
from tripwire_async.profiles import FOIL, TRIPWIRE

from .commands import demo, endpoints, events, fingerprints, help_, keys, listen, serve, sessions, test, token, version
from .exit_codes import ExitCode
from .options import add_output_options
from .parser import Parser, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_PROGRAM: Final = "tripwire-async"
_EPILOG: Final = """\
environment:
  {secret_key:<24}the secret key; no option accepts a key, because other
                          users of a machine can read the arguments of programs
  {organization:<24}the organization
  {base_url:<24}the URL of the API, if it is not the default
  With the profile foil, the variables begin with {foil} instead.

exit status:
  0    success
  1    the command ran with a bad result, for example a delivery failed
  2    invalid arguments or configuration
  3    the API rejected the request
  4    no valid response
  130  interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command in *arguments*, by default the arguments of the program; return the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
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

    return run(parsed)


def build_parser() -> Parser:
    """Return the parser of the whole command line."""
    parser = Parser(
        prog=_PROGRAM,
        description="Test webhook endpoints and read data from the Tripwire API.",
        epilog=_EPILOG.format(
            secret_key=TRIPWIRE.secret_key_variable,
            organization=TRIPWIRE.organization_variable,
            base_url=TRIPWIRE.base_url_variable,
            foil=FOIL.secret_key_variable.partition("_")[0] + "_",
        ),
        raw_epilog=True,
    )
    parser.add_argument("-V", "--version", action="version", version=f"{_PROGRAM} {__version__}")
    commands = parser.add_commands()
    add_output_options(parser)
    for command in (demo, serve, listen, test, endpoints, events, sessions, fingerprints, keys, token):
        command.register(commands)
    version.register(commands)
    help_.register(commands, parser)
    return parser
