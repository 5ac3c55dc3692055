"""The receiver as a handler for aiohttp.web; the one file here that does I/O."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from aiohttp import web

from .receiver import DEFAULT_MAX_BODY, Answer, WebhookReceiver
from .signature import DEFAULT_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .dedupe import EventStore
    from .receiver import SecretSource
    from .router import Router

__all__ = ["aiohttp_handler"]

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
            answer = await receiver.receive(request.content.iter_chunked(_CHUNK), request.headers)
        except web.RequestPayloadError:
            answer = Answer(400, b"the body is not encoded as its headers say")
            # aiohttp would go on reading what is left, and log as an error of this server that it cannot.
            request.content.feed_eof()
        response = web.Response(status=answer.status, body=answer.body, content_type=answer.content_type)
        if not request.content.at_eof():
            # What was not read is still coming, and the connection is of no use to another request.
            response.force_close()
        return response

    return handle
