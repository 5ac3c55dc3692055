"""One fault: a server that misbehaves, on each connection."""

from __future__ import annotations

import re
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import attrs

from tests.support.raw_server import Connection, http
from tests.support.recorded_answers import RecordedAnswers

_ANSWERS: Final = RecordedAnswers()

Respond: TypeAlias = Callable[["Exchange"], Awaitable[bool]]
"""Responds to one request; returns whether the connection stays open."""

Tls: TypeAlias = Callable[[], tuple[ssl.SSLContext, ssl.SSLContext]]
"""Returns the TLS contexts of a server and of its client."""


@attrs.frozen
class Exchange:
    """One request and its connection.

    Attributes:
        body: The body of the correct response.
        status: The status line of the correct response, without the version.
    """

    connection: Connection
    status: str
    body: bytes

    async def send(self, data: bytes) -> None:
        await self.connection.say(data)

    async def correct(self) -> bool:
        """Respond as the service does."""
        await self.send(http(self.status, self.body, "Content-Type: application/json"))
        return True

    async def reset(self) -> bool:
        """Reset the connection."""
        reset(self.connection)
        return False


@attrs.frozen(kw_only=True)
class Fault:
    """A server that misbehaves.

    Attributes:
        name: The fault, as the documentation describes it.
        group: The kind of fault.
        respond: Responds to each request.
        accept: Runs in place of reading a request; the connection is closed afterwards.
        is_plain: Whether the client connects as to the server: without TLS, unless *tls* is given.
        is_listening: Whether there is a server at all.
        tls: Makes the contexts of a server and a client that use TLS; with *accept*, only the client does.
        timeout: Seconds for an attempt, on the fast clock.
    """

    name: str
    group: str
    respond: Respond | None = None
    accept: Callable[[Connection], Awaitable[None]] | None = None
    is_plain: bool = True
    is_listening: bool = True
    tls: Tls | None = None
    timeout: float = 3000.0

    @property
    def is_seen(self) -> bool:
        """True if the server counts each connection: it counts no handshake of TLS that its own socket rejects."""
        return self.is_listening and (self.tls is None or self.accept is not None)

    def __str__(self) -> str:
        return self.name


def reset(connection: Connection) -> None:
    """Make closing the connection a reset."""
    raw = connection.writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.writer.transport.abort()


async def serve(connection: Connection, next_fault: Callable[[], Fault | None]) -> None:
    """Respond to the requests of one connection, with the next fault or correctly."""
    fault = next_fault()
    if fault is not None and fault.accept is not None:
        await fault.accept(connection)
        return
    while True:
        request = await connection.request()
        line = re.match(rb"(\w+) ([^ ?]+)", request)
        assert line is not None
        recorded = _ANSWERS.find(line[1].decode(), line[2].decode())
        exchange = Exchange(connection, f"{recorded.status} OK", recorded.content)
        respond = Exchange.correct if fault is None or fault.respond is None else fault.respond
        if not await respond(exchange):
            return
        fault = next_fault()
