"""Several processes that share a key, each making many calls at once against one server that counts."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from tripwire_async.middleware.rate_limit.store import DEFAULT_PATIENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tripwire_async.testing import TripwireServer


@attrs.define
class Run:
    """Results of several processes.

    Attributes:
        seconds: How long the calls of each process took.
        succeeded: How many calls of each process succeeded.
        failed: The errors of all other calls.
        grants: For each process, the grants of the store: time on its clock, slots, and other waiting processes.
    """

    seconds: list[float]
    succeeded: list[int]
    failed: list[str]
    grants: list[list[tuple[float, int, int]]]


async def run(
    server: TripwireServer, redis: str, *, processes: int, calls: int, patience: float = DEFAULT_PATIENCE
) -> Run:
    """Start the given number of *processes* together, each with concurrent *calls*."""
    reports = await _reports(
        "shared_limit_worker", server, redis, [b"go"] * processes, calls=str(calls), patience=str(patience)
    )
    return Run(
        seconds=[each["seconds"] for each in reports],
        succeeded=[each["succeeded"] for each in reports],
        failed=[error for each in reports for error in each["failed"]],
        grants=[each["grants"] for each in reports],
    )


async def run_tests(server: TripwireServer, redis: str, *, processes: int, endpoints: int) -> Counter[str]:
    """Have each of the given number of *processes* test as many *endpoints*; return the number of each state."""
    ids = [server.add_endpoint("https://example.com/hook").id for _ in range(processes * endpoints)]
    parts = [json.dumps(ids[index::processes]).encode() for index in range(processes)]
    states: Counter[str] = Counter()
    for report in await _reports("shared_run_worker", server, redis, parts):
        states.update(report)
    return states


async def _reports(
    module: str, server: TripwireServer, redis: str, inputs: Sequence[bytes], **extra: str
) -> list[dict[str, Any]]:
    """Start a process for each of *inputs*, pass it on once all are ready, and return what they print."""
    options = {
        "redis": redis,
        "base-url": server.base_url,
        "key": server.secret_key,
        "organization": server.organization_id,
        **extra,
    }
    command = [sys.executable, "-m", f"tests.support.{module}"]
    command += [word for name, value in options.items() for word in (f"--{name}", value)]
    pipe = asyncio.subprocess.PIPE
    workers = [await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe) for _ in inputs]
    for worker in workers:
        assert worker.stdout is not None
        assert await worker.stdout.readline() == b"ready\n"
    outputs = await asyncio.gather(
        *(worker.communicate(line + b"\n") for worker, line in zip(workers, inputs, strict=True))
    )
    return [json.loads(line) for line, _ in outputs]


def most_among_waiting(grants: Sequence[tuple[float, int, int]], window: float, others: int) -> int:
    """Return the most slots that a process had been granted in *window* seconds by a grant while *others* waited."""
    most = 0
    for time, _, waiting in grants:
        if waiting == others:
            most = max(most, sum(slots for earlier, slots, _ in grants if time - window < earlier <= time))
    return most


def most_in_a_window(times: Sequence[float], window: float) -> int:
    """Return the most of *times* that lie within any *window* seconds."""
    most = first = 0
    for last, when in enumerate(times):
        while times[first] + window <= when:
            first += 1
        most = max(most, last - first + 1)
    return most
