"""``serve``: the test server of the API."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tripwire_async.cli.argument_types import duration, whole_number
from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import set_command
from tripwire_async.profiles import PROFILES, TRIPWIRE

if TYPE_CHECKING:
    from tripwire_async.cli.output import Output
    from tripwire_async.cli.parser import Parser
    from tripwire_async.testing import TripwireServer


def build(parser: Parser) -> None:
    """Add the arguments of the command."""
    set_command(parser, serve)
    parser.add_argument(
        "--profile",
        choices=sorted(PROFILES),
        default=argparse.SUPPRESS,
        help=f"the name of the service ({TRIPWIRE.name})",
    )
    parser.add_argument("--port", type=whole_number(0, 65535), default=0, help="by default a free one")
    parser.add_argument(
        "--limit", type=whole_number(1), default=600, metavar="N", help="requests per key and window (%(default)s)"
    )
    parser.add_argument(
        "--window", type=duration, default=60.0, metavar="DURATION", help="window of the limit (%(default)gs)"
    )


async def serve(arguments: argparse.Namespace, output: Output) -> int:
    """Print the settings of the server, then run it until SIGINT or SIGTERM."""
    from tripwire_async.cli.demo_receiver import demo_receivers
    from tripwire_async.cli.signals import stop_signal
    from tripwire_async.cli.tables import os_error_text
    from tripwire_async.errors import ConfigurationError
    from tripwire_async.testing import TripwireServer

    stopped = stop_signal()
    server = TripwireServer(
        profile=PROFILES[arguments.profile or TRIPWIRE.name],
        port=arguments.port,
        limit=arguments.limit,
        window=arguments.window,
    )
    try:
        await server.start()
    except OSError as error:
        await server.aclose()
        msg = f"cannot listen on port {arguments.port}: {os_error_text(error)}"
        raise ConfigurationError(msg) from error
    try:
        async with demo_receivers(server):
            _print_settings(server, output)
            await stopped
    finally:
        await server.aclose()
    return ExitCode.OK


def _print_settings(server: TripwireServer, output: Output) -> None:
    output.emit(
        {"base_url": server.base_url, "secret_key": server.secret_key, "organization_id": server.organization_id}
    )
    output.line("# The test server runs until Ctrl-C. For another terminal:")
    profile = server.profile
    output.line(f"export {profile.base_url_variable}={server.base_url}")
    output.line(f"export {profile.secret_key_variable}={server.secret_key}")
    output.line(f"export {profile.organization_variable}={server.organization_id}")
