"""The options that several commands take, and what makes a client of them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable
    from typing import Protocol, TypeAlias

    from tripwire_async import AsyncTripwire

    from ._screen import Screen

    Command: TypeAlias = Callable[[argparse.Namespace, Screen], Awaitable[int]]

    class Commands(Protocol):
        """What `argparse.ArgumentParser.add_subparsers` returns."""

        def add_parser(
            self,
            name: str,
            *,
            help: str,  # noqa: A002 - argparse's own word
            description: str,
        ) -> argparse.ArgumentParser: ...


def add_command(commands: Commands, name: str, command: Command, about: str) -> argparse.ArgumentParser:
    """Add a command with the options that each has; *about* is its sentence in the help."""
    parser = commands.add_parser(name, help=_in_a_list(about), description=about)
    parser.set_defaults(command=command)
    output = parser.add_argument_group("output")
    output.add_argument("--json", action="store_true", help="print one JSON document, fields named as in the API")
    output.add_argument("-v", "--verbose", action="store_true", help="show the library's log on stderr")
    return parser


def add_group(commands: Commands, name: str, about: str) -> Commands:
    """Add a group of commands; *about* is its sentence in the help."""
    parser = commands.add_parser(name, help=_in_a_list(about), description=about)
    return parser.add_subparsers(title="commands", metavar="COMMAND", required=True)


def _in_a_list(about: str) -> str:
    return about[0].lower() + about[1:].rstrip(".")


def add_connection(parser: argparse.ArgumentParser, *, organization: bool = True) -> None:
    """Add to *parser* the options that say how the API is reached."""
    options = parser.add_argument_group("connection")
    if organization:
        options.add_argument("--organization", metavar="ID", help="default: TRIPWIRE_ORGANIZATION")
    options.add_argument(
        "--secret-key-file", metavar="FILE", help="holds the secret key, - for stdin; default: TRIPWIRE_SECRET_KEY"
    )
    options.add_argument("--base-url", metavar="URL", help="default: TRIPWIRE_BASE_URL, or the service's own")
    options.add_argument(
        "--attempt-timeout", type=float, default=30.0, metavar="SECONDS", help="for one attempt (%(default)g)"
    )
    options.add_argument(
        "--deadline", type=float, default=300.0, metavar="SECONDS", help="for one call, retries included (%(default)g)"
    )


def connect(arguments: argparse.Namespace) -> AsyncTripwire:
    """Return a client as *arguments* and the environment say; raise `ConfigurationError` without a key."""
    from tripwire_async import AsyncTripwire

    return AsyncTripwire(
        _secret_key(arguments.secret_key_file),
        base_url=arguments.base_url,
        timeout=arguments.attempt_timeout,
        deadline=arguments.deadline,
    )


def organization_of(arguments: argparse.Namespace) -> str:
    """Return the organization that *arguments* or the environment name, or raise `ConfigurationError`."""
    from tripwire_async.errors import ConfigurationError

    organization: str = arguments.organization or os.environ.get("TRIPWIRE_ORGANIZATION", "")
    if not organization:
        msg = "no organization: pass --organization org_…, or set TRIPWIRE_ORGANIZATION"
        raise ConfigurationError(msg)
    return organization


def _secret_key(file: str | None) -> str:
    from pathlib import Path

    from tripwire_async.errors import ConfigurationError

    if file is None:
        key = os.environ.get("TRIPWIRE_SECRET_KEY", "")
        if not key:
            msg = "no secret key: set TRIPWIRE_SECRET_KEY, or name a file that holds it with --secret-key-file"
            raise ConfigurationError(msg)
        return key
    try:
        key = (sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")).strip()
    except (OSError, UnicodeDecodeError) as error:
        trouble = error.strerror if isinstance(error, OSError) else "it is not text"
        msg = f"--secret-key-file {file}: {trouble}"
        raise ConfigurationError(msg) from None
    if not key:
        msg = f"--secret-key-file {file}: it is empty"
        raise ConfigurationError(msg)
    return key
