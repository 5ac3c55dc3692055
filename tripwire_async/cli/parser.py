"""Argument parser with suggestions and one-line errors."""

from __future__ import annotations

import argparse
import difflib
import itertools
import os
import re
import shutil
import textwrap
from typing import TYPE_CHECKING, Any, Final, NoReturn

from tripwire_async.profiles import TRIPWIRE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Protocol

    class Commands(Protocol):
        """Collection of commands to which `add_parser` adds one."""

        def add_parser(
            self,
            name: str,
            *,
            help: str,  # noqa: A002 - the name that argparse gives it
            description: str,
            build: Callable[[Parser], None] | None = None,
        ) -> Parser:
            """Add a command and return its parser; *build* adds its arguments when it is used."""
            ...


_KEY_OPTIONS: Final = frozenset({"--secret-key", "--api-key", "--key", "--token", "--signing-secret"})
_KEY: Final = re.compile(r"^sk_|(?:^|[^0-9A-Za-z])(?:[sp]k_(?:live|test)|whsec|agt|gtpoll)_\w")
_KEY_ADVICE: Final = (
    "Keys are not accepted as arguments, because other users can read them: set "
    f"{TRIPWIRE.secret_key_variable}, or use --secret-key-file FILE."
)
_WIDEST: Final = 100
"""Width of the help on a wide terminal."""


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


class Argument:
    """Argument of a command, for the manual and for completion.

    Attributes:
        section: The title of its section in the help.
        options: The names of an option; empty for a positional argument.
        metavar: The name of the value; empty for an option without a value.
        help: The text of the help.
        values: The values from which one must be chosen; empty if any value is possible.
    """

    def __init__(self, section: str, action: argparse.Action) -> None:
        self.section = section
        self.options = tuple(action.option_strings)
        has_value = action.nargs != 0
        self.help = (action.help or "") % vars(action)
        known: Callable[[], Sequence[str]] = getattr(action.type, "known", tuple)
        self.values = tuple(action.choices or known())
        default = "{" + ",".join(action.choices) + "}" if action.choices else action.dest.upper()
        self.metavar = str(action.metavar or default) if has_value else ""
        self.is_repeated = action.nargs == "*"


