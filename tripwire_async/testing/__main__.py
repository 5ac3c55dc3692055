"""``python -m tripwire_async.testing``: the server in a process of its own, for benchmarks and other languages."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from typing import TYPE_CHECKING, Any, Final

from tripwire_async.testing._service.messages import encode
from tripwire_async.testing._service.webhook_sender import DeliveryOutcome
from tripwire_async.testing.server import TripwireServer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tripwire_async.testing._service.records import JsonObject

# Endpoints that are there from the beginning are for counting; the discard port takes what is posted to them.
_DISCARD_URL: Final = "http://127.0.0.1:9/"


async def serve(server: TripwireServer, *, endpoints: int = 0, report: bool = False) -> None:
    """Run *server* until SIGINT or SIGTERM; say where it is and what opens it in one line of JSON first.

    It begins with as many *endpoints*, whose ids are in that line. With *report*, a second line tells what came.
    """
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with server:
        line = {
            "base_url": server.base_url,
            "secret_key": server.secret_key,
            "organization_id": server.organization_id,
            "endpoint_ids": [server.add_endpoint(_DISCARD_URL).id for _ in range(endpoints)],
        }
        _print_json(line)
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
    """Read *arguments* and serve."""
    parser = argparse.ArgumentParser(prog="python -m tripwire_async.testing", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 for one that is free")
    parser.add_argument("--limit", type=int, default=600, help="requests a key in a window")
    parser.add_argument("--window", type=float, default=60.0, help="seconds")
    parser.add_argument("--secret-key", default="", help="one is made up unless given")
    parser.add_argument("--organization-id", default="", help="one is made up unless given")
    parser.add_argument("--record-limit", type=int, default=0, help="how many requests to keep in memory")
    parser.add_argument("--settle", action="store_true", help="let deliveries succeed at once instead of posting them")
    parser.add_argument("--endpoints", type=int, default=0, help="how many endpoints to begin with")
    parser.add_argument("--report", action="store_true", help="say in a last line of JSON how much came")
    options = parser.parse_args(arguments)
    server = TripwireServer(
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
        import uvloop  # noqa: PLC0415 - faster where it is installed, and not missed elsewhere
    except ModuleNotFoundError:
        return asyncio.run
    return uvloop.run


if __name__ == "__main__":  # pragma: no cover - a test runs it in a process of its own
    main()
