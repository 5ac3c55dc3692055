"""The other end of a webhook: being the endpoint that the service posts to.

`verify_signature`, `parse_event` and `receive_event` work on bytes and headers alone. `Router` hands events to
handlers. `WebhookReceiver` is a whole endpoint apart from the web framework, and `aiohttp_handler` puts one into
aiohttp.web.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .dedupe import Claim, EventStore, RecentEvents
from .events import (
    GateSessionApprovedEvent,
    SessionFingerprintCalculatedEvent,
    SessionResultPersistedEvent,
    UnknownEvent,
    WebhookEvent,
    WebhookTestEvent,
    parse_event,
    receive_event,
)
from .receiver import DEFAULT_MAX_BODY, SecretSource, WebhookReceiver
from .respond import WebhookResponse
from .router import Router
from .signature import DEFAULT_TOLERANCE, sign_webhook, verify_signature

if TYPE_CHECKING:
    from .aiohttp_web import aiohttp_handler

__all__ = [
    "DEFAULT_MAX_BODY",
    "DEFAULT_TOLERANCE",
    "Claim",
    "EventStore",
    "GateSessionApprovedEvent",
    "RecentEvents",
    "Router",
    "SecretSource",
    "SessionFingerprintCalculatedEvent",
    "SessionResultPersistedEvent",
    "UnknownEvent",
    "WebhookEvent",
    "WebhookReceiver",
    "WebhookResponse",
    "WebhookTestEvent",
    "aiohttp_handler",
    "parse_event",
    "receive_event",
    "sign_webhook",
    "verify_signature",
]


def __getattr__(name: str) -> object:
    # aiohttp.web is imported by those who use it; other frameworks need only the rest.
    if name == "aiohttp_handler":
        from .aiohttp_web import aiohttp_handler  # noqa: PLC0415 - see above

        return aiohttp_handler
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
