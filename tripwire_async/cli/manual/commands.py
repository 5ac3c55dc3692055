"""Commands and their arguments, as both pages list them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tripwire_async.cli.parser import Argument, Parser


@attrs.frozen
class CommandEntry:
    """One command that can be run.

    Attributes:
        name: Its words, for example ``endpoints create``.
        about: Its sentence in the help.
        arguments: Its arguments, without the options that every command accepts.
    """

    name: str
    about: str
    arguments: tuple[Argument, ...]

    @property
    def usage(self) -> str:
        """The words of the command with its positional arguments."""
        positional = (argument for argument in self.arguments if not argument.options)
        return " ".join(
            [self.name, *(f"[{arg.metavar} ...]" if arg.is_repeated else arg.metavar for arg in positional)]
        )


def commands_of(program: Parser) -> Iterator[CommandEntry]:
    """Yield the commands of *program*, those of groups included, in the order of the help."""
    common = {argument.options for argument in program.arguments()}
    yield from _walk(program, "", common)


def _walk(parser: Parser, name: str, common: set[tuple[str, ...]]) -> Iterator[CommandEntry]:
    for word, child in parser.commands.items():
        words = f"{name} {word}".strip()
        if child.commands:
            yield from _walk(child, words, common)
            continue
        own = tuple(
            argument for argument in child.arguments() if not argument.options or argument.options not in common
        )
        yield CommandEntry(words, child.description or "", own)


def signature(argument: Argument) -> str:
    """Return the names of *argument* and of its value, for example ``--limit N``."""
    return " ".join(filter(None, (", ".join(argument.options), argument.metavar)))
