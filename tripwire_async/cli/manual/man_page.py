"""Man page ``tripwire-async(1)``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tripwire_async._version import __version__
from tripwire_async.cli.program import DESCRIPTION, ENVIRONMENT, EXAMPLES, EXIT_STATUS, PROGRAM

from .commands import commands_of, signature

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tripwire_async.cli.parser import Argument, Parser


def man_page(program: Parser) -> str:
    """Return the man page of *program* in the format of man(7)."""
    return "\n".join(_lines(program)) + "\n"


def _lines(program: Parser) -> Iterator[str]:
    yield f'.TH {PROGRAM.upper()} 1 "" "{PROGRAM} {__version__}" "User Commands"'
    yield ".SH NAME"
    yield _text(f"{PROGRAM} - {DESCRIPTION[0].lower()}{DESCRIPTION[1:].rstrip('.')}")
    yield from (".SH SYNOPSIS", f".B {_text(PROGRAM)}", ".RI [ OPTION \\ ...]", ".IR COMMAND \\ ...")
    yield from (".SH DESCRIPTION", _text(DESCRIPTION))
    yield _text("Options of the output and of the connection can precede or follow the command.")
    yield ".SH OPTIONS"
    yield from _arguments(program.arguments())
    yield ".SH COMMANDS"
    for command in commands_of(program):
        yield f'.SS "{_text(command.usage)}"'
        yield _text(command.about)
        yield from _arguments(command.arguments)
    yield ".SH ENVIRONMENT"
    yield from _definitions(ENVIRONMENT)
    yield ".SH EXIT STATUS"
    yield from _definitions(EXIT_STATUS)
    yield ".SH EXAMPLES"
    for command_line, purpose in EXAMPLES.items():
        yield from (".PP", _text(purpose), ".PP", ".nf", ".RS", _text(command_line), ".RE", ".fi")


def _arguments(arguments: Iterable[Argument]) -> Iterator[str]:
    for argument in arguments:
        yield from (".TP", f".B {_text(signature(argument))}", _text(argument.help))


def _definitions(definitions: Mapping[str, str]) -> Iterator[str]:
    for name, meaning in definitions.items():
        yield from (".TP", f".B {_text(name)}", _text(meaning))


def _text(text: str) -> str:
    """Return *text* on one line of troff, where backslashes, hyphens and the first character can have a meaning."""
    escaped = re.sub(r"[\\\"-]", lambda found: {"\\": "\\e", '"': "\\(dq", "-": "\\-"}[found[0]], text)
    escaped = escaped.replace("\N{HORIZONTAL ELLIPSIS}", "...")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
