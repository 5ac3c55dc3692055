"""HTTP proxy that opens tunnels, or rejects them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@attrs.define
class ConnectProxy:
    """A running proxy.

    Attributes:
        url: URL of the proxy, without credentials.
        target: Port on this machine to which every tunnel leads.
        status: Response to CONNECT; 200 opens the tunnel, and an empty one closes the connection without a response.
        credentials: ``user:password`` that requests must have; empty for none.
        requests: Request lines that have arrived.
    """

    url: str = ""
    target: int = 0
    status: str = "200 Connection established"
    credentials: str = ""
    requests: list[str] = attrs.field(factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(head.partition("\r\n")[0])
            basic = base64.b64encode(self.credentials.encode()).decode()
            status = self.status
            if self.credentials and f"Proxy-Authorization: Basic {basic}" not in head:
                status = "407 Proxy Authentication Required"
            if status:
                writer.write(f"HTTP/1.1 {status}\r\n\r\n".encode())
                await writer.drain()
            if status.startswith("200"):
                await self._tunnel(reader, writer)
        writer.close()

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        finally:
            far_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def connect_proxy(**settings: object) -> AsyncIterator[ConnectProxy]:
    """Run a `ConnectProxy` with *settings*."""
    proxy = ConnectProxy(**settings)  # type: ignore[arg-type] - the attributes of the class
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(proxy.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(accept, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
