"""Measurement of one library: it sends all tests at once, and the server counts the requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

import attrs

from tests.benchmarks.server_process import RunningServer, server

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tests.benchmarks.server_process import Report

TIMEOUT = 30.0
"""Timeout of a request in seconds, the same for every library."""

Send: TypeAlias = Callable[[str], Awaitable[object]]
"""Sends a test webhook to the endpoint with the given id, including all retries."""


@attrs.frozen
class Library:
    """A library with its *settings* and the function that opens its client for a server."""

    package: str
    settings: str
    open: Callable[[RunningServer], AbstractAsyncContextManager[Send]]


@attrs.frozen
class Workload:
    """Number of *sends*, rate limit of *limit* requests in *window* seconds, and time limit in *seconds*."""

    sends: int
    limit: int
    window: float
    seconds: float


@attrs.frozen
class Result:
    """Counts of the server, and the *seconds* until the last send finished or the time limit."""

    successes: int
    requests: int
    rate_limited: int
    seconds: float


def send_path(where: RunningServer, endpoint_id: str) -> str:
    """Return the path of a test send."""
    return f"/v1/organizations/{where.organization_id}/webhooks/endpoints/{endpoint_id}/test"


def measure(library: Library, workload: Workload) -> Result:
    """Let *library* send to each endpoint of a new server; an endpoint that received its webhook is a success."""
    with server(limit=workload.limit, window=workload.window, endpoints=workload.sends) as where:
        seconds = asyncio.run(_send_all(library, where, workload.seconds))
    report: Report | None = where.report
    assert report is not None
    return Result(report.endpoints_reached, report.requests, report.rate_limited, seconds)


async def _send_all(library: Library, where: RunningServer, seconds: float) -> float:
    async with library.open(where) as send:

        async def send_one(endpoint_id: str) -> None:
            await send(endpoint_id)

        started = time.monotonic()
        sends = [asyncio.create_task(send_one(each)) for each in where.endpoint_ids]
        _, late = await asyncio.wait(sends, timeout=seconds)
        elapsed = time.monotonic() - started
        for each in late:
            each.cancel()
        # The exception of a failed send differs from library to library; the server counts the successes.
        outcomes = await asyncio.gather(*sends, return_exceptions=True)
    failures = [each for each in outcomes if isinstance(each, Exception)]
    if len(failures) == len(outcomes):
        msg = "every send failed, so the cause is not the rate limit"
        raise ExceptionGroup(msg, failures)
    return elapsed
