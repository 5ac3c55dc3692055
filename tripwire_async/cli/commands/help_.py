"""``help``: the help of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.parser import suggestion

if TYPE_CHECKING:
    import argparse

    from tripwire_async.cli.output import Output
    from tripwire_async.cli.parser import Commands, Parser


def register(commands: Commands, program: Parser) -> None:
    """Add the command, which prints the help of *program* and of its commands."""
    about = "Print the help of a command."
    parser = commands.add_parser("help", help="print the help of a command", description=about)
    parser.add_argument("names", nargs="*", metavar="COMMAND", help="for example: endpoints create")

    async def print_help(arguments: argparse.Namespace, _: Output) -> int:
        from tripwire_async.errors import ConfigurationError

        found = program
        for name in arguments.names:
            if name not in found.commands:
                msg = f'unknown command "{name}"{suggestion(name, found.commands)}'
                raise ConfigurationError(msg)
            found = found.commands[name]
        found.print_help()
        return ExitCode.OK

    parser.set_defaults(command=print_help)
