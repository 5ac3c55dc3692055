"""``completion``: completion scripts for shells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import set_command

if TYPE_CHECKING:
    import argparse

    from tripwire_async.cli.output import Output
    from tripwire_async.cli.parser import Parser

_HINTS: Final = {
    "bash": "add this line to ~/.bashrc: source <(tripwire-async completion bash 2>/dev/null)",
    "zsh": "add this line to ~/.zshrc, after compinit: source <(tripwire-async completion zsh 2>/dev/null)",
    "fish": "save it: tripwire-async completion fish > ~/.config/fish/completions/tripwire-async.fish",
}


def build(parser: Parser) -> None:
    """Add the arguments of the command."""
    set_command(parser, print_script)
    parser.add_argument("shell", choices=tuple(_HINTS), metavar="SHELL", help="bash, zsh or fish")


async def print_script(arguments: argparse.Namespace, output: Output) -> int:
    """Print the script on stdout, and how to install it on stderr."""
    import sys

    from tripwire_async.cli import completion
    from tripwire_async.cli.output import warn

    scripts = {"bash": completion.bash_script, "zsh": completion.zsh_script, "fish": completion.fish_script}
    script = scripts[arguments.shell](arguments.program)
    if output.as_json:
        output.emit({"data": script})
        return ExitCode.OK
    sys.stdout.write(script)
    sys.stdout.flush()
    warn(_HINTS[arguments.shell])
    return ExitCode.OK
