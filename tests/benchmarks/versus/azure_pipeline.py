"""azure-core: a pipeline of a header policy, its retry policy and its aiohttp transport."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from azure.core import AsyncPipelineClient
from azure.core.pipeline.policies import AsyncRetryPolicy, HeadersPolicy
from azure.core.rest import HttpRequest

from tests.benchmarks.versus.comparison import TIMEOUT, Library, Send, send_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from tests.benchmarks.server_process import RunningServer


def _with_retries(**counts: int) -> Callable[[RunningServer], AbstractAsyncContextManager[Send]]:
    @asynccontextmanager
    async def opened(where: RunningServer) -> AsyncIterator[Send]:
        policies = [
            HeadersPolicy({"Authorization": f"Bearer {where.secret_key}"}),
            AsyncRetryPolicy(**counts),
        ]
        async with AsyncPipelineClient(where.base_url, policies=policies) as client:

            async def send(endpoint_id: str) -> None:
                response = await client.send_request(
                    HttpRequest("POST", where.base_url + send_path(where, endpoint_id)),
                    connection_timeout=TIMEOUT,
                    read_timeout=TIMEOUT,
                )
                response.raise_for_status()

            yield send

    return opened


LIBRARIES = (
    Library("azure-core", "defaults: 3 status retries", _with_retries()),
    Library("azure-core", "retry_total=10, retry_status=10", _with_retries(retry_total=10, retry_status=10)),
    Library("azure-core", "retry_total=50, retry_status=50", _with_retries(retry_total=50, retry_status=50)),
)
