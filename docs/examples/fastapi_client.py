"""One client in an application of FastAPI; it needs the variables that ``serve`` prints."""
# No `from __future__ import annotations`: FastAPI evaluates the annotations of its handlers.

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI, Request

from tripwire_async import AsyncTripwire


# [app]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Create the client when the application starts, and close it when the application ends."""
    async with AsyncTripwire() as tripwire:
        app.state.tripwire = tripwire
        yield


def make_app() -> FastAPI:
    """Return the application."""
    app = FastAPI(lifespan=lifespan)

    @app.get("/endpoints")
    async def endpoints(request: Request) -> list[str]:
        tripwire: AsyncTripwire = request.app.state.tripwire
        page = await tripwire.webhooks.list_endpoints(os.environ["TRIPWIRE_ORGANIZATION"])
        return [endpoint.url for endpoint in page]

    return app


# [end]
if __name__ == "__main__":
    uvicorn.run(make_app(), host="127.0.0.1", port=int(os.environ.get("PORT", "8000")))
