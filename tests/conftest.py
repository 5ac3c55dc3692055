"""Fixtures and marks for all tests: virtual time, and scripted responses without a server."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import logging
import os
import random
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final

import aioresponses.core
import pytest
from aiohttp import ClientResponse
from aioresponses import aioresponses as answering
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.virtual_time import VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# A deadline per example is a bound on real time, which a busy machine exceeds.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")


_TESTS: Final = Path(__file__).parent
_ONE_PYTHON: Final = (
    # Checks of the repository itself.
    *("codegen/", "english/", "structure/", "release/", "test_noxfile.py"),
    # Searches, simulations and programs that take minutes, of code that does not depend on the version of Python.
    *("cancellation/", "faults/", "fuzz/", "deliveries/test_cancelling.py", "deliveries/test_outages.py"),
    *("cli/test_demo.py", "cli/test_durable_runs.py", "cli/test_reports.py", "docs/"),
    *("deliveries/test_poller_model.py", "deliveries/test_reconcile.py", "deliveries/test_run_requests.py"),
    *("deliveries/test_shared_pages.py", "deliveries/test_shared_window.py", "deliveries/test_waiting.py"),
    *("journal/test_kills.py", "journal/test_lost_records.py", "journal/test_recorded_runs.py"),
    *("middleware/rate_limit/test_limiter_machine.py", "middleware/rate_limit/test_odd_services_machine.py"),
    "middleware/rate_limit/test_window_machine.py",
    *("middleware/rate_limit/test_pages_model.py", "middleware/rate_limit/test_script_model.py"),
)


_LOGGERS: Final = (logging.getLogger(), logging.getLogger("tripwire_async"))


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the process that runs the tests: SIGINT raises, and processes that tests start are not measured."""
    # A shell makes background processes ignore SIGINT, and so would the processes that the tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Coverage passes this variable on to each new Python process, which would change what timed tests see. Only the
    # controller of pytest-xdist keeps it, for its workers.
    if config.getoption("dist", "no") == "no":
        os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
        # Hardly any garbage is made until the tests are collected.
        gc.disable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not import the files that this session does not run."""
    if "not one_python" not in config.option.markexpr or not collection_path.is_relative_to(_TESTS):
        return None
    path = collection_path.relative_to(_TESTS).as_posix()
    return f"{path}/".startswith(_ONE_PYTHON) or path.startswith(_ONE_PYTHON) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what the session ``tests`` alone runs."""
    for item in items:
        if item.path.relative_to(_TESTS).as_posix().startswith(_ONE_PYTHON):
            item.add_marker("one_python")
        # noxfile.py looks for the mark in the text of the files.
        if item.get_closest_marker("serial") and "mark.serial" not in item.path.read_text(encoding="utf-8"):
            msg = f"{item.nodeid} would be run by no session: write pytest.mark.serial in its file"
            raise pytest.UsageError(msg)


def pytest_collection_finish() -> None:
    """Leave the modules and the tests out of garbage collections, which take a quarter of a second with them."""
    # On first use, Hypothesis makes its generator of random numbers, and asks the collector who refers to it. The
    # collector does not look into frozen modules.
    _use_hypothesis()
    gc.enable()
    gc.collect()
    gc.freeze()


@settings(max_examples=1, database=None)
@given(st.none())
def _use_hypothesis(_: None) -> None:
    pass


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run tests marked *virtual_time* on the virtual-time loop and all others on a real loop."""
    if mark := item.get_closest_marker("virtual_time"):
        return {"virtual": functools.partial(VirtualTimeLoop, **mark.kwargs)}
    return {"real": asyncio.new_event_loop}


@pytest.fixture(autouse=True)
def seed() -> None:
    """Seed the jitter of waits and retries, so that a failure can be reproduced."""
    random.seed(0)


@pytest.fixture(autouse=True)
def levels() -> Iterator[None]:
    """Fail a test that leaves another log level behind: what is logged would depend on which tests ran before."""
    before = [logger.level for logger in _LOGGERS]
    yield
    after = [logger.level for logger in _LOGGERS]
    for logger, level in zip(_LOGGERS, before, strict=True):
        logger.setLevel(level)
    assert after == before


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[answering]:
    """Script the next responses without a server, for tests of a single request."""
    # aiohttp 3.14 requires a stream_writer argument for responses; aioresponses 0.7.9 does not pass one.
    if "stream_writer" in inspect.signature(ClientResponse).parameters:
        response_class = functools.partial(ClientResponse, stream_writer=SimpleNamespace(output_size=0))
        monkeypatch.setattr(aioresponses.core, "ClientResponse", response_class)
    with answering() as scripted:
        yield scripted
