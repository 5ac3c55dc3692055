"""Server that sends given bytes over a real socket, for responses that no HTTP library would produce."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

import attrs

if TYPE_CHECKING:
    import ssl

Talk: TypeAlias = Callable[["Connection"], Awaitable[None]]


@attrs.define
class Connection:
    """Server side of one connection."""

    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: RawServer

    async def request(self) -> bytes:
        """Read and record one complete request."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        whole = head + await self.reader.readexactly(int(length[1]) if length else 0)
        self.server.requests.append(whole)
        self.server.more.set()
        return whole

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def gone(self) -> None:
        """Wait until the client has closed the connection."""
        while await self.reader.read(65536):
            pass


@attrs.define
class RawServer:
    """URL of a server and the requests that it has received."""

    url: str = ""
    requests: list[bytes] = attrs.field(factory=list, repr=False)
    connections: int = 0
    more: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def came(self, count: int) -> None:
        """Wait until *count* requests have been received."""
        while len(self.requests) < count:
            self.more.clear()
            await self.more.wait()


@contextlib.asynccontextmanager
async def listening(talk: Talk, *, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[RawServer]:
    """Serve every connection with *talk*, and close the connection when it returns."""
    server = RawServer()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        try:
            await talk(Connection(server.connections, reader, writer, server))
        except (ConnectionError, asyncio.IncompleteReadError):
            # The client closed the connection.
            pass
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(accept, "127.0.0.1", port, ssl=tls)
    scheme = "http" if tls is None else "https"
    server.url = f"{scheme}://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def saying(*answers: bytes, close: bool = True) -> Talk:
    """Send one of *answers* per request, in order; then close the connection or wait until the client closes it."""

    async def talk(connection: Connection) -> None:
        for answer in answers:
            await connection.request()
            await connection.say(answer)
        if not close:
            await connection.gone()

    return talk


async def silence(connection: Connection) -> None:
    """Read the request and never respond."""
    await connection.request()
    await connection.gone()


def http(status: str, body: bytes = b"", *headers: str, length: bool = True) -> bytes:
    """Return a response as bytes, with the correct Content-Length unless *length* is False."""
    lines = [f"HTTP/1.1 {status}", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body
