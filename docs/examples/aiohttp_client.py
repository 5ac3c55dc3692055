"""One client in an application of aiohttp; it needs the variables that ``serve`` prints."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from aiohttp import web

from tripwire_async import AsyncTripwire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# [app]
CLIENT = web.AppKey("client", AsyncTripwire)


async def client_context(app: web.Application) -> AsyncIterator[None]:
    """Create the client when the application starts, and close it when the application ends."""
    async with AsyncTripwire() as tripwire:
        app[CLIENT] = tripwire
        yield


async def endpoints(request: web.Request) -> web.Response:
    """List the URLs of the endpoints."""
    page = await request.app[CLIENT].webhooks.list_endpoints(
        os.environ["TRIPWIRE_ORGANIZATION"]
    )
    return web.json_response([endpoint.url for endpoint in page])


def make_app() -> web.Application:
    """Return the application."""
    app = web.Application()
    app.cleanup_ctx.append(client_context)
    app.router.add_get("/endpoints", endpoints)
    return app


# [end]
if __name__ == "__main__":
    web.run_app(make_app(), host="127.0.0.1", port=int(os.environ.get("PORT", "8000")))
