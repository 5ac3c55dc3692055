"""An endpoint in FastAPI: ``uvicorn --factory docs.examples.receiver_fastapi:make_app``."""
# Without `from __future__ import annotations`: FastAPI reads the types of the function's arguments at run time.

from fastapi import FastAPI, Request, Response

from docs.examples.receiver_aiohttp import router, secrets_from_environment
from tripwire_async.receiver import SecretSource, WebhookReceiver


# [app]
def make_app(secret: SecretSource = secrets_from_environment) -> FastAPI:
    """Return the application."""
    app = FastAPI()
    receiver = WebhookReceiver(router, secret)

    @app.post("/hook")
    async def hook(request: Request) -> Response:
        answer = await receiver.receive(request.stream(), request.headers)
        return Response(answer.body, answer.status, media_type=answer.content_type)

    return app


# [end]
