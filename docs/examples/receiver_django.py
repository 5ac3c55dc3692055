"""Webhook endpoint in Django. TRIPWIRE_SIGNING_SECRET is the signing secret."""

from __future__ import annotations

import logging
import os
from typing import Any

import uvicorn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tripwire_async.receiver import (
    GateSessionApprovedEvent,
    Router,
    SecretSource,
    SessionResultPersistedEvent,
    WebhookEvent,
    WebhookReceiver,
)

# [handlers]
router = Router()


@router.on("session.result.persisted")
async def check_verdict(event: SessionResultPersistedEvent) -> None:
    """React to a bot."""
    if event.data.decision is not None and event.data.decision.verdict == "bot":
        print("a bot in session", event.data.session.id)


@router.on("gate.session.approved")
async def issue_key(event: GateSessionApprovedEvent) -> dict[str, str]:
    """Return the credentials of the approved account; the response encrypts them."""
    return {"ACME_API_KEY": f"acme-key-of-{event.data.gate_account_id}"}


@router.default
def log_event(event: WebhookEvent) -> None:
    """Log events of other types, including types that do not exist yet."""
    print("an event of type", event.type)


# [app]
def secrets_from_environment() -> list[str]:
    """Return the valid signing secrets, separated by a space: two during a rotation."""
    return os.environ["TRIPWIRE_SIGNING_SECRET"].split()


def make_view(secret: SecretSource = secrets_from_environment) -> Any:
    """Return an async view without CSRF checks: the signature authenticates the request."""
    receiver = WebhookReceiver(router, secret)

    async def hook(request: Any) -> Any:
        reply = await receiver.respond(request.body, request.headers)
        return HttpResponse(reply.body, status=reply.status, content_type=reply.content_type)

    return csrf_exempt(hook)


# [end]
urlpatterns: list[Any] = []


def make_app(secret: SecretSource = secrets_from_environment) -> Any:
    """Return the application of a project with this one view."""
    urlpatterns[:] = [path("hook", make_view(secret))]
    if not settings.configured:
        settings.configure(
            ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], SECRET_KEY=os.urandom(32).hex()
        )
    return get_asgi_application()


if __name__ == "__main__":
    logging.basicConfig()  # prints why a webhook was rejected
    uvicorn.run(make_app(), host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
