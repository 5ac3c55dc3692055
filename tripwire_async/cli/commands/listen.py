"""``listen``: a webhook endpoint on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.cli.argument_types import http_url, whole_number
from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import read_signing_secrets, set_command

if TYPE_CHECKING:
    import argparse

    from tripwire_async.cli.output import Output
    from tripwire_async.cli.parser import Parser


def build(parser: Parser) -> None:
    """Add the arguments of the command."""
    set_command(parser, run_listener)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    parser.add_argument("--port", type=whole_number(0, 65535), default=8080, help="0 for a free one (%(default)s)")
    parser.add_argument(
        "--forward", type=http_url, metavar="URL", help="post verified webhooks to this URL, and return its response"
    )
    parser.add_argument(
        "--signing-secret-file",
        metavar="FILE",
        help="file with the signing secret, or several, - for stdin; default: the environment",
    )


async def run_listener(arguments: argparse.Namespace, output: Output) -> int:
    """Receive webhooks until SIGINT or SIGTERM."""
    import contextlib

    import aiohttp

    from tripwire_async.cli.listener import Listener
    from tripwire_async.cli.signals import stop_signal
    from tripwire_async.cli.tables import os_error_text
    from tripwire_async.errors import ConfigurationError
    from tripwire_async.receiver.aiohttp_web import listen

    secrets = read_signing_secrets(arguments.signing_secret_file)
    stopped = stop_signal()
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(total=30))
        )
        listener = Listener(secrets, output, session, arguments.forward, stopped)
        try:
            port = await stack.enter_async_context(listen(listener.respond, host=arguments.host, port=arguments.port))
        except OSError as error:
            msg = f"cannot listen on {arguments.host} port {arguments.port}: {os_error_text(error)}"
            raise ConfigurationError(msg) from error
        host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
        output.line(f"Listening on http://{host}:{port} until Ctrl-C.")
        await stopped
    return ExitCode.OK
