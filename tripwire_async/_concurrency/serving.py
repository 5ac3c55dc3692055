"""Start of TCP servers that a cancellation cannot leave behind."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


async def start_server(
    protocol: Callable[[], asyncio.BaseProtocol], host: str, port: int, *, backlog: int = 128
) -> asyncio.Server:
    """Return a server that accepts connections on *host* and *port*, 0 for a free one; the caller closes it.

    A cancellation in the meantime leaves no socket open, not even if all tasks of the loop are cancelled.
    """
    # With *start_serving*, it would be suspended once more while only it knows the socket, which already listens.
    server = await asyncio.get_running_loop().create_server(protocol, host, port, backlog=backlog, start_serving=False)
    try:
        await server.start_serving()
    except BaseException:
        server.close()
        raise
    return server


def port_of(server: asyncio.Server) -> int:
    """Return the port on which *server* listens."""
    return int(server.sockets[0].getsockname()[1])
