"""Several processes that share a key, each making many calls at once against one server that counts."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tripwire_async.testing import TripwireServer


@attrs.define
class Run:
    """Results of several processes."""

    seconds: list[float]
    succeeded: list[int]
    failed: list[str]


async def run(server: TripwireServer, redis: str, *, processes: int, calls: int) -> Run:
    """Start the given number of *processes* together, each with concurrent *calls*."""
    options = {
        "redis": redis,
        "base-url": server.base_url,
        "key": server.secret_key,
        "organization": server.organization_id,
        "calls": str(calls),
    }
    command = [sys.executable, "-m", "tests.support.shared_limit_worker"]
    command += [word for name, value in options.items() for word in (f"--{name}", value)]
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    workers = [await asyncio.create_subprocess_exec(*command, **pipes) for _ in range(processes)]
    for worker in workers:
        assert worker.stdout is not None
        assert await worker.stdout.readline() == b"ready\n"
    outputs = await asyncio.gather(*(worker.communicate(b"go\n") for worker in workers))
    reports: list[dict[str, Any]] = [json.loads(line) for line, _ in outputs]
    return Run(
        seconds=[each["seconds"] for each in reports],
        succeeded=[each["succeeded"] for each in reports],
        failed=[error for each in reports for error in each["failed"]],
    )


def most_in_a_window(times: Sequence[float], window: float) -> int:
    """Return the most of *times* that lie within any *window* seconds."""
    most = first = 0
    for last, when in enumerate(times):
        while times[first] + window <= when:
            first += 1
        most = max(most, last - first + 1)
    return most
