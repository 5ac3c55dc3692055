"""``listen``: an endpoint on this machine that shows what it receives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import add_command, read_signing_secrets

if TYPE_CHECKING:
    import argparse

    from tripwire_async.cli.options import Commands
    from tripwire_async.cli.output import Output


def register(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "listen", run_listener, "Receive webhooks, verify and print each, and optionally forward it."
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="0 for one that is free (%(default)s)")
    parser.add_argument("--forward", metavar="URL", help="post what was verified there too, and answer as it does")
    parser.add_argument(
        "--signing-secret-file",
        metavar="FILE",
        help="holds the endpoint's signing secret, or several, - for stdin; default: the environment",
    )


async def run_listener(arguments: argparse.Namespace, output: Output) -> int:
    """Receive until SIGINT or SIGTERM."""
    import os

    import aiohttp

    from tripwire_async.cli.listener import Listener
    from tripwire_async.cli.signals import stop_event
    from tripwire_async.errors import ConfigurationError
    from tripwire_async.receiver.aiohttp_web import listen

    secrets = read_signing_secrets(arguments.signing_secret_file)
    if arguments.forward is not None and not arguments.forward.startswith(("http://", "https://")):
        msg = f"--forward {arguments.forward!r} must begin with http:// or https://"
        raise ConfigurationError(msg)
    stopped = stop_event()
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(total=30)
    ) as session:
        listener = Listener(secrets, output, session, arguments.forward)
        try:
            async with listen(listener.respond, host=arguments.host, port=arguments.port) as port:
                output.line(f"Listening on http://{arguments.host}:{port} until Ctrl-C.")
                await stopped.wait()
        except OSError as error:
            msg = f"cannot listen on {arguments.host} port {arguments.port}: {os.strerror(error.errno or 0)}"
            raise ConfigurationError(msg) from error
    return ExitCode.OK
