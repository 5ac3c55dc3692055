"""tripwire-server, the synchronous SDK: called from threads; it has no retries and does not expose Retry-After."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tripwire_server import Tripwire, TripwireApiError

from tests.benchmarks.versus.comparison import TIMEOUT, Library, Send

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from tests.benchmarks.server_process import RunningServer

PAUSE = 1.0
"""Seconds between the attempts of a handwritten retry loop around a call."""


def _in_threads(threads: int, *, retries: int) -> Callable[[RunningServer], AbstractAsyncContextManager[Send]]:
    @asynccontextmanager
    async def opened(where: RunningServer) -> AsyncIterator[Send]:
        is_over = threading.Event()
        with (
            Tripwire(secret_key=where.secret_key, base_url=where.base_url, timeout=TIMEOUT) as client,
            ThreadPoolExecutor(threads) as pool,
        ):

            def send_in_thread(endpoint_id: str) -> None:
                left = retries
                while True:
                    try:
                        client.webhooks.send_test(where.organization_id, endpoint_id)
                    except TripwireApiError as error:
                        if error.status != 429 or not left or is_over.wait(PAUSE):
                            raise
                        left -= 1
                    else:
                        return

            async def send(endpoint_id: str) -> None:
                await asyncio.get_running_loop().run_in_executor(pool, send_in_thread, endpoint_id)

            try:
                yield send
            finally:
                is_over.set()

    return opened


LIBRARIES = (
    Library("tripwire-server", "60 threads, defaults: no retries", _in_threads(60, retries=0)),
    Library("tripwire-server", "60 threads, own loop: 50 retries, 1 s apart", _in_threads(60, retries=50)),
)
