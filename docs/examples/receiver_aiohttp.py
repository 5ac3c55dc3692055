"""An endpoint in aiohttp.web: ``python -m aiohttp.web -P 8080 docs.examples.receiver_aiohttp:make_app``."""

from __future__ import annotations

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
async def judge(event: SessionResultPersistedEvent) -> None:
    """Do what is to be done about a bot."""
    if event.data.decision.verdict == "bot":
        print("a bot in session", event.data.session.id)


@router.on("gate.session.approved")
async def issue_key(event: GateSessionApprovedEvent) -> dict[str, str]:
    """Return the credentials for the account that was approved; they are encrypted on their way."""
    return {"ACME_API_KEY": f"acme-key-of-{event.data.gate_account_id}"}


@router.default
def note(event: WebhookEvent) -> None:
    """Take what nothing else takes, so that a type which is new does not go by unseen."""
    print("an event of type", event.type)


# [app]
def secrets_from_environment() -> list[str]:
    """Return the secrets that are valid now: while one is rotated, two of them, with a space between."""
    return os.environ["TRIPWIRE_WEBHOOK_SECRET"].split()


def make_app(_: list[str] | None = None, secret: SecretSource = secrets_from_environment) -> web.Application:
    """Return the application; the first argument is what ``python -m aiohttp.web`` passes."""
    app = web.Application()
    app.router.add_post("/hook", aiohttp_handler(router, secret))
    return app


# [end]
