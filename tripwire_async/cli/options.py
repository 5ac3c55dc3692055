"""Options shared by several commands, and the client that they describe."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Final

from tripwire_async.profiles import PROFILES, missing_key_advice, select_base_url, select_profile

from .argument_types import duration, resource_id, whole_number

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from tripwire_async import AsyncTripwire, Profile

    from .output import Output
    from .parser import Commands, Parser

    Command: TypeAlias = Callable[[argparse.Namespace, Output], Awaitable[int]]


LARGEST_PAGE: Final = 200
"""Largest number of items on a page of the API."""

ATTEMPT_TIMEOUT: Final = 30.0
"""Default limit for one attempt, in seconds."""

DEADLINE: Final = 300.0
"""Default limit for one call, in seconds."""


def set_command(parser: Parser, command: Command) -> None:
    """Have *parser* run *command*, and add the options that every command has."""
    parser.set_defaults(command=command)
    add_output_options(parser)


def add_command(commands: Commands, name: str, command: Command, about: str) -> Parser:
    """Add a command to a group; *about* is its sentence in the help."""
    parser = commands.add_parser(name, help=list_entry(about), description=about)
    set_command(parser, command)
    return parser


def add_group(parser: Parser) -> Commands:
    """Make *parser* a group, and return the collection of its commands."""
    group = parser.add_commands()
    parser.usage = f"{parser.prog} [OPTION ...] COMMAND ..."
    add_output_options(parser)
    add_connection_options(parser)
    return group


def add_output_options(parser: argparse.ArgumentParser, *, default: bool | str = argparse.SUPPRESS) -> None:
    """Add the options of the output, which may precede or follow the command.

    The parser of a command has no *default*, because it would replace an option that precedes the command.
    """
    options = parser.add_argument_group("output")
    options.add_argument(
        "--json", action="store_true", default=default, help="print one JSON document, with the field names of the API"
    )
    options.add_argument(
        "-v", "--verbose", action="store_true", default=default, help="print the log of the library on stderr"
    )


def list_entry(about: str) -> str:
    """Return the sentence *about* a command as an entry of a list."""
    return about[0].lower() + about[1:].rstrip(".")


def add_connection_options(
    parser: argparse.ArgumentParser,
    *,
    organization: bool = True,
    api: bool = True,
    default: str | None = argparse.SUPPRESS,
) -> None:
    """Add the options for the connection to the API, which may precede or follow the command.

    Without *api*, only the option of the secret key is added. The parser of a command has no *default*, because it
    would replace an option that precedes the command.
    """
    options = parser.add_argument_group("connection")
    options.add_argument(
        "--secret-key-file",
        metavar="FILE",
        default=default,
        help=f"file that contains the secret key, - for stdin; default: {_variables('secret_key_variable')}",
    )
    if not api:
        return
    options.add_argument(
        "--profile",
        choices=sorted(PROFILES),
        default=default,
        help="the name of the service; by default the environment decides",
    )
    if organization:
        options.add_argument(
            "--organization",
            type=resource_id("org_"),
            metavar="ID",
            default=default,
            help=f"the organization, org_…; default: {_variables('organization_variable')}",
        )
    options.add_argument(
        "--base-url",
        metavar="URL",
        default=default,
        help=f"the URL of the API; default: {_variables('base_url_variable')}, or the service's own",
    )
    options.add_argument(
        "--attempt-timeout",
        type=duration,
        metavar="DURATION",
        default=default,
        help=f"limit for one attempt, such as 30s or 5m ({ATTEMPT_TIMEOUT:g}s)",
    )
    options.add_argument(
        "--deadline",
        type=duration,
        metavar="DURATION",
        default=default,
        help=f"limit for one call with its retries and waits ({DEADLINE:g}s)",
    )


def base_url(arguments: argparse.Namespace) -> str:
    """Return the URL of the API in *arguments* or the environment, or the service's own."""
    return arguments.base_url or select_base_url(profile_of(arguments))


def base_url_source(arguments: argparse.Namespace) -> str:
    """Return the option or the environment variable that the URL of the API comes from, the option by default."""
    variable = profile_of(arguments).base_url_variable
    return variable if arguments.base_url is None and os.environ.get(variable) else "--base-url"


