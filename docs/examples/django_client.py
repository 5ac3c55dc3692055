"""One client in an application of Django; it needs the variables that ``serve`` prints."""

from __future__ import annotations

import os
from typing import Any

import uvicorn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import JsonResponse
from django.urls import path

from tripwire_async import AsyncTripwire


# [app]
def make_view(tripwire: AsyncTripwire) -> Any:
    """Return an async view that uses the client."""

    async def endpoints(_: Any) -> Any:
        page = await tripwire.webhooks.list_endpoints(os.environ["TRIPWIRE_ORGANIZATION"])
        return JsonResponse([endpoint.url for endpoint in page], safe=False)

    return endpoints


def close_at_shutdown(app: Any, tripwire: AsyncTripwire) -> Any:
    """Return the ASGI application *app*, which closes the client when the server stops."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await tripwire.close()
        await send({"type": "lifespan.shutdown.complete"})

    return application


# [end]
urlpatterns: list[Any] = []


def make_app(tripwire: AsyncTripwire) -> Any:
    """Return the application of a project with this one view."""
    urlpatterns[:] = [path("endpoints", make_view(tripwire))]
    if not settings.configured:
        settings.configure(
            ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], SECRET_KEY=os.urandom(32).hex()
        )
    return close_at_shutdown(get_asgi_application(), tripwire)


if __name__ == "__main__":
    uvicorn.run(
        make_app(AsyncTripwire()), host="127.0.0.1", port=int(os.environ.get("PORT", "8000"))
    )
