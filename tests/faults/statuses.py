"""Faults that are complete responses with another status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tests.support.raw_server import http

from .fault import Exchange, Fault, Respond

if TYPE_CHECKING:
    from collections.abc import Sequence


def _error(status: int, **details: Any) -> bytes:
    error = {"code": "test.fault", "message": "A fault.", "status": status, "request_id": "req_1", **details}
    return json.dumps({"error": error}).encode()


def _responds(status: str, body: bytes, headers: Sequence[str] = ()) -> Respond:
    async def respond(exchange: Exchange) -> bool:
        await exchange.send(http(status, body, "Content-Type: application/json", *headers))
        return True

    return respond


def _fault(name: str, status: str, body: bytes | None = None, *headers: str, group: str = "status") -> Fault:
    content = _error(int(status.split(maxsplit=1)[0])) if body is None else body
    return Fault(name=name, group=group, respond=_responds(status, content, headers))


_HTML: Final = b"<html><h1>Bad gateway</h1></html>"

STATUSES: Final = [
    *(_fault(f"{status}", f"{status} Error") for status in (400, 401, 403, 404, 409, 410, 418, 422, 501)),
    _fault("408", "408 Timeout"),
    _fault("409 with next_action: retry", "409 Conflict", _error(409, details={"next_action": "retry"})),
    _fault("429 without Retry-After", "429 Too Many"),
    _fault("429 with Retry-After: 2", "429 Too Many", None, "Retry-After: 2"),
    _fault("429 with Retry-After: nonsense", "429 Too Many", None, "Retry-After: nonsense"),
    _fault("429 with Retry-After: -5", "429 Too Many", None, "Retry-After: -5"),
    _fault("429 with retryable: false", "429 Too Many", _error(429, retryable=False)),
    _fault("429 with HTML", "429 Too Many", _HTML),
    _fault("500", "500 Error"),
    _fault("500 with retryable: false", "500 Error", _error(500, retryable=False)),
    _fault("502 with HTML", "502 Bad Gateway", _HTML),
    _fault("502 without a body", "502 Bad Gateway", b""),
    _fault("503", "503 Unavailable"),
    _fault("503 with retryable: true", "503 Unavailable", _error(503, retryable=True)),
    _fault("503 with Retry-After: 1", "503 Unavailable", None, "Retry-After: 1"),
    _fault("504", "504 Timeout"),
    _fault("599", "599 Unknown"),
    _fault("403 with HTML", "403 Forbidden", _HTML),
    _fault("500 with JSON of another shape", "500 Error", b'{"error": ["no", 7]}'),
    _fault("500 with JSON null", "500 Error", b"null"),
    _fault("500 with 100,000 bytes", "500 Error", b'{"error": {"message": "' + 100_000 * b"a" + b'"}}'),
    _fault("301 to the same server", "301 Moved", b"", "Location: /elsewhere", group="redirect"),
    _fault("302 to another server", "302 Found", b"", "Location: https://other.example/", group="redirect"),
    _fault("303 without Location", "303 See Other", b"", group="redirect"),
    _fault("307 to itself", "307 Temporary", b"", "Location: ?", group="redirect"),
    _fault("304", "304 Not Modified", b"", group="redirect"),
]