class _Formatter(argparse.HelpFormatter):
    """Formatter of a help that is not too wide to read, without a line that only says COMMAND."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=help_width())

    def _format_action(self, action: argparse.Action) -> str:
        text = super()._format_action(action)
        return text.partition("\n")[2] if action.nargs == argparse.PARSER else text


class Parser(argparse.ArgumentParser):
    """Parser without abbreviated options that suggests similar names and raises `UsageError`.

    An abbreviation is dangerous here: ``--secret-key sk_live_…`` would be ``--secret-key-file`` with the key as the
    name of a file, which the error message prints.

    Args:
        build: Adds the arguments when the parser is first used, so that a command does not wait for all the others.
        sections: Lists of names with their meaning to print at the end of the help, by their titles.
        options: Options of `argparse.ArgumentParser`.
    """

    def __init__(
        self,
        *,
        build: Callable[[Parser], None] | None = None,
        sections: Mapping[str, Mapping[str, str]] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_Formatter, **options)
        self._build = build
        self._commands: Mapping[str, Parser] = {}
        self._sections = sections or {}
        # The parser of the innermost command is the one that applies.
        self.set_defaults(parser=self)

    @property
    def commands(self) -> Mapping[str, Parser]:
        """The parsers of the commands by name; empty if this is the parser of a command."""
        self._complete()
        return self._commands

    def add_commands(self) -> Commands:
        """Return the collection to which the commands of this parser are added."""
        commands = self.add_subparsers(title="commands", metavar="COMMAND", prog=self.prog)
        self._commands = commands.choices
        return commands

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Return the parsed *arguments*; raise `UsageError` if they are invalid."""
        self._reject_keys(arguments)
        parsed: argparse.Namespace
        parsed, unknown = self.parse_known_args(arguments)
        if unknown:
            parsed.parser.reject(unknown)
        return parsed

    def parse_known_args(  # pyright: ignore[reportIncompatibleMethodOverride] - typeshed declares it with overloads
        self, args: Any = None, namespace: Any = None
    ) -> Any:
        """Return the parsed arguments and the unknown ones, see `argparse.ArgumentParser.parse_known_args`."""
        self._complete()
        try:
            return super().parse_known_args(args, namespace)
        except UsageError:
            # The value of a misspelled option is taken for an argument: the option is the mistake to name.
            unknown = [word for word in _options(args) if word not in self._option_string_actions]
            if unknown and not self._commands:
                self.reject(unknown)
            raise

    def format_help(self) -> str:
        """Return the help."""
        self._complete()
        return super().format_help() + "".join(_list(title, names) for title, names in self._sections.items())

    def arguments(self) -> Iterator[Argument]:
        """Yield the arguments of this command, in the order of the help."""
        self._complete()
        for group in self._action_groups:
            for action in group._group_actions:  # pyright: ignore[reportPrivateUsage] - argparse has no public name for it
                if action.nargs != argparse.PARSER:
                    yield Argument(group.title or "", action)

    def reject(self, unknown: Sequence[str]) -> NoReturn:
        """Raise `UsageError` for the *unknown* arguments of this command."""
        first = unknown[0].partition("=")[0]
        if first in _KEY_OPTIONS:
            self.error(f'unknown argument "{first}". {_KEY_ADVICE}')
        if first.startswith("-"):
            self.error(f'unknown option "{first}"{suggestion(first, self._option_string_actions)}')
        self.error(f'unexpected argument "{first}"')

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError` with the *message* of argparse, in our words."""
        message = message.removeprefix("argument ").replace("the following arguments are required:", "missing")
        raise UsageError(message, f"{self.prog} --help")

    def _complete(self) -> None:
        if self._build is not None:
            build, self._build = self._build, None
            build(self)

    def _reject_keys(self, arguments: Sequence[str]) -> None:
        """Raise `UsageError` if one of the *arguments* contains a key, which a later message might print."""
        option = ""
        for argument in arguments:
            # The test server accepts the key that it is to use, which opens nothing else.
            of_server = "serve" in arguments and "--secret-key" in {option, argument.partition("=")[0]}
            if looks_like_key(argument) and not of_server and not os.path.exists(argument):
                self.error(f"one of the arguments is a key. {_KEY_ADVICE}")
            option = argument

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        # argparse lists all choices and suggests none.
        if action.choices is None or value in action.choices:
            return
        if action.choices is self._commands:
            self.error(f'unknown command "{value}"{suggestion(value, action.choices)}')
        raise argparse.ArgumentError(action, unknown_value(value, action.choices))


def unknown_value(value: str, known: Iterable[str]) -> str:
    """Return the message for a *value* that is not one of the *known* ones."""
    return f'unknown value "{value}"{suggestion(value, known) or "."} Choose from: {", ".join(known)}'


def suggestion(text: str, known: Iterable[str]) -> str:
    """Return a question that names the most similar of the *known* words, or nothing."""
    words = list(known)
    matches = difflib.get_close_matches(text, words, n=1) or [word for word in words if text and word.startswith(text)]
    return f'. Did you mean "{matches[0]}"?' if matches else ""


def _options(arguments: Sequence[str]) -> list[str]:
    """Return the names of the long options in *arguments*."""
    before = itertools.takewhile(lambda word: word != "--", arguments)
    return [word.partition("=")[0] for word in before if word.startswith("--")]


def looks_like_key(text: str) -> bool:
    """Return whether *text* contains what begins like a key."""
    return _KEY.search(text) is not None


def help_width() -> int:
    """Return the width of the help on this terminal."""
    return min(shutil.get_terminal_size().columns, _WIDEST) - 2


def _list(title: str, entries: Mapping[str, str]) -> str:
    """Return *entries* under *title*, aligned like the arguments in a help."""
    indent = min(max(map(len, entries)) + 4, 28)
    lines = [
        line
        for name, meaning in entries.items()
        for line in textwrap.wrap(
            meaning,
            max(help_width(), 40),
            initial_indent=f"  {name}".ljust(indent - 2) + "  ",
            subsequent_indent=" " * indent,
            break_on_hyphens=False,
        )
    ]
    return "\n".join(["", f"{title}:", *lines, ""])
