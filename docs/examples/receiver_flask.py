"""Webhook endpoint in Flask. TRIPWIRE_SIGNING_SECRET is the signing secret."""

from __future__ import annotations

import asyncio
import logging
import os
import threading

from flask import Flask, Response, request

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


def make_app(secret: SecretSource = secrets_from_environment) -> Flask:
    """Return the application; all handlers run on one event loop in a background thread."""
    app = Flask(__name__)
    receiver = WebhookReceiver(router, secret)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    def hook() -> Response:
        coroutine = receiver.respond(request.get_data(), dict(request.headers))
        reply = asyncio.run_coroutine_threadsafe(coroutine, loop).result()
        return Response(reply.body, reply.status, content_type=reply.content_type)

    app.add_url_rule("/hook", view_func=hook, methods=["POST"])
    return app


# [end]
if __name__ == "__main__":
    logging.basicConfig()  # prints why a webhook was rejected
    make_app().run(host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
