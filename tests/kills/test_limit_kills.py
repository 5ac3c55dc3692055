"""Shared rate limits whose processes are killed and whose Redis is paused: real processes, and a server that counts."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs
import pytest
import redis.asyncio

from tests.support.limit_worker import Report
from tests.support.redis_server import RedisServer, eventually
from tripwire_async.testing import Fault, TripwireServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tripwire_async.testing._service.messages import ServiceRequest, ServiceResponse
    from tripwire_async.testing._service.service import Service
    from tripwire_async.testing.faults import Proceed

LEASE = 5.0
WINDOW = 2.0
MARGIN = 1.5
"""Seconds for a busy machine, and up to 1 s between two requests of a waiting process to the store."""
PATIENCE = 0.5


@attrs.define
class Workers:
    """Processes of `tests.support.limit_worker` that share the limit of *server* through Redis at *redis_url*."""

    server: TripwireServer
    redis_url: str
    running: list[asyncio.subprocess.Process] = attrs.field(factory=list)

    async def start(self, calls: int, pause: float = 0.0) -> asyncio.subprocess.Process:
        """Start a worker, and wait until it is ready to make its calls."""
        options = {
            "base-url": self.server.base_url,
            "key": self.server.secret_key,
            "organization": self.server.organization_id,
            "redis": self.redis_url,
            "calls": str(calls),
            "pause": str(pause),
            "patience": str(PATIENCE),
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "tests.support.limit_worker")
        worker = await asyncio.create_subprocess_exec(*command, *arguments, stdin=pipe, stdout=pipe)
        self.running.append(worker)
        assert worker.stdout is not None
        assert await worker.stdout.readline() == b"ready\n"
        return worker

    def end(self) -> None:
        """Kill the workers that have not ended."""
        for worker in self.running:
            if worker.returncode is None:
                worker.kill()


def begin(worker: asyncio.subprocess.Process) -> None:
    """Have *worker* make its calls."""
    assert worker.stdin is not None
    worker.stdin.write(b"go\n")


async def result(worker: asyncio.subprocess.Process) -> Report:
    """Wait for the end of *worker*, and return its report."""
    output, _ = await worker.communicate()
    return Report(**json.loads(output))


@asynccontextmanager
async def workers(limit: int, window: float) -> AsyncIterator[tuple[Workers, redis.asyncio.Redis, RedisServer]]:
    """Run a Redis and a server with a *limit* for workers; all end after a minute at most."""
    with RedisServer() as store:
        async with (
            TripwireServer(limit=limit, window=window) as server,
            redis.asyncio.Redis.from_url(store.url, decode_responses=True) as admin,
            asyncio.timeout(60),
        ):
            group = Workers(server, store.url)
            try:
                yield group, admin, store
            finally:
                store.resume()
                group.end()


def show(measured: str) -> None:
    """Print the *measured* values."""
    print(f"\n{measured}")  # noqa: T201 - the result of the session


def longest_gap(times: list[float]) -> float:
    """Return the longest time between two of *times*, in seconds."""
    return max(later - earlier for earlier, later in pairwise(sorted(times)))


@pytest.mark.parametrize("holds_probe", [False, True])
async def test_a_killed_process_holds_the_others_for_one_lease_at_most(holds_probe: bool) -> None:
    """It is killed when its first request has arrived, or its probe after a rejection, and has no response.

    At most 3 requests of the others are rejected. The first finds the length of the window, as without a kill. The
    requests of the killed process count for 2 s, less than its lease, so they take no slot from the others afterwards.
    """
    released = asyncio.Event()

    async def hold(_: Service, __: ServiceRequest, proceed: Proceed) -> ServiceResponse:
        await released.wait()
        return await proceed()

    async with workers(60, WINDOW) as (group, admin, _):
        server = group.server
        victim = await group.start(1 if holds_probe else 30)
        others = [await group.start(90) for _ in range(2)]
        if holds_probe:
            with server.fail("listWebhookEndpoints", Fault.status(429, retry_after=1), times=1):
                begin(victim)
                await server.until(lambda: server.received == 1)
        # The probe follows a second after the rejection.
        held = server.fail("listWebhookEndpoints", Fault("hold", hold))
        if not holds_probe:
            begin(victim)
        await server.until(lambda: held.hits > 0)
        assert bool(await admin.hget("tripwire:{default}:state", "probe")) is holds_probe
        for worker in others:
            begin(worker)

        async def all_have_asked() -> bool:
            return await admin.hlen("tripwire:{default}:asks") == 3

        await eventually(all_have_asked)
        victim.kill()
        killed_at = time.monotonic()
        await victim.wait()
        held.remove()
        before = server.received
        released.set()
        reports = await asyncio.gather(*(result(worker) for worker in others))
        seconds = time.monotonic() - killed_at
        times = [request.time for request in server.requests][before:]
        gap = longest_gap([killed_at, *times])
        show(f"{seconds:.2f} s, longest gap {gap:.2f} s, {server.rate_limited} rejected, {before} before the kill")
    assert [90, 90] == [report.succeeded for report in reports]
    assert [[], []] == [report.failed for report in reports]
    assert gap <= LEASE + MARGIN
    # 180 calls take two windows after the first 60 requests, and one more to find the length of the window.
    assert seconds <= LEASE + 3 * WINDOW + 2 * MARGIN
    assert server.rate_limited <= 3


@pytest.mark.parametrize(
    ("limit", "window", "calls", "pause", "rejected"), [(600, 60.0, 100, 0.1, 0), (60, WINDOW, 240, 0.0, 30)]
)
async def test_a_redis_that_is_paused_delays_calls_by_the_patience(
    limit: int, window: float, calls: int, pause: float, rejected: int
) -> None:
    """Two processes send below the limit and at it, and Redis does not respond for 5 s.

    Without Redis each of two processes uses half of the limit by its own count. It does not see the requests of the
    other process. So at the limit at most 30 requests are rejected, half of the limit: one part that is sent too early.
    """
    async with workers(limit, window) as (group, _, store):
        server = group.server
        both = [await group.start(calls, pause) for _ in range(2)]
        for worker in both:
            begin(worker)
        await server.until(lambda: server.received > (40 if pause else 100))
        store.pause()
        paused_at = time.monotonic()
        await asyncio.sleep(5.0)
        store.resume()
        resumed_at = time.monotonic()
        reports = await asyncio.gather(*(result(worker) for worker in both))
        times = [request.time for request in server.requests]
        gap = longest_gap([time for time in times if time >= paused_at - WINDOW])
        back = [round(report.shared[-1][0] - resumed_at, 2) for report in reports]
        waits = [round(report.longest_wait, 2) for report in reports]
        show(f"longest gap {gap:.2f} s, longest waits {waits}, {server.rate_limited} rejected, back after {back}")
    assert [calls, calls] == [report.succeeded for report in reports]
    assert [[], []] == [report.failed for report in reports]
    if pause:
        assert max(report.longest_wait for report in reports) <= PATIENCE + MARGIN
    assert gap <= (pause or WINDOW) + PATIENCE + MARGIN
    for report in reports:
        messages = [message.partition("> ")[2].partition(":")[0] for message in report.warnings]
        assert ["does not respond (TimeoutError)", "is back"] == messages
        assert [False, True, False, True] == [shared for _, shared in report.shared]
    # A process tries to reach Redis again every 2 s at least.
    assert max(back) <= 2.0 + PATIENCE
    assert server.rate_limited <= rejected
