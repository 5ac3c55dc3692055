"""Argument parser with suggestions and one-line errors."""

from __future__ import annotations

import argparse
import difflib
from typing import TYPE_CHECKING, Any, Final, NoReturn

from tripwire_async.profiles import TRIPWIRE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Protocol

    class Commands(Protocol):
        """Collection of commands to which `add_parser` adds one."""

        def add_parser(
            self,
            name: str,
            *,
            help: str,  # noqa: A002 - the name that argparse gives it
            description: str,
        ) -> Parser:
            """Add a command and return its parser."""
            ...


_KEY_OPTIONS: Final = frozenset({"--secret-key", "--api-key", "--key", "--token", "--signing-secret"})
_KEY_PREFIXES: Final = ("sk_", "pk_", "whsec_", "agt_", "gtpoll_")
_KEY_ADVICE: Final = (
    "Keys are not accepted as arguments, because other users can read them: set "
    f"{TRIPWIRE.secret_key_variable}, or use --secret-key-file FILE."
)


class UsageError(Exception):
    """The arguments are invalid.

    Attributes:
        message: The error and what to do about it.
        hint: The command that prints the help.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Parser(argparse.ArgumentParser):
    """Parser without abbreviated options that suggests similar names and raises `UsageError`.

    An abbreviation is dangerous here: ``--secret-key sk_live_…`` would be ``--secret-key-file`` with the key as the
    name of a file, which the error message prints.
    """

    def __init__(self, *, raw_epilog: bool = False, **options: Any) -> None:
        formatter = argparse.RawDescriptionHelpFormatter if raw_epilog else argparse.HelpFormatter
        super().__init__(allow_abbrev=False, formatter_class=formatter, **options)
        self.commands: Mapping[str, Parser] = {}
        # The parser of the innermost command is the one that applies.
        self.set_defaults(parser=self)

    def add_commands(self) -> Commands:
        """Return the collection to which the commands of this parser are added."""
        commands = self.add_subparsers(title="commands", metavar="COMMAND")
        self.commands = commands.choices
        return commands

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Return the parsed *arguments*; raise `UsageError` if they are invalid."""
        parsed, unknown = self.parse_known_args(arguments)
        if unknown:
            parsed.parser.reject(unknown)
        return parsed

    def reject(self, unknown: Sequence[str]) -> NoReturn:
        """Raise `UsageError` for the *unknown* arguments of this command."""
        first = unknown[0].partition("=")[0]
        if first in _KEY_OPTIONS or any(map(looks_like_key, unknown)):
            name = "" if looks_like_key(first) else f' "{first}"'
            self.error(f"unknown argument{name}. {_KEY_ADVICE}")
        if first.startswith("-"):
            self.error(f'unknown option "{first}"{suggestion(first, self._option_string_actions)}')
        self.error(f'unexpected argument "{first}"')

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError` with the *message* of argparse, in our words."""
        message = message.removeprefix("argument ").replace("the following arguments are required:", "missing")
        raise UsageError(message, f"{self.prog} --help")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        # argparse lists all choices and suggests none.
        if action.choices is None or value in action.choices:
            return
        if action.choices is self.commands:
            if looks_like_key(value):
                self.error(f"unknown command. {_KEY_ADVICE}")
            self.error(f'unknown command "{value}"{suggestion(value, action.choices)}')
        raise argparse.ArgumentError(action, f'unknown value "{value}". Choose from: {", ".join(action.choices)}')


def suggestion(text: str, known: Iterable[str]) -> str:
    """Return a question that names the most similar of the *known* words, or nothing."""
    matches = difflib.get_close_matches(text, list(known), n=1)
    return f'. Did you mean "{matches[0]}"?' if matches else ""


def looks_like_key(text: str) -> bool:
    """Return whether *text*, or its part after ``=``, begins like a key."""
    return text.rpartition("=")[2].startswith(_KEY_PREFIXES)