def connect(arguments: argparse.Namespace) -> AsyncTripwire:
    """Return a client for *arguments* and the environment; raise `ConfigurationError` without a key."""
    from tripwire_async import AsyncTripwire
    from tripwire_async.errors import ConfigurationError

    profile = profile_of(arguments)
    try:
        return AsyncTripwire(
            read_secret_key(arguments.secret_key_file, profile),
            profile=profile,
            base_url=arguments.base_url,
            timeout=arguments.attempt_timeout or ATTEMPT_TIMEOUT,
            deadline=arguments.deadline or DEADLINE,
            trust_env=True,
        )
    except ConfigurationError as error:
        # The library names its own argument.
        message = str(error).replace("pass base_url=, or select profile=", "or pass --base-url or --profile ")
        raise ConfigurationError(message.replace("base_url", base_url_source(arguments), 1)) from None


def profile_of(arguments: argparse.Namespace) -> Profile:
    """Return the profile that *arguments* and the environment select."""
    if arguments.profile is not None:
        return PROFILES[arguments.profile]
    return select_profile(base_url=arguments.base_url, has_key=arguments.secret_key_file is not None)


def organization_id(arguments: argparse.Namespace) -> str:
    """Return the organization in *arguments* or the environment; raise `ConfigurationError` without one."""
    from tripwire_async.errors import ConfigurationError

    if arguments.organization:
        organization: str = arguments.organization
        return organization
    variable = profile_of(arguments).organization_variable
    text = os.environ.get(variable, "")
    if not text:
        msg = f"no organization: pass --organization ID, or set {variable}"
        raise ConfigurationError(msg)
    try:
        return resource_id("org_")(text)
    except argparse.ArgumentTypeError as error:
        msg = f"{variable}: {error}"
        raise ConfigurationError(msg) from None


def add_page_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a list with pages."""
    add_list_options(parser, "number of items: from 1 to 200, by default 50; with --all any number")
    parser.add_argument("--cursor", metavar="CURSOR", help="start of the page, as printed below an earlier page")


def add_list_options(parser: argparse.ArgumentParser, limit: str, *, maximum: int | None = None) -> None:
    """Add the options that every list has; *limit* is the help of ``--limit``, and *maximum* its largest value."""
    parser.add_argument("--limit", type=whole_number(1, maximum), metavar="N", help=limit)
    parser.add_argument("--all", action="store_true", help="read every page, or pages up to --limit")
    parser.add_argument("--jsonl", action="store_true", help="print one JSON document per item and line")


def read_secret_key(file: str | None, profile: Profile) -> str:
    """Return the secret key in *file*, or in the variable of *profile*; raise `ConfigurationError` without one."""
    if file is None and not os.environ.get(profile.secret_key_variable, "").strip():
        from tripwire_async.errors import ConfigurationError

        advice = missing_key_advice(profile, argument="pass --secret-key-file with a file that contains it")
        msg = f"no secret key: {advice}"
        raise ConfigurationError(msg)
    return _read_secret(file, (profile.secret_key_variable,), "secret key", "--secret-key-file")


def read_secret_keys(file: str | None) -> list[str]:
    """Return the secret key in *file*, or the keys in the variables of both profiles."""
    variables = tuple(profile.secret_key_variable for profile in PROFILES.values())
    return _read_secret(file, variables, "secret key", "--secret-key-file").split()


def read_signing_secrets(file: str | None) -> list[str]:
    """Return the signing secrets, separated by white space, in *file* or in the variables of both profiles."""
    variables = tuple(profile.signing_secret_variable for profile in PROFILES.values())
    return _read_secret(file, variables, "signing secret", "--signing-secret-file").split()


def read_text(file: str, option: str) -> str:
    """Return the text in *file*, or on stdin for ``-``; raise `ConfigurationError` that names *option*."""
    from pathlib import Path

    from tripwire_async.errors import ConfigurationError

    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the file is not text"
        msg = f"{option} {file}: {reason}"
        raise ConfigurationError(msg) from None


def _read_secret(file: str | None, variables: tuple[str, ...], name: str, option: str) -> str:
    from tripwire_async.errors import ConfigurationError

    if file is None:
        text = " ".join(os.environ.get(variable, "") for variable in variables).strip()
        if not text:
            msg = f"no {name}: set {' or '.join(variables)}, or pass {option} with a file that contains it"
            raise ConfigurationError(msg)
        return text
    text = read_text(file, option).strip()
    if not text:
        msg = f"{option} {file}: the file is empty"
        raise ConfigurationError(msg)
    return text


def _variables(attribute: str) -> str:
    """Return the names of an environment variable in both profiles, for help texts."""
    return " or ".join(getattr(profile, attribute) for profile in PROFILES.values())
