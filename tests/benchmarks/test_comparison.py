"""Tests of the comparison with other libraries."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import attrs
import pytest

from tests.benchmarks.versus import ours
from tests.benchmarks.versus.comparison import Library, Workload, measure, send_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.benchmarks.server_process import RunningServer
    from tests.benchmarks.versus.comparison import Send

WORKLOAD = Workload(sends=3, limit=2, window=60.0, seconds=30.0)


@asynccontextmanager
async def _single_attempt(where: RunningServer) -> AsyncIterator[Send]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {where.secret_key}"}) as session:

        async def send(endpoint_id: str) -> None:
            async with session.post(where.base_url + send_path(where, endpoint_id)) as response:
                response.raise_for_status()

        yield send


@asynccontextmanager
async def _never(_: RunningServer) -> AsyncIterator[Send]:
    async def send(_: str) -> None:
        await asyncio.Event().wait()

    yield send


@asynccontextmanager
async def _wrong_endpoint(where: RunningServer) -> AsyncIterator[Send]:
    async with _single_attempt(where) as send:

        async def send_elsewhere(_: str) -> None:
            await send("we_elsewhere")

        yield send_elsewhere


def test_successes_and_rate_limited_requests_are_counted_by_the_server() -> None:
    """Two of three sends without retries succeed."""
    result = measure(Library("aiohttp", "no retries", _single_attempt), WORKLOAD)
    assert (2, 3, 1) == (result.successes, result.requests, result.rate_limited)


def test_tripwire_async_sends_all() -> None:
    """Below the limit, no request is rate limited."""
    (library,) = ours.LIBRARIES
    result = measure(library, attrs.evolve(WORKLOAD, limit=10))
    assert (3, 3, 0) == (result.successes, result.requests, result.rate_limited)


def test_a_send_that_exceeds_the_time_limit_has_failed() -> None:
    """The measurement does not wait for it."""
    result = measure(Library("aiohttp", "hangs", _never), attrs.evolve(WORKLOAD, seconds=0.01))
    assert (0, 0, 0) == (result.successes, result.requests, result.rate_limited)


def test_wrong_settings_raise_an_error() -> None:
    """If no send succeeds, the rate limit is not the cause."""
    with pytest.raises(ExceptionGroup, match="the cause is not the rate limit"):
        measure(Library("aiohttp", "wrong id", _wrong_endpoint), WORKLOAD)
