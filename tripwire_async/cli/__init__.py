"""The command line, ``tripwire-async``: argument parsing and nothing that the library lacks.

Each group of commands has a file, which describes its arguments and holds its coroutines. What they need is imported
when one runs, so that ``--help`` is there at once.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final, NoReturn

from tripwire_async import __version__
from tripwire_async.profiles import FOIL, TRIPWIRE

from .commands import demo, endpoints, events, fingerprints, keys, listen, serve, sessions, test, token
from .exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_PROGRAM: Final = "tripwire-async"
_EPILOG: Final = """\
environment:
  {secret_key:<24}the secret key; there is no option for it, since
                          everybody on a machine can read what programs are given
  {organization:<24}the organization
  {base_url:<24}another address than the service's own
  Under the name Foil, the variables begin with {foil} instead.

exit status:
  0    all is well
  1    it ran, but something came out badly, such as a delivery that failed
  2    wrong usage or configuration
  3    the API refused
  4    no usable answer came
  130  interrupted
"""


class _Parser(argparse.ArgumentParser):
    """A parser that complains in one line, as everything else does."""

    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.USAGE, f"{_PROGRAM}: {message} ({self.prog} --help says more)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that *arguments*, by default the program's own, ask for; return the exit status."""
    parsed = _parser().parse_args(arguments)
    from .runner import run

    return run(parsed)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=_PROGRAM,
        description="Test webhook endpoints and look into the Tripwire API.",
        epilog=_EPILOG.format(
            secret_key=TRIPWIRE.secret_key_variable,
            organization=TRIPWIRE.organization_variable,
            base_url=TRIPWIRE.base_url_variable,
            foil=FOIL.secret_key_variable.partition("_")[0] + "_",
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"{_PROGRAM} {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in (demo, serve, listen, test, endpoints, events, sessions, fingerprints, keys, token):
        group.register(commands)
    return parser
