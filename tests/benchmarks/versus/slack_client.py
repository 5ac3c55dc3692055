"""slack_sdk: its client for incoming webhooks posts to any URL and accepts the retry handlers of its web client."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.benchmarks.versus.comparison import TIMEOUT, Library, Send, send_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from tests.benchmarks.server_process import RunningServer


def _with_retries(retries: int) -> Callable[[RunningServer], AbstractAsyncContextManager[Send]]:
    @asynccontextmanager
    async def opened(where: RunningServer) -> AsyncIterator[Send]:
        # It keeps the connection of a rate-limited response open while it waits, so each call needs a connection
        # until its last retry. The number of connections is therefore not limited.
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=TIMEOUT, sock_read=TIMEOUT)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

            async def send(endpoint_id: str) -> None:
                client = AsyncWebhookClient(
                    where.base_url + send_path(where, endpoint_id),
                    session=session,
                    default_headers={"Authorization": f"Bearer {where.secret_key}"},
                )
                if retries:
                    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=retries))
                await client.send_dict({})

            yield send

    return opened


LIBRARIES = (
    Library("slack_sdk", "defaults: no retry of a 429", _with_retries(0)),
    Library("slack_sdk", "rate limit handler, 10 retries", _with_retries(10)),
    Library("slack_sdk", "rate limit handler, 50 retries", _with_retries(50)),
)
