"""Command ``python -m tripwire_async.testing``: the server in its own process, for benchmarks and other languages."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from typing import TYPE_CHECKING, Any, Final

from tripwire_async.profiles import PROFILES, TRIPWIRE
from tripwire_async.testing._service.messages import encode
from tripwire_async.testing._service.webhook_sender import DeliveryOutcome
from tripwire_async.testing.server import TripwireServer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tripwire_async.testing._service.records import JsonObject

# Port 9 is the discard service: nothing listens there.
_DISCARD_URL: Final = "http://127.0.0.1:9/"


async def serve(server: TripwireServer, *, endpoints: int = 0, report: bool = False) -> None:
    """Run *server* until SIGINT or SIGTERM.

    The first line of output is a JSON object with the URL, the key and the ids, those of *endpoints* new endpoints
    included. With *report*, a last line contains the counters of the server.
    """
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with server:
        _print_json(
            {
                "base_url": server.base_url,
                "secret_key": server.secret_key,
                "organization_id": server.organization_id,
                "endpoint_ids": [server.add_endpoint(_DISCARD_URL).id for _ in range(endpoints)],
            }
        )
        await stopped.wait()
    if report:
        _print_json(
            {
                "requests": server.received,
                "rate_limited": server.rate_limited,
                "window_peak": server.window_peak,
                "deliveries": len(server.deliveries),
                "endpoints_reached": len({delivery.endpoint.id for delivery in server.deliveries.values()}),
            }
        )


def _print_json(line: JsonObject) -> None:
    sys.stdout.write(encode(line).decode() + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> None:
    """Parse *arguments* and run the server."""
    parser = argparse.ArgumentParser(prog="python -m tripwire_async.testing", description=__doc__)
    parser.add_argument("--profile", choices=sorted(PROFILES), default=TRIPWIRE.name, help="name of the service")
    parser.add_argument("--port", type=int, default=0, help="0 selects a free port")
    parser.add_argument("--limit", type=int, default=600, help="requests per key and window")
    parser.add_argument("--window", type=float, default=60.0, help="length of the window in seconds")
    parser.add_argument("--secret-key", default="", help="random by default")
    parser.add_argument("--organization-id", default="", help="random by default")
    parser.add_argument("--record-limit", type=int, default=0, help="number of requests to keep in memory")
    parser.add_argument("--settle", action="store_true", help="settle deliveries at once instead of posting them")
    parser.add_argument("--endpoints", type=int, default=0, help="number of endpoints to create")
    parser.add_argument("--report", action="store_true", help="print the counters of the server at the end")
    options = parser.parse_args(arguments)
    server = TripwireServer(
        profile=PROFILES[options.profile],
        port=options.port,
        limit=options.limit,
        window=options.window,
        secret_key=options.secret_key,
        organization_id=options.organization_id,
        record_limit=options.record_limit,
    )
    if options.settle:
        server.set_outcome(DeliveryOutcome("succeeded", response_status=200))
    _runner()(serve(server, endpoints=options.endpoints, report=options.report))


def _runner() -> Callable[[Coroutine[Any, Any, None]], None]:
    try:
        import uvloop  # noqa: PLC0415 - optional; faster if installed
    except ModuleNotFoundError:
        return asyncio.run
    return uvloop.run


if __name__ == "__main__":  # pragma: no cover - a test runs it in a separate process
    main()
