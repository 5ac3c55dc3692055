"""Part of the reference page that lists the commands and their options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .commands import commands_of, signature

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tripwire_async.cli.parser import Argument, Parser

_BEGIN: Final = "<!-- The rest is made by: python -m tripwire_async.cli.manual -->\n"


def with_commands(page: str, program: Parser) -> str:
    """Return *page* with the current commands of *program* after its mark."""
    before, mark, _ = page.partition(_BEGIN)
    if not mark:
        msg = f"the page has no line {_BEGIN.strip()!r}"
        raise ValueError(msg)
    return before + _BEGIN + "\n".join(_lines(program)) + "\n"


def _lines(program: Parser) -> Iterator[str]:
    yield from ("", "## Options of every command", "")
    yield "They can precede or follow the command."
    yield from _table(program.arguments())
    yield from ("", "## Commands")
    for command in commands_of(program):
        yield from ("", f"### {command.usage.replace(' ...', ' …')}", "", command.about)
        yield from _table(command.arguments)


def _table(arguments: Iterable[Argument]) -> Iterator[str]:
    rows = [f"| `{signature(argument)}` | {_cell(argument)} |" for argument in arguments]
    if rows:
        yield from ("", "| argument | meaning |", "|---|---|", *rows)


def _cell(argument: Argument) -> str:
    """Return the meaning of *argument*, and its values unless its name shows them."""
    text = argument.help.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
    if not argument.values or argument.metavar.startswith("{"):
        return text
    return f"{text}: {', '.join(f'`{value}`' for value in argument.values)}"
