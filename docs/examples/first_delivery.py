"""Send a test webhook to a local receiver and wait for its delivery."""

# [imports]
from __future__ import annotations

import asyncio

from aiohttp import web

from tripwire_async import AsyncTripwire
from tripwire_async.receiver import verify_signature
from tripwire_async.testing import TripwireServer


# [hook]
async def serve_hook(secret_of: dict[str, str]) -> tuple[web.AppRunner, str]:
    """Listen on a free port; return the runner to clean up, and the URL of the hook."""

    async def hook(request: web.Request) -> web.Response:
        body = await request.read()
        verify_signature(body, request.headers, secret_of["hook"])
        print("received, and the signature is valid")
        return web.Response(text="thank you")

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/hook"


# [main]
async def main() -> None:
    """Start a test server and a receiver, send a test and wait."""
    async with TripwireServer() as server:
        secret_of: dict[str, str] = {}
        runner, url = await serve_hook(secret_of)
        endpoint = server.add_endpoint(url)
        secret_of["hook"] = endpoint.signing_secret
        try:
            async with AsyncTripwire(server.secret_key, base_url=server.base_url) as tripwire:
                pending = await tripwire.webhooks.send_test(server.organization_id, endpoint.id)
                print("sent")
                delivery = await pending.settled(timeout=60)
                print(f"{delivery.status}: {delivery.response_body}")
        finally:
            await runner.cleanup()


# [run]
if __name__ == "__main__":
    asyncio.run(main())
