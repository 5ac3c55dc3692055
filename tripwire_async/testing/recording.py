"""Proxy that records the exchanges of a client with the API, without secrets."""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

import aiohttp
from aiohttp import web

from tripwire_async._concurrency.finishing import finish_closing
from tripwire_async._concurrency.serving import port_of, start_server
from tripwire_async._secrets.redaction import redact
from tripwire_async.testing._service.http_server import UNREADABLE, reject_unreadable
from tripwire_async.testing._service.messages import encode
from tripwire_async.testing.clock import rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

_SENSITIVE: Final = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})
# They belong to one connection (RFC 9110, section 7.6.1), or describe a body that is sent decompressed.
_NOT_FORWARDED: Final = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


@final
class RecordingProxy:
    """A server on loopback that forwards requests to *target* and appends each exchange to the file *path*.

    Each line of the file is a JSON object with the time, the request and the response. Credentials, keys and other
    secrets are replaced by ``…``, in headers and in bodies.

    ::

        async with RecordingProxy(TRIPWIRE.base_url, "exchanges.jsonl") as proxy:
            tripwire = AsyncTripwire(key, base_url=proxy.base_url)

    Args:
        target: The URL of the API.
        path: The file, which is created for its owner only.
        port: The port to listen on; 0 selects a free one.
    """

    def __init__(self, target: str, path: str | os.PathLike[str], *, port: int = 0) -> None:
        self._target = target.rstrip("/")
        self._path = Path(path)
        self._port = port
        self._session: aiohttp.ClientSession | None = None
        self._stack = contextlib.AsyncExitStack()
        self.recorded = 0

    @property
    def base_url(self) -> str:
        """The URL of the proxy; known before the start only if a port was given."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> RecordingProxy:
        os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600))
        async with contextlib.AsyncExitStack() as stack:
            self._session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
            handler = web.Server(self._forward, access_log=None)
            runner = web.ServerRunner(handler, shutdown_timeout=1.0)
            await runner.setup()
            stack.push_async_callback(finish_closing, runner.cleanup)
            server = await start_server(handler, "127.0.0.1", self._port)
            stack.callback(server.close)
            self._port = port_of(server)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def __repr__(self) -> str:
        return f"<RecordingProxy {self.base_url} to {self._target}, {self.recorded} exchanges in {self._path}>"

    async def _forward(self, request: web.BaseRequest) -> web.StreamResponse:
        assert self._session is not None  # noqa: S101 - set before the server listens
        try:
            body = await request.read()
        except UNREADABLE:
            return reject_unreadable(request)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _NOT_FORWARDED}
        try:
            async with self._session.request(
                request.method, self._target + request.raw_path, data=body, headers=headers, allow_redirects=False
            ) as response:
                received = await response.read()
                status, returned = response.status, dict(response.headers)
        except aiohttp.ClientError as error:
            message = f"cannot reach {self._target}: {type(error).__name__}".encode()
            self._record(request, body, None, {}, message)
            return web.Response(status=502, body=message)
        self._record(request, body, status, returned, received)
        kept = {name: value for name, value in returned.items() if name.lower() not in _NOT_FORWARDED}
        return web.Response(status=status, body=received, headers=kept)

    def _record(
        self, request: web.BaseRequest, body: bytes, status: int | None, headers: Mapping[str, str], received: bytes
    ) -> None:
        exchange = {
            "time": rfc3339(time.time()),
            "request": {
                "method": request.method,
                "path": redact(request.raw_path),
                "headers": _without_secrets(request.headers),
                "body": _redacted_body(body),
            },
            "response": {"status": status, "headers": _without_secrets(headers), "body": _redacted_body(received)},
        }
        with self._path.open("ab") as file:
            file.write(encode(exchange) + b"\n")
        self.recorded += 1


def _without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: "…" if name.lower() in _SENSITIVE else redact(value) for name, value in headers.items()}


def _redacted_body(body: bytes) -> Any:
    """Return *body* as JSON if it is, or as text; None if it is empty."""
    if not body:
        return None
    text = redact(body.decode(errors="replace"))
    try:
        return json.loads(text)
    except ValueError:
        return text
