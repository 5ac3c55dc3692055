"""Webhook endpoint in aiohttp. TRIPWIRE_SIGNING_SECRET is the signing secret."""

from __future__ import annotations

import logging
import os

from aiohttp import web

from tripwire_async.receiver import (
    GateSessionApprovedEvent,
    Router,
    SecretSource,
    SessionResultPersistedEvent,
    WebhookEvent,
    aiohttp_handler,
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


def make_app(secret: SecretSource = secrets_from_environment) -> web.Application:
    """Return the application."""
    app = web.Application()
    app.router.add_post("/hook", aiohttp_handler(router, secret))
    return app


# [end]
if __name__ == "__main__":
    logging.basicConfig()  # prints why a webhook was rejected
    web.run_app(make_app(), host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
