"""``version``: the version of the program and of its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import set_command

if TYPE_CHECKING:
    import argparse

    from tripwire_async.cli.output import Output
    from tripwire_async.cli.parser import Parser


def build(parser: Parser) -> None:
    """Add the arguments of the command."""
    set_command(parser, print_version)


async def print_version(_: argparse.Namespace, output: Output) -> int:
    """Print the versions that a bug report needs."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from tripwire_async import __version__

    versions = {"tripwire-async": __version__, "Python": platform.python_version()}
    for package in ("aiohttp", "attrs", "msgspec", "cryptography", "redis", "rich"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    output.emit({"data": versions})
    for name, text in versions.items():
        output.line(f"{name} {text}")
    return ExitCode.OK
