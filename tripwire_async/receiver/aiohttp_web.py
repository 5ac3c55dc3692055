"""Adapter of the receiver to aiohttp.web; the only module of this package that does I/O."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from aiohttp import web

from tripwire_async._concurrency.finishing import finish_closing
from tripwire_async._concurrency.serving import port_of, start_server
from tripwire_async._logger import LOGGER

from .receiver import DEFAULT_MAX_BODY, WebhookReceiver
from .respond import WebhookResponse
from .signature import DEFAULT_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    from .dedupe import EventStore
    from .receiver import SecretSource
    from .router import Router

__all__ = ["aiohttp_handler", "listen"]

_UNREADABLE: Final = (web.RequestPayloadError, ConnectionError)
_log = LOGGER.getChild("receiver")


def aiohttp_handler(
    router: Router,
    secret: SecretSource,
    *,
    store: EventStore | None = None,
    tolerance: float = DEFAULT_TOLERANCE,
    max_body: int = DEFAULT_MAX_BODY,
    now: Callable[[], float] | None = None,
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return a handler for aiohttp.web that receives webhooks.

    Add it with ``app.router.add_post("/hook", aiohttp_handler(router, secret))``. See `WebhookReceiver` for the
    arguments and the responses. At most *max_body* bytes are read, counted after decompression, whatever the
    *client_max_size* of the application. A body that a middleware has read with ``request.read()`` is used as it is.
    """
    receiver = WebhookReceiver(router, secret, store=store, tolerance=tolerance, max_body=max_body, now=now)

    async def handle(request: web.Request) -> web.Response:
        if not request.can_read_body:
            return _web_response(await _respond_to_read_body(receiver, request))
        try:
            response = await receiver.receive(request.content.iter_any(), request.headers)
        except _UNREADABLE as error:
            return _reject_unreadable(request, error)
        web_response = _web_response(response)
        if not request.content.at_eof():
            # The rest of the body is still arriving, so the connection cannot carry another request.
            web_response.force_close()
        return web_response

    return handle


@contextlib.asynccontextmanager
async def listen(
    respond: Callable[[bytes, Mapping[str, str]], Awaitable[WebhookResponse]],
    *,
    host: str,
    port: int,
    max_body: int = DEFAULT_MAX_BODY,
) -> AsyncGenerator[int]:
    """Listen on *host* and *port*, 0 for a free one; respond to each POST, on any path; yield the port.

    *respond* receives the body and the headers. A body of more than *max_body* bytes gets a 413. Raises OSError if the
    port cannot be used.
    """

    async def handle(request: web.Request) -> web.Response:
        try:
            body = await request.read()
        except _UNREADABLE as error:
            return _reject_unreadable(request, error)
        return _web_response(await respond(body, request.headers))

    app = web.Application(client_max_size=max_body)
    app.router.add_post("/{path:.*}", handle)
    # Requests that are still running when the block ends delay its end by up to twice as long.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    try:
        await runner.setup()
        assert runner.server is not None  # noqa: S101 - it was set up
        server = await start_server(runner.server, host, port)
        try:
            yield port_of(server)
        finally:
            server.close()
    finally:
        await finish_closing(runner.cleanup)


def _reject_unreadable(request: web.Request, error: Exception) -> web.Response:
    """Return the response to a body that cannot be read, which aiohttp would log as an error of this server."""
    problem = b"the connection was lost before the end of the body"
    if not isinstance(error, ConnectionError):
        problem = b"the body is incomplete, or not encoded as its headers say"
        # Otherwise aiohttp reads the rest, and logs the failure.
        request.content.feed_eof()
    response = _web_response(WebhookResponse(400, problem))
    # It is not known where another request begins.
    response.force_close()
    return response


async def _respond_to_read_body(receiver: WebhookReceiver, request: web.Request) -> WebhookResponse:
    """Return the response for a body that was read before, or that the request does not have."""
    body = await request.read()
    if not body and request.content.total_bytes:
        # aiohttp keeps the bytes only for `request.read()` and what is built on it.
        message = "the body was read before the handler ran: a middleware must use request.read()"
        _log.error("a webhook could not be verified: %s", message)
        return WebhookResponse(500, message.encode())
    return await receiver.respond(body, request.headers)


def _web_response(response: WebhookResponse) -> web.Response:
    return web.Response(status=response.status, body=response.body, content_type=response.content_type)
