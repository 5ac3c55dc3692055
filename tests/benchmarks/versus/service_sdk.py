"""tripwire-server, the service's own SDK: it blocks, so threads call it; it has no retries and tells no Retry-After."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tripwire_server import Tripwire, TripwireApiError

from tests.benchmarks.versus.contest import TIMEOUT, Contender, Send

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from tests.benchmarks.server_process import RunningServer

PAUSE = 1.0
"""Seconds between attempts of the loop that one writes by hand around a call that may be refused."""


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


CONTENDERS = (
    Contender("tripwire-server", "60 threads, as it comes: no retries", _in_threads(60, retries=0)),
    Contender("tripwire-server", "60 threads, a loop: 50 retries, 1 s apart", _in_threads(60, retries=50)),
)
