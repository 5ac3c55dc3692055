"""An endpoint in Starlette: ``uvicorn --factory docs.examples.receiver_starlette:make_app``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from docs.examples.receiver_aiohttp import router, secrets_from_environment
from tripwire_async.receiver import SecretSource, WebhookReceiver

if TYPE_CHECKING:
    from starlette.requests import Request


# [app]
def make_app(secret: SecretSource = secrets_from_environment) -> Starlette:
    """Return the application."""
    receiver = WebhookReceiver(router, secret)

    async def hook(request: Request) -> Response:
        answer = await receiver.receive(request.stream(), request.headers)
        return Response(answer.body, answer.status, media_type=answer.content_type)

    return Starlette(routes=[Route("/hook", hook, methods=["POST"])])


# [end]
