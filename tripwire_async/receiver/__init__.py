"""Receiving webhooks: verification, event models, dispatch to handlers.

`verify_signature`, `parse_event` and `receive_event` work on bytes and headers alone. `Router` dispatches events to
handlers. `WebhookReceiver` is a complete endpoint without a web framework, and `aiohttp_handler` adapts it to
aiohttp.web.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async._lazy import lazy_exports

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


# aiohttp.web is imported on first use: other frameworks do without it.
__getattr__, __dir__ = lazy_exports(__name__, {"aiohttp_handler": ".aiohttp_web"})
