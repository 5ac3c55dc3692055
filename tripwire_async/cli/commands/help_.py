"""``help``: the help of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import set_command
from tripwire_async.cli.parser import suggestion

if TYPE_CHECKING:
    import argparse

    from tripwire_async.cli.output import Output
    from tripwire_async.cli.parser import Parser


def build(parser: Parser) -> None:
    """Add the arguments of the command."""
    set_command(parser, print_help)
    parser.add_argument("names", nargs="*", metavar="COMMAND", help="for example: endpoints create")


async def print_help(arguments: argparse.Namespace, _: Output) -> int:
    """Print the help of the program or of one of its commands."""
    from tripwire_async.errors import ConfigurationError

    found: Parser = arguments.program
    for name in arguments.names:
        if name not in found.commands:
            msg = f'unknown command "{name}"{suggestion(name, found.commands)}'
            raise ConfigurationError(msg)
        found = found.commands[name]
    found.print_help()
    return ExitCode.OK
