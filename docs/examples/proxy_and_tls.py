"""Send all requests through an HTTP proxy, with an own aiohttp session."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from tripwire_async import AsyncTripwire
from tripwire_async.testing import TripwireServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


# [tls]
def own_certificates(ca_file: str, certificate: str, key: str) -> aiohttp.TCPConnector:
    """Return a connector that trusts a private CA and presents a client certificate."""
    context = ssl.create_default_context(cafile=ca_file)
    context.load_cert_chain(certificate, key)
    return aiohttp.TCPConnector(ssl=context)


# [proxy]
async def list_through(proxy: str, server: TripwireServer) -> None:
    """List the endpoints through *proxy*; the caller's session is not closed by the client."""
    async with (
        aiohttp.ClientSession(proxy=proxy) as session,
        AsyncTripwire(server.secret_key, base_url=server.base_url, session=session) as tripwire,
    ):
        endpoints = await tripwire.webhooks.list_endpoints(server.organization_id)
        print(len(endpoints), "endpoint")


# [main]
@asynccontextmanager
async def run_proxy() -> AsyncIterator[str]:
    """Run a proxy for plain HTTP that prints each request."""

    async def forward(request: web.BaseRequest) -> web.Response:
        print("through the proxy:", request.method, request.url.host)
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method, request.url, headers=request.headers, data=await request.read()
            ) as reply,
        ):
            return web.Response(
                status=reply.status, body=await reply.read(), content_type=reply.content_type
            )

    runner = web.ServerRunner(web.Server(forward))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def main() -> None:
    """Start a test server and a proxy."""
    async with TripwireServer() as server, run_proxy() as proxy:
        server.add_endpoint("https://example.com/hook")
        await list_through(proxy, server)


if __name__ == "__main__":
    asyncio.run(main())
