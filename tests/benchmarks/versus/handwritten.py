"""aiohttp with aiolimiter and a retry loop, written by hand for this limit, which it is told."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
from aiolimiter import AsyncLimiter

from tests.benchmarks.versus.comparison import TIMEOUT, Library, Send, send_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from tests.benchmarks.server_process import RunningServer

MAX_ATTEMPTS = 10


def _limited_by(
    limiter: Callable[[RunningServer], AsyncLimiter],
) -> Callable[[RunningServer], AbstractAsyncContextManager[Send]]:
    @asynccontextmanager
    async def opened(where: RunningServer) -> AsyncIterator[Send]:
        limit = limiter(where)
        headers = {"Authorization": f"Bearer {where.secret_key}"}
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:

            async def send(endpoint_id: str) -> None:
                for attempt in range(1, MAX_ATTEMPTS + 1):
                    async with limit, session.post(where.base_url + send_path(where, endpoint_id)) as response:
                        if response.status != 429 or attempt == MAX_ATTEMPTS:
                            response.raise_for_status()
                            return
                        retry_after = float(response.headers["Retry-After"])
                    await asyncio.sleep(retry_after)

            yield send

    return opened


def _with_burst(where: RunningServer) -> AsyncLimiter:
    """Return a limiter that fills a window at once and then spreads requests evenly."""
    return AsyncLimiter(where.limit, where.window)


def _without_burst(where: RunningServer) -> AsyncLimiter:
    """Return a limiter that spreads all requests evenly."""
    return AsyncLimiter(1, where.window / where.limit)


LIBRARIES = (
    Library("aiolimiter", "aiohttp, told the limit: with its burst", _limited_by(_with_burst)),
    Library("aiolimiter", "aiohttp, told the limit: without a burst", _limited_by(_without_burst)),
)
