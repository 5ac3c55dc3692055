"""All faults."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from typing import TYPE_CHECKING, Final

from tests.support.raw_server import Connection, http

from .certificates import CERTIFICATES
from .fault import Exchange, Fault, Respond, reset
from .statuses import STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable

_BOMB: Final = gzip.compress(20_000_000 * b" ", compresslevel=1)

_SHORT: Final = 25.0
"""Timeout of an attempt in seconds of the fast clock: a quarter of a second."""


def _sends(make: Callable[[Exchange], bytes], *, stays: bool = False) -> Respond:
    """Send the bytes that *make* returns; then close the connection, unless it *stays* open."""

    async def respond(exchange: Exchange) -> bool:
        await exchange.send(make(exchange))
        return stays

    return respond


def _sends_and_waits(make: Callable[[Exchange], bytes]) -> Respond:
    async def respond(exchange: Exchange) -> bool:
        await exchange.send(make(exchange))
        await exchange.connection.gone()
        return False

    return respond


def _sends_and_resets(make: Callable[[Exchange], bytes]) -> Respond:
    async def respond(exchange: Exchange) -> bool:
        await exchange.send(make(exchange))
        return await exchange.reset()

    return respond


def _whole(exchange: Exchange, *headers: str, body: bytes | None = None) -> bytes:
    return http(exchange.status, exchange.body if body is None else body, *headers)


def _half(exchange: Exchange) -> bytes:
    response = _whole(exchange)
    return response[: len(response) - len(exchange.body) // 2]


def _head(exchange: Exchange) -> bytes:
    return _whole(exchange)[: -len(exchange.body)]


def _chunked(exchange: Exchange, *, size: int | None = None, end: bytes = b"0\r\n\r\n") -> bytes:
    body = exchange.body
    head = (
        f"HTTP/1.1 {exchange.status}\r\nTransfer-Encoding: chunked\r\n\r\n{len(body) if size is None else size:x}\r\n"
    )
    return head.encode() + body + b"\r\n" + end


def _gzipped(exchange: Exchange, coding: str = "gzip", cut: int = 0) -> bytes:
    packed = gzip.compress(exchange.body)
    return _whole(exchange, f"Content-Encoding: {coding}", body=packed[: len(packed) - cut])


def _line(text: str) -> Respond:
    return _sends(lambda exchange: text.encode() + b"\r\nContent-Length: 2\r\n\r\n{}")


async def _close(connection: Connection) -> None:
    """Close the connection as soon as it is made."""


async def _reset(connection: Connection) -> None:
    reset(connection)


async def _speak_http(connection: Connection) -> None:
    await connection.reader.read(1)
    await connection.say(http("400 Bad Request"))


async def _drip(exchange: Exchange) -> bool:
    """Send a byte of the response at a time, too slowly."""
    response = _whole(exchange)
    for position in range(len(response)):
        await exchange.send(response[position : position + 1])
        await _wait(exchange)
    return True


async def _wait(exchange: Exchange) -> None:
    await asyncio.sleep(_SHORT / 5)


def _body(text: str | bytes) -> Respond:
    content = text.encode() if isinstance(text, str) else text
    return _sends(lambda exchange: _whole(exchange, body=content), stays=True)


CONNECTIONS: Final = [
    Fault(name="connection refused", group="connection", is_listening=False),
    Fault(name="closed when it is accepted", group="connection", accept=_close),
    Fault(name="reset when it is accepted", group="connection", accept=_reset),
    Fault(name="closed in the TLS handshake", group="connection", accept=_close, is_plain=False),
    Fault(name="HTTP on the port of HTTPS", group="connection", accept=_speak_http, is_plain=False),
    Fault(name="closed after the request", group="connection", respond=_sends(lambda exchange: b"")),
    Fault(name="reset after the request", group="connection", respond=Exchange.reset),
    Fault(name="no response", group="connection", respond=_sends_and_waits(lambda exchange: b""), timeout=_SHORT),
]
INCOMPLETE: Final = [
    Fault(name="closed in the status line", group="incomplete", respond=_sends(lambda exchange: b"HTTP/1.1 2")),
    Fault(name="closed in the headers", group="incomplete", respond=_sends(lambda e: _head(e)[:-10])),
    Fault(name="closed after the headers", group="incomplete", respond=_sends(_head)),
    Fault(name="reset after the headers", group="incomplete", respond=_sends_and_resets(_head)),
    Fault(name="closed in the body", group="incomplete", respond=_sends(_half)),
    Fault(name="reset in the body", group="incomplete", respond=_sends_and_resets(_half)),
    Fault(name="silence in the body", group="incomplete", respond=_sends_and_waits(_half), timeout=_SHORT),
    Fault(name="one byte at a time, too slowly", group="incomplete", respond=_drip, timeout=_SHORT),
    Fault(name="chunk cut off", group="incomplete", respond=_sends(lambda e: _chunked(e, end=b"")[:-20])),
    Fault(name="chunks without an end", group="incomplete", respond=_sends(lambda e: _chunked(e, end=b""))),
    Fault(name="gzip cut off", group="incomplete", respond=_sends(lambda e: _gzipped(e, cut=12), stays=True)),
]
MALFORMED: Final = [
    Fault(name="binary data", group="malformed", respond=_sends(lambda exchange: bytes(range(256)))),
    Fault(name="a body without a head", group="malformed", respond=_sends(lambda exchange: exchange.body)),
    Fault(name="HTTP/3.7", group="malformed", respond=_line("HTTP/3.7 200 OK")),
    Fault(name="status 20", group="malformed", respond=_line("HTTP/1.1 20 OK")),
    Fault(name="status abc", group="malformed", respond=_line("HTTP/1.1 abc OK")),
    Fault(
        name="Content-Length: -5",
        group="malformed",
        respond=_sends(lambda e: http(e.status, b"{}", "Content-Length: -5", length=False)),
    ),
    Fault(
        name="Content-Length: many",
        group="malformed",
        respond=_sends(lambda e: http(e.status, b"{}", "Content-Length: many", length=False)),
    ),
    Fault(
        name="two values of Content-Length", group="malformed", respond=_sends(lambda e: _whole(e, "Content-Length: 2"))
    ),
    Fault(
        name="Content-Length too small",
        group="malformed",
        respond=_sends(lambda e: http(e.status, e.body, "Content-Length: 9", length=False)),
    ),
    Fault(
        name="Content-Length and chunks",
        group="malformed",
        respond=_sends(lambda e: _chunked(e).replace(b"\r\n", b"\r\nContent-Length: 5\r\n", 1)),
    ),
    Fault(name="chunk with a wrong size", group="malformed", respond=_sends(lambda e: _chunked(e, size=5))),
    Fault(name="header without a colon", group="malformed", respond=_sends(lambda e: _whole(e, "nonsense"))),
    Fault(name="NUL in a header", group="malformed", respond=_sends(lambda e: _whole(e, "X-Seen: a\0b"))),
    Fault(
        name="a header of 8,200 bytes", group="malformed", respond=_sends(lambda e: _whole(e, "X-Seen: " + 8200 * "a"))
    ),
    Fault(
        name="129 headers", group="malformed", respond=_sends(lambda e: _whole(e, *(f"X-{n}: 1" for n in range(129))))
    ),
    Fault(
        name="gzip that is not gzip", group="malformed", respond=_sends(lambda e: _whole(e, "Content-Encoding: gzip"))
    ),
    Fault(
        name="gzip with other data after its end",
        group="malformed",
        respond=_sends(lambda e: _whole(e, "Content-Encoding: gzip", body=gzip.compress(e.body) + b"{}")),
    ),
    Fault(
        name="status 101",
        group="malformed",
        respond=_sends(lambda e: b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + e.body),
    ),
]
CONTENT: Final = [
    Fault(name="HTML", group="content", respond=_body("<!DOCTYPE html><title>Sign in</title>")),
    Fault(name="an empty body", group="content", respond=_body("")),
    Fault(name="JSON cut off", group="content", respond=_sends(lambda e: _whole(e, body=e.body[:-3]), stays=True)),
    Fault(name="JSON null", group="content", respond=_body("null")),
    Fault(name="JSON of another shape", group="content", respond=_body('{"data": 7}')),
    Fault(name="nested 100,000 times", group="content", respond=_body(100_000 * "[")),
    Fault(name="invalid UTF-8", group="content", respond=_body(b'{"data": "\xff\xfe"}')),
    Fault(
        name="UTF-16",
        group="content",
        respond=_sends(lambda e: _whole(e, body=e.body.decode().encode("utf-16")), stays=True),
    ),
    Fault(
        name="17 MiB announced",
        group="content",
        respond=_sends(lambda e: http(e.status, b"{", f"Content-Length: {17 << 20}", length=False)),
    ),
    Fault(
        name="gzip that expands to 20 MB",
        group="content",
        respond=_sends(lambda e: _whole(e, "Content-Encoding: gzip", body=_BOMB), stays=True),
    ),
    Fault(
        name="Content-Encoding: x-unknown",
        group="content",
        respond=_sends(lambda e: _gzipped(e, "x-unknown"), stays=True),
    ),
    Fault(
        name="204 without a body",
        group="content",
        respond=_sends(lambda e: b"HTTP/1.1 204 No Content\r\n\r\n", stays=True),
    ),
]
HARMLESS: Final = [
    Fault(
        name="100 Continue first",
        group="harmless",
        respond=_sends(lambda e: b"HTTP/1.1 100 Continue\r\n\r\n" + _whole(e), stays=True),
    ),
    Fault(
        name="103 Early Hints first",
        group="harmless",
        respond=_sends(lambda e: b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + _whole(e), stays=True),
    ),
    Fault(
        name="a body that ends with the connection",
        group="harmless",
        respond=_sends(lambda e: http(e.status, e.body, "Connection: close", length=False)),
    ),
    Fault(name="HTTP/1.0", group="harmless", respond=_sends(lambda e: _whole(e).replace(b"HTTP/1.1", b"HTTP/1.0"))),
    Fault(name="gzip", group="harmless", respond=_sends(_gzipped, stays=True)),
    Fault(
        name="gzip of two members",
        group="harmless",
        respond=_sends(
            lambda e: _whole(e, "Content-Encoding: gzip", body=gzip.compress(e.body[:9]) + gzip.compress(e.body[9:])),
            stays=True,
        ),
    ),
    Fault(
        name="deflate",
        group="harmless",
        respond=_sends(lambda e: _whole(e, "Content-Encoding: deflate", body=zlib.compress(e.body)), stays=True),
    ),
    Fault(
        name="no reason in the status line",
        group="harmless",
        respond=_sends(lambda e: _whole(e).replace(b" OK", b"", 1), stays=True),
    ),
    Fault(
        name="another status of success",
        group="harmless",
        respond=_sends(lambda e: http("209 Fine", e.body), stays=True),
    ),
]
FAULTS: Final = [*CONNECTIONS, *CERTIFICATES, *INCOMPLETE, *MALFORMED, *CONTENT, *HARMLESS, *STATUSES]
