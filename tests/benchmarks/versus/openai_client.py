"""openai: its client accepts any base URL and path, and retries as in its own calls."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import openai

from tests.benchmarks.versus.comparison import TIMEOUT, Library, Send, send_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from tests.benchmarks.server_process import RunningServer


def _with_retries(retries: int) -> Callable[[RunningServer], AbstractAsyncContextManager[Send]]:
    @asynccontextmanager
    async def opened(where: RunningServer) -> AsyncIterator[Send]:
        async with openai.AsyncOpenAI(
            api_key=where.secret_key, base_url=where.base_url, timeout=TIMEOUT, max_retries=retries
        ) as client:

            async def send(endpoint_id: str) -> None:
                await client.post(send_path(where, endpoint_id), cast_to=object)

            yield send

    return opened


LIBRARIES = (
    Library("openai", "defaults: 2 retries", _with_retries(openai.DEFAULT_MAX_RETRIES)),
    Library("openai", "max_retries=10", _with_retries(10)),
    Library("openai", "max_retries=50", _with_retries(50)),
)
