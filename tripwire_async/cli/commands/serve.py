"""``serve``: the test server, until it is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import add_command
from tripwire_async.profiles import PROFILES, TRIPWIRE

if TYPE_CHECKING:
    import argparse

    from tripwire_async.cli.options import Commands
    from tripwire_async.cli.output import Output
    from tripwire_async.testing import TripwireServer


def register(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "serve", serve, "Run the test server of the API on this machine, with three endpoints to try."
    )
    parser.add_argument(
        "--profile", choices=sorted(PROFILES), default=TRIPWIRE.name, help="the name of the service (%(default)s)"
    )
    parser.add_argument("--port", type=int, default=0, help="by default one that is free")
    parser.add_argument("--limit", type=int, default=600, metavar="N", help="requests a key in a window (%(default)s)")
    parser.add_argument("--window", type=float, default=60.0, metavar="SECONDS", help="of the limit (%(default)g)")


async def serve(arguments: argparse.Namespace, output: Output) -> int:
    """Say where the server is and what opens it, then run it until SIGINT or SIGTERM."""
    import os

    from tripwire_async.cli.demo_receiver import demo_receivers
    from tripwire_async.cli.signals import stop_event
    from tripwire_async.errors import ConfigurationError
    from tripwire_async.testing import TripwireServer

    if not (arguments.limit > 0 and arguments.window > 0 and 0 <= arguments.port < 65536):
        msg = "--limit and --window must be above zero, and --port from 0 to 65535"
        raise ConfigurationError(msg)
    stopped = stop_event()
    server = TripwireServer(
        profile=PROFILES[arguments.profile], port=arguments.port, limit=arguments.limit, window=arguments.window
    )
    try:
        await server.start()
    except OSError as error:
        await server.aclose()
        msg = f"cannot listen on port {arguments.port}: {os.strerror(error.errno or 0)}"
        raise ConfigurationError(msg) from error
    try:
        async with demo_receivers(server):
            _print_settings(server, output)
            await stopped.wait()
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
