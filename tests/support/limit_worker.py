"""Worker in its own process: makes calls on a shared limit when it reads a line, and prints a report as JSON.

Times are those of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import time
from typing import TYPE_CHECKING

import attrs

from tripwire_async import AsyncTripwire
from tripwire_async.middleware import BearerAuth, RateLimit, RedisStore, RequestLog, Retry

if TYPE_CHECKING:
    from tripwire_async import Page
    from tripwire_async._http.messages import Request, Response
    from tripwire_async._http.pipeline import Handler, Middleware
    from tripwire_async.models import WebhookEndpoint


@attrs.define
class Report:
    """Results of a worker.

    Attributes:
        succeeded: Number of calls that succeeded.
        failed: The errors of all other calls.
        longest_wait: Seconds that a call waited for the rate limit, at most.
        shared: The times at which `RateLimitState.shared` changed, with the new value.
        warnings: The warnings that were logged.
    """

    succeeded: int = 0
    failed: list[str] = attrs.field(factory=list)
    longest_wait: float = 0.0
    shared: list[tuple[float, bool | None]] = attrs.field(factory=list)
    warnings: list[str] = attrs.field(factory=list)


class Warnings(logging.Handler):
    """Handler that adds the messages of warnings and errors to a report."""

    def __init__(self, report: Report) -> None:
        super().__init__(logging.WARNING)
        self.report = report

    def emit(self, record: logging.LogRecord) -> None:
        self.report.warnings.append(record.getMessage())


async def watch(limit: RateLimit, report: Report) -> None:
    """Record each change of the state of *limit*, to 10 ms."""
    while True:
        shared = limit.state().shared
        if not report.shared or report.shared[-1][1] != shared:
            report.shared.append((time.monotonic(), shared))
        await asyncio.sleep(0.01)


async def work(options: argparse.Namespace) -> Report:
    report = Report()
    logging.getLogger("tripwire_async").addHandler(Warnings(report))
    store = RedisStore(options.redis, patience=options.patience)
    limit = RateLimit(store=store)

    async def measure(request: Request, call_next: Handler) -> Response:
        response = await call_next(request)
        report.longest_wait = max(report.longest_wait, request.stats.rate_limit_wait)
        return response

    middleware: list[Middleware] = [RequestLog(), measure, Retry(max_attempts=20), limit, BearerAuth(options.key)]
    async with AsyncTripwire(base_url=options.base_url, middleware=middleware) as tripwire:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        watching = asyncio.create_task(watch(limit, report))
        calls: list[asyncio.Future[Page[WebhookEndpoint]]] = []
        for _ in range(options.calls):
            calls.append(asyncio.ensure_future(tripwire.webhooks.list_endpoints(options.organization)))
            await asyncio.sleep(options.pause)
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            if isinstance(outcome, BaseException):
                report.failed.append(repr(outcome))
            else:
                report.succeeded += 1
        watching.cancel()
    await store.aclose()
    return report


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("base-url", "key", "organization", "redis"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--calls", type=int)
    parser.add_argument("--pause", type=float)
    parser.add_argument("--patience", type=float)
    report = asyncio.run(work(parser.parse_args()))
    sys.stdout.write(json.dumps(attrs.asdict(report)) + "\n")


if __name__ == "__main__":
    main()
