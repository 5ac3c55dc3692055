"""The options that several commands take, and what makes a client of them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tripwire_async.profiles import PROFILES, missing_key_advice, select_profile

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable
    from typing import Protocol, TypeAlias

    from tripwire_async import AsyncTripwire, Profile

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
    options.add_argument(
        "--profile", choices=sorted(PROFILES), help="the name of the service; by default the environment decides"
    )
    if organization:
        options.add_argument("--organization", metavar="ID", help=f"default: {_variables('organization_variable')}")
    options.add_argument(
        "--base-url", metavar="URL", help=f"default: {_variables('base_url_variable')}, or the service's own"
    )
    options.add_argument(
        "--attempt-timeout", type=float, default=30.0, metavar="SECONDS", help="for one attempt (%(default)g)"
    )
    options.add_argument(
        "--deadline", type=float, default=300.0, metavar="SECONDS", help="for one call, retries included (%(default)g)"
    )


def connect(arguments: argparse.Namespace) -> AsyncTripwire:
    """Return a client as *arguments* and the environment say; raise `ConfigurationError` without a key."""
    from tripwire_async import AsyncTripwire

    profile = profile_of(arguments)
    return AsyncTripwire(
        read_secret_key(arguments.secret_key_file, profile),
        profile=profile,
        base_url=arguments.base_url,
        timeout=arguments.attempt_timeout,
        deadline=arguments.deadline,
    )


def profile_of(arguments: argparse.Namespace) -> Profile:
    """Return the profile that *arguments* and the environment select."""
    if arguments.profile is not None:
        return PROFILES[arguments.profile]
    return select_profile(base_url=arguments.base_url, has_key=arguments.secret_key_file is not None)


def organization_id(arguments: argparse.Namespace) -> str:
    """Return the organization that *arguments* or the environment name, or raise `ConfigurationError`."""
    from tripwire_async.errors import ConfigurationError

    variable = profile_of(arguments).organization_variable
    organization: str = arguments.organization or os.environ.get(variable, "")
    if not organization:
        msg = f"no organization: pass --organization ID, or set {variable}"
        raise ConfigurationError(msg)
    return organization


def add_secret_key_option(parser: argparse.ArgumentParser) -> None:
    """Add to *parser* the option that says where the secret key comes from."""
    parser.add_argument(
        "--secret-key-file",
        metavar="FILE",
        help=f"holds the secret key, - for stdin; default: {_variables('secret_key_variable')}",
    )


def add_page_options(parser: argparse.ArgumentParser) -> None:
    """Add to *parser* the options that say which part of a list is wanted."""
    parser.add_argument("--limit", type=int, metavar="N", help="from 1 to 200; the service's own choice is 50")
    parser.add_argument("--cursor", metavar="CURSOR", help="where to begin, as an earlier page told")


def read_secret_key(file: str | None, profile: Profile) -> str:
    """Return the secret key in *file*, or in the variable of *profile*; raise `ConfigurationError` without one."""
    if file is None and not os.environ.get(profile.secret_key_variable, "").strip():
        from tripwire_async.errors import ConfigurationError

        advice = missing_key_advice(profile, argument="name a file that holds it with --secret-key-file")
        msg = f"no secret key: {advice}"
        raise ConfigurationError(msg)
    return _secret(file, (profile.secret_key_variable,), "secret key", "--secret-key-file")


def read_secret_keys(file: str | None) -> list[str]:
    """Return the secret key in *file*, or those in the variables of both profiles."""
    variables = tuple(profile.secret_key_variable for profile in PROFILES.values())
    return _secret(file, variables, "secret key", "--secret-key-file").split()


def read_signing_secrets(file: str | None) -> list[str]:
    """Return the signing secrets, separated by white space, in *file* or in the variables of both profiles."""
    variables = tuple(profile.signing_secret_variable for profile in PROFILES.values())
    return _secret(file, variables, "signing secret", "--signing-secret-file").split()


def _secret(file: str | None, variables: tuple[str, ...], what: str, option: str) -> str:
    from pathlib import Path

    from tripwire_async.errors import ConfigurationError

    if file is None:
        text = " ".join(os.environ.get(variable, "") for variable in variables).strip()
        if not text:
            msg = f"no {what}: set {' or '.join(variables)}, or name a file that holds it with {option}"
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


def _variables(attribute: str) -> str:
    """Return the names of an environment variable under both profiles, for help texts."""
    return " or ".join(getattr(profile, attribute) for profile in PROFILES.values())
