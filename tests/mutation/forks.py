"""Runs of pytest in forked processes, so that each starts with the libraries imported and the project not."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_LIBRARIES: Final = (
    "aiohttp.web",
    "attrs",
    "cattrs",
    "coverage",
    "cryptography.x509",
    "msgspec",
    "opentelemetry.sdk.trace.export",
    "redis.asyncio",
    "tenacity",
)


@attrs.frozen
class Ending:
    """End of a process.

    Attributes:
        status: Its exit status; None if it was killed because its time was up.
        seconds: How long it ran.
    """

    status: int | None
    seconds: float


def preload() -> None:
    """Import the libraries that every test run needs, except those with plugins for pytest."""
    for name in _LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def in_fork(copy: Path, log: Path, work: Callable[[], int], *, wall: float) -> Ending:
    """Run *work* in a forked process in the project at *copy*, with its output in *log*.

    It is killed after *wall* seconds.
    """
    started = time.monotonic()
    done, signalled = os.pipe()
    process = os.fork()
    if not process:
        status = 99
        try:
            os.setsid()
            os.close(done)
            _enter(copy, log)
            status = int(work())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    os.close(signalled)
    # The pipe is closed when the process ends, and the processes that it started do not inherit it.
    ready, _, _ = select.select([done], [], [], wall)
    os.close(done)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    seconds = time.monotonic() - started
    return Ending(os.waitstatus_to_exitcode(status) if ready and os.WIFEXITED(status) else None, seconds)


def _enter(copy: Path, log: Path) -> None:
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for stream in (1, 2):
        os.dup2(output, stream)
    root = os.getcwd()
    os.chdir(copy)
    sys.path[:] = [str(copy), *(path for path in sys.path if path not in {"", root})]
    os.environ["PYTHONPATH"] = str(copy)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for name in [name for name in sys.modules if name.partition(".")[0] in {"tests", "tripwire_async"}]:
        del sys.modules[name]


class Selection:
    """Plugin for pytest that runs the given tests in the given order, and ends the process if one does not end.

    Args:
        seconds: The tests, and how long each takes without a mutant.
    """

    def __init__(self, seconds: Mapping[str, float]) -> None:
        self._seconds = seconds
        self._order = {test: position for position, test in enumerate(seconds)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._order), key=lambda item: self._order[item.nodeid]
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        # A loop without an end uses processor time; a wait without an end does not. The signals end the process.
        usual = self._seconds[item.nodeid]
        signal.setitimer(signal.ITIMER_PROF, 5.0 + 5.0 * usual)
        signal.setitimer(signal.ITIMER_REAL, 20.0 + 20.0 * usual)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0.0)
            signal.setitimer(signal.ITIMER_REAL, 0.0)


class Recorder:
    """Plugin for pytest that records the duration of each test and the lines that it executes.

    Args:
        coverage: A started `coverage.Coverage`.
    """

    def __init__(self, coverage: Any) -> None:
        self._coverage = coverage
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        self._coverage.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self._coverage.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration

    def save(self, target: Path, copy: Path) -> None:
        """Write the durations, and the tests of each line of each module."""
        data = self._coverage.get_data()
        numbers = {test: number for number, test in enumerate(self.seconds)}
        lines = {
            os.path.relpath(path, copy): {
                line: [numbers[test] for test in tests if test in numbers]
                for line, tests in data.contexts_by_lineno(path).items()
            }
            for path in data.measured_files()
        }
        target.write_text(json.dumps({"seconds": self.seconds, "lines": lines}), encoding="utf-8")
