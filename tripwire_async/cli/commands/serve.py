"""``serve``: the test server of the API."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Final

from tripwire_async.cli.argument_types import duration, resource_id, whole_number
from tripwire_async.cli.exit_codes import ExitCode
from tripwire_async.cli.options import set_command
from tripwire_async.profiles import PROFILES, TRIPWIRE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from tripwire_async.cli.output import Output
    from tripwire_async.cli.parser import Parser
    from tripwire_async.testing import TripwireServer

_DISCARD_URL: Final = "http://127.0.0.1:9/"
"""URL of the discard service: nothing listens there."""

_ORGANIZATION_ID: Final = re.compile(r"org_[0-9a-hjkmnp-tv-z]{26}")


def build(parser: Parser) -> None:
    """Add the arguments of the command."""
    set_command(parser, serve)
    parser.set_defaults(uses_uvloop=True)
    parser.add_argument(
        "--profile",
        choices=sorted(PROFILES),
        default=argparse.SUPPRESS,
        help=f"the name of the service ({TRIPWIRE.name})",
    )
    parser.add_argument("--port", type=whole_number(0, 65535), default=0, help="by default a free one")
    parser.add_argument(
        "--secret-key", type=_secret_key, metavar="KEY", help="key of the server, sk_test_…; random by default"
    )
    parser.add_argument(
        "--organization-id",
        type=resource_id("org_"),
        metavar="ID",
        help="organization of the server, org_…; random by default",
    )
    parser.add_argument(
        "--limit", type=whole_number(1), default=600, metavar="N", help="requests per key and window (%(default)s)"
    )
    parser.add_argument(
        "--window", type=duration, default=60.0, metavar="DURATION", help="window of the limit (%(default)gs)"
    )
    parser.add_argument(
        "--endpoints",
        type=whole_number(0),
        metavar="N",
        help="create N endpoints at a port on which nothing listens, in place of the three receivers",
    )
    parser.add_argument(
        "--settle", action="store_true", help="have every delivery succeed at once, without posting it to its endpoint"
    )
    parser.add_argument(
        "--record-limit",
        type=whole_number(0),
        default=1000,
        metavar="N",
        help="number of requests to keep in memory (%(default)s)",
    )
    parser.add_argument(
        "--scenario",
        choices=("flapping", "lost_responses", "outage", "slow", "throttled"),
        help="start with a pattern of faults",
    )
    parser.add_argument(
        "--manual-clock", action="store_true", help="a clock that moves only when it is advanced on the page"
    )
    parser.add_argument("--state", metavar="FILE", help="continue from this file if it exists, and write it at the end")
    parser.add_argument(
        "--record", metavar="URL", help="forward requests to the API at this URL instead, and record the exchanges"
    )
    parser.add_argument(
        "--record-to", metavar="FILE", default="exchanges.jsonl", help="file of the exchanges (%(default)s)"
    )
    parser.add_argument(
        "--counters", action="store_true", help="print the counters of the server in one line of JSON at the end"
    )


def _secret_key(text: str) -> str:
    if not re.fullmatch(r"sk_\w+", text, re.ASCII):
        msg = "a secret key begins with sk_test_ or sk_live_, followed by letters and digits"
        raise argparse.ArgumentTypeError(msg)
    return text


async def serve(arguments: argparse.Namespace, output: Output) -> int:
    """Print the settings of the server, then run it until SIGINT or SIGTERM."""
    import contextlib

    from tripwire_async.cli.demo_receiver import demo_receivers
    from tripwire_async.cli.signals import stop_signal
    from tripwire_async.cli.tables import os_error_text
    from tripwire_async.errors import ConfigurationError
    from tripwire_async.testing import DeliveryOutcome

    stopped = stop_signal()
    if arguments.record is not None:
        await _record(arguments, output, stopped)
        return ExitCode.OK
    server, is_new = _make_server(arguments)
    if arguments.scenario is not None:
        server.scenario(arguments.scenario)
    if arguments.settle:
        server.set_outcome(DeliveryOutcome("succeeded", response_status=200))
    try:
        await server.start()
    except OSError as error:
        await server.aclose()
        msg = f"cannot listen on port {arguments.port}: {os_error_text(error)}"
        raise ConfigurationError(msg) from error
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(server.aclose)
        if arguments.state is not None:
            stack.callback(server.save, arguments.state)
        if arguments.counters:
            stack.callback(lambda: output.json_line(_counters(server)))
        if not is_new and arguments.endpoints is None:
            ids = list(server.state.endpoints)
        elif arguments.endpoints is None:
            ids = [receiver.endpoint_id for receiver in await stack.enter_async_context(demo_receivers(server))]
        else:
            ids = [server.add_endpoint(_DISCARD_URL).id for _ in range(arguments.endpoints)]
        _print_settings(server, ids, output)
        await stopped
    return ExitCode.OK


def _make_server(arguments: argparse.Namespace) -> tuple[TripwireServer, bool]:
    """Return the server, and whether it is new rather than from a file."""
    from pathlib import Path

    from tripwire_async.testing import ManualClock, TripwireServer

    clock = ManualClock() if arguments.manual_clock else None
    port, limit, window = arguments.port, arguments.limit, arguments.window
    if arguments.state is not None and Path(arguments.state).exists():
        return TripwireServer.load(arguments.state, port=port, limit=limit, window=window, clock=clock), False
    server = TripwireServer(
        profile=PROFILES[arguments.profile or TRIPWIRE.name],
        port=port,
        limit=limit,
        window=window,
        clock=clock,
        secret_key=arguments.secret_key or "",
        organization_id=arguments.organization_id or "",
        record_limit=arguments.record_limit,
    )
    return server, True


async def _record(arguments: argparse.Namespace, output: Output, stopped: Awaitable[None]) -> None:
    """Run the recording proxy until *stopped*."""
    from tripwire_async.cli.tables import os_error_text
    from tripwire_async.errors import ConfigurationError
    from tripwire_async.testing import RecordingProxy

    proxy = RecordingProxy(arguments.record, arguments.record_to, port=arguments.port)
    try:
        async with proxy:
            profile = PROFILES[arguments.profile or TRIPWIRE.name]
            if output.as_json:
                output.json_line({"base_url": proxy.base_url, "target": arguments.record, "file": arguments.record_to})
            else:
                output.line(f"# Requests are forwarded to {arguments.record} and recorded in {arguments.record_to}.")
                output.line(f"export {profile.base_url_variable}={proxy.base_url}")
            await stopped
    except OSError as error:
        msg = f"cannot listen or write {arguments.record_to}: {os_error_text(error)}"
        raise ConfigurationError(msg) from error


def _print_settings(server: TripwireServer, endpoint_ids: Sequence[str], output: Output) -> None:
    from tripwire_async.cli.output import warn

    if not _ORGANIZATION_ID.fullmatch(server.organization_id):
        warn("--organization-id: clients reject this id; a valid one has 26 characters after org_")
    if output.as_json:
        output.json_line(
            {
                "base_url": server.base_url,
                "secret_key": server.secret_key,
                "organization_id": server.organization_id,
                "endpoint_ids": endpoint_ids,
            }
        )
        return
    output.line(f"# The test server runs until Ctrl-C. Its live page: {server.base_url}")
    output.line("# For another terminal:")
    profile = server.profile
    output.line(f"export {profile.base_url_variable}={server.base_url}")
    output.line(f"export {profile.secret_key_variable}={server.secret_key}")
    output.line(f"export {profile.organization_variable}={server.organization_id}")


def _counters(server: TripwireServer) -> dict[str, int]:
    return {
        "requests": server.received,
        "rate_limited": server.rate_limited,
        "window_peak": server.window_peak,
        "deliveries": len(server.deliveries),
        "endpoints_reached": len({delivery.endpoint.id for delivery in server.deliveries.values()}),
    }
