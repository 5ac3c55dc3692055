"""tripwire-async with its defaults."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.benchmarks.versus.comparison import TIMEOUT, Library, Send
from tripwire_async import AsyncTripwire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.benchmarks.server_process import RunningServer


@asynccontextmanager
async def _open(where: RunningServer) -> AsyncIterator[Send]:
    async with AsyncTripwire(where.secret_key, base_url=where.base_url, timeout=TIMEOUT) as tripwire:

        async def send(endpoint_id: str) -> None:
            await tripwire.webhooks.send_test(where.organization_id, endpoint_id)

        yield send


LIBRARIES = (Library("tripwire-async", "defaults", _open),)
