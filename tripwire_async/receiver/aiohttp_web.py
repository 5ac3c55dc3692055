"""The receiver as a handler for aiohttp.web; the one file here that does I/O."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Final

from aiohttp import web

from .receiver import DEFAULT_MAX_BODY, WebhookReceiver
from .respond import WebhookResponse
from .signature import DEFAULT_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    from .dedupe import EventStore
    from .receiver import SecretSource
    from .router import Router

__all__ = ["aiohttp_handler", "listen"]

_CHUNK: Final = 64 * 1024


def aiohttp_handler(
    router: Router,
    secret: SecretSource,
    *,
    store: EventStore | None = None,
    tolerance: float = DEFAULT_TOLERANCE,
    max_body: int = DEFAULT_MAX_BODY,
    now: Callable[[], float] = time.time,
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return a handler for aiohttp.web that receives webhooks.

    Add it with ``app.router.add_post("/hook", aiohttp_handler(router, secret))``. The arguments and the answers are
    those of `WebhookReceiver`. The body's bytes are counted as they are decompressed, and no more of them are read than
    it may have, whatever the application's *client_max_size*.
    """
    receiver = WebhookReceiver(router, secret, store=store, tolerance=tolerance, max_body=max_body, now=now)

    async def handle(request: web.Request) -> web.Response:
        try:
            response = await receiver.receive(request.content.iter_chunked(_CHUNK), request.headers)
        except web.RequestPayloadError:
            response = WebhookResponse(400, b"the body is not encoded as its headers say")
            # aiohttp would go on reading what is left, and log as an error of this server that it cannot.
            request.content.feed_eof()
        web_response = _web_response(response)
        if not request.content.at_eof():
            # What was not read is still coming, and the connection is of no use to another request.
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
    """Listen on *host* and *port*, 0 for a free one, and answer each POST, whatever its path; gives the port.

    *respond* is given the body and the headers. A body of more than *max_body* bytes is answered with 413. Raises
    OSError where it cannot listen.
    """

    async def handle(request: web.Request) -> web.Response:
        return _web_response(await respond(await request.read(), request.headers))

    app = web.Application(client_max_size=max_body)
    app.router.add_post("/{path:.*}", handle)
    # Whoever leaves has what it came for: who still sends is not waited for.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def _web_response(response: WebhookResponse) -> web.Response:
    return web.Response(status=response.status, body=response.body, content_type=response.content_type)
