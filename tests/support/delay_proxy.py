"""A TCP proxy that delays every byte in both directions, for a server that is far away."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class _Side(asyncio.Protocol):
    """One of the two connections of the proxy; received bytes are sent on the second connection later."""

    def __init__(self, delay: float, target: str | None = None) -> None:
        self._delay = delay
        self._target = target
        self._loop = asyncio.get_running_loop()
        self._connecting: asyncio.Task[None] | None = None
        self._early: list[bytes] = []
        self.transport: asyncio.Transport | None = None
        self.other: _Side | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self._target is not None:
            self._connecting = self._loop.create_task(self._connect(self._target))

    async def _connect(self, target: str) -> None:
        # A connection takes a round trip before anything is sent.
        await asyncio.sleep(2 * self._delay)
        _, other = await self._loop.create_unix_connection(lambda: _Side(self._delay), target)
        other.other, self.other = self, other
        for data in self._early:
            self.data_received(data)

    def data_received(self, data: bytes) -> None:
        if self.other is None:
            self._early.append(data)
        elif (transport := self.other.transport) is not None:
            self._loop.call_later(self._delay, transport.write, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self._connecting is not None:
            self._connecting.cancel()
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()


@asynccontextmanager
async def far_away(unix_socket: str, delay: float) -> AsyncIterator[int]:
    """Forward a TCP port to *unix_socket*, with *delay* seconds each way; yield the port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Side(delay, unix_socket), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
