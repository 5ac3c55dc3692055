"""HTTP server on a loopback port that passes requests to the dispatcher."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final, Protocol, final

from aiohttp import web

from tripwire_async._concurrency.serving import port_of, start_server

from .errors import ServiceError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from .dispatcher import Dispatcher
    from .messages import ServiceResponse
    from .service import Service

_NO_QUERY: Final[Mapping[str, str]] = {}

_TOO_LARGE: Final = ServiceError(413, "request.too_large", "The body is larger than 1 MiB.")


class Control(Protocol):
    """Handler of the paths that do not belong to the API."""

    def handles(self, path: str) -> bool:
        """Return whether *path* is one of them."""
        ...

    async def respond(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return the response to *request*."""
        ...


UNREADABLE: Final = (web.RequestPayloadError, ConnectionError)
"""Exceptions of reading the body of a request, which are not failures of the server."""


@final
class HttpServer:
    """Listens on 127.0.0.1; *port* 0 selects a free one. *control* responds to its own paths."""

    def __init__(self, dispatcher: Dispatcher, service: Service, port: int, control: Control) -> None:
        self._dispatcher = dispatcher
        self._service = service
        self._control = control
        self._runner: web.ServerRunner | None = None
        self._server: asyncio.Server | None = None
        self.port = port

    async def start(self) -> None:
        """Start to listen."""
        handler = web.Server(self._handle, access_log=None)
        self._runner = web.ServerRunner(handler, shutdown_timeout=1.0)
        await self._runner.setup()
        self._server = await start_server(handler, "127.0.0.1", self.port, backlog=1024)
        self.port = port_of(self._server)

    async def aclose(self) -> None:
        """Close all connections; a second call has no effect."""
        if self._server is not None:
            self._server.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._respond(request)
        except UNREADABLE:
            return reject_unreadable(request)

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        path, question_mark, _ = request.raw_path.partition("?")
        if self._control.handles(path):
            return await self._control.respond(request)
        try:
            body = await request.read() if request.can_read_body else b""
        except web.HTTPRequestEntityTooLarge:
            return _complete(self._service.error(_TOO_LARGE, self._service.state.ids.hex_id("req")))
        query = request.query if question_mark else _NO_QUERY
        response = await self._dispatcher.respond(request.method, path, query, request.headers, body)
        if response.bytes_sent is not None:
            return await _truncate(request, response)
        return _complete(response)


def reject_unreadable(request: web.BaseRequest) -> web.Response:
    """Return the response to a body that is incomplete or wrongly encoded, which aiohttp would log as a failure."""
    # Otherwise aiohttp reads the rest, and logs the failure.
    request.content.feed_eof()
    response = web.Response(status=400, text="the body cannot be read")
    # It is not known where another request begins.
    response.force_close()
    return response


def _complete(response: ServiceResponse) -> web.Response:
    headers: dict[str, Any] = {"Content-Type": "application/json", **response.headers}
    return web.Response(body=response.body, status=response.status, headers=headers)


async def _truncate(request: web.BaseRequest, response: ServiceResponse) -> web.StreamResponse:
    """Send the first `bytes_sent` bytes of *response*, then close the connection."""
    headers = {"Content-Type": "application/json", **response.headers, "Content-Length": str(len(response.body))}
    stream = web.StreamResponse(status=response.status, headers=headers)
    if response.bytes_sent:
        # The client may have closed the connection.
        with contextlib.suppress(ConnectionError):
            await stream.prepare(request)
            await stream.write(response.body[: response.bytes_sent])
    if request.transport is not None:
        request.transport.close()
    return stream
