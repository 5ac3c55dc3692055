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

    from .output import Output

    Command: TypeAlias = Callable[[argparse.Namespace, Output], Awaitable[int]]

    class Commands(Protocol):
        """What `argparse.ArgumentParser.add_subparsers` returns."""

        def add_parser(
            self,
            name: str,
            *,
            help: str,  # noqa: A002 - argparse's own word
            description: str,
        ) -> argparse.ArgumentParser:
            """Add a command."""
            ...


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


def add_connection_options(parser: argparse.ArgumentParser, *, organization: bool = True) -> None:
    """Add to *parser* the options that say how the API is reached."""
    add_secret_key_option(parser)
    options = parser.add_argument_group("connection")
    if organization:
        options.add_argument("--organization", metavar="ID", help="default: TRIPWIRE_ORGANIZATION")
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
        read_secret_key(arguments.secret_key_file),
        base_url=arguments.base_url,
        timeout=arguments.attempt_timeout,
        deadline=arguments.deadline,
    )


def organization_id(arguments: argparse.Namespace) -> str:
    """Return the organization that *arguments* or the environment name, or raise `ConfigurationError`."""
    from tripwire_async.errors import ConfigurationError

    organization: str = arguments.organization or os.environ.get("TRIPWIRE_ORGANIZATION", "")
    if not organization:
        msg = "no organization: pass --organization ID, or set TRIPWIRE_ORGANIZATION"
        raise ConfigurationError(msg)
    return organization


def add_secret_key_option(parser: argparse.ArgumentParser) -> None:
    """Add to *parser* the option that says where the secret key comes from."""
    parser.add_argument(
        "--secret-key-file", metavar="FILE", help="holds the secret key, - for stdin; default: TRIPWIRE_SECRET_KEY"
    )


def add_page_options(parser: argparse.ArgumentParser) -> None:
    """Add to *parser* the options that say which part of a list is wanted."""
    parser.add_argument("--limit", type=int, metavar="N", help="from 1 to 200; the service's own choice is 50")
    parser.add_argument("--cursor", metavar="CURSOR", help="where to begin, as an earlier page told")


def read_secret_key(file: str | None) -> str:
    """Return what *file*, or else ``TRIPWIRE_SECRET_KEY``, holds; raise `ConfigurationError` if that is nothing."""
    return _secret(file, "TRIPWIRE_SECRET_KEY", "secret key", "--secret-key-file")


def read_signing_secrets(file: str | None) -> list[str]:
    """Return the signing secrets, parted by white space, in *file* or else in ``TRIPWIRE_SIGNING_SECRET``."""
    return _secret(file, "TRIPWIRE_SIGNING_SECRET", "signing secret", "--signing-secret-file").split()


def _secret(file: str | None, variable: str, what: str, option: str) -> str:
    from pathlib import Path

    from tripwire_async.errors import ConfigurationError

    if file is None:
        text = os.environ.get(variable, "").strip()
        if not text:
            msg = f"no {what}: set {variable}, or name a file that holds it with {option}"
            raise ConfigurationError(msg)
        return text
    try:
        text = (sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        msg = f"{option} {file}: {reason}"
        raise ConfigurationError(msg) from None
    if not text:
        msg = f"{option} {file}: it is empty"
        raise ConfigurationError(msg)
    return text
