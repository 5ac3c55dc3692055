"""Test server in a separate process, so that only the client is measured."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator


@attrs.frozen
class Report:
    """Counts of the server: all requests, rate-limited requests, deliveries, endpoints that received one."""

    requests: int
    rate_limited: int
    window_peak: int
    deliveries: int
    endpoints_reached: int


@attrs.define
class RunningServer:
    """A server that listens, with its rate limit; its *report* is there once it has ended."""

    limit: int
    window: float
    base_url: str
    secret_key: str
    organization_id: str
    endpoint_ids: list[str]
    report: Report | None = None


@contextlib.contextmanager
def server(*, limit: int, window: float = 60.0, endpoints: int = 0) -> Iterator[RunningServer]:
    """Run a new server, whose deliveries succeed at once; end it afterwards and fill in its report."""
    command = [sys.executable, "-m", "tripwire_async", "serve", "--json", "--settle", "--counters", "--record-limit=0"]
    command += ["--limit", str(limit), "--window", str(window), "--endpoints", str(endpoints)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - this Python, and our own server
        assert process.stdout is not None
        try:
            running = RunningServer(limit, window, **json.loads(process.stdout.readline()))
            yield running
        finally:
            process.terminate()
        running.report = Report(**json.loads(process.stdout.read()))
