"""What every test may use: virtual time by a mark, and answers without a server."""

from __future__ import annotations

import asyncio
import functools
import inspect
import random
import signal
from types import SimpleNamespace
from typing import TYPE_CHECKING

import aioresponses.core
import pytest
from aiohttp import ClientResponse
from aioresponses import aioresponses as answering

from tests.support.virtual_time import VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def pytest_configure() -> None:
    """Have interrupts heard, also where the tests run in the background: a shell has them ignored there."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Give a test marked *virtual_time* the loop that jumps, and every other a real one."""
    if mark := item.get_closest_marker("virtual_time"):
        return {"virtual": functools.partial(VirtualTimeLoop, **mark.kwargs)}
    return {"real": asyncio.new_event_loop}


@pytest.fixture(autouse=True)
def chance() -> None:
    """Have the jitter of waits and retries the same at every run, so that a test that fails once fails again."""
    random.seed(0)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[answering]:
    """Script what the next requests are answered, without a server: for what one request looks like."""
    # aiohttp 3.14 wants to know where a response's request was written to; aioresponses 0.7.9 does not say.
    if "stream_writer" in inspect.signature(ClientResponse).parameters:
        response_class = functools.partial(ClientResponse, stream_writer=SimpleNamespace(output_size=0))
        monkeypatch.setattr(aioresponses.core, "ClientResponse", response_class)
    with answering() as scripted:
        yield scripted
