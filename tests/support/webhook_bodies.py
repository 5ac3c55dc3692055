"""Webhooks of every type, as the API documents them."""

from __future__ import annotations

import json
from typing import Any

from tripwire_async._codec.converter import unstructure
from tripwire_async.gate_delivery import generate_key_pair
from tripwire_async.receiver import sign_webhook

SECRET = "whsec_3f9d1c"
NOW = 1_774_382_400
PAIR = generate_key_pair()

REQUEST = {"url": "https://shop.example/", "user_agent": "Mozilla/5.0", "ip_address": "203.0.113.7"}
DATA: dict[str, dict[str, Any]] = {
    "session.result.persisted": {
        "object": "session_result",
        "session": {"id": "sid_0123456789abcdefghjkmnpqrs"},
        "event": {
            "id": "evt_0123456789abcdefghjkmnpqrs",
            "scoring_event_id": "evt_0123456789abcdefghjkmnpqrs",
            "phase": "behavioral",
            "is_provisional": False,
            "persisted_at": "2026-03-24T20:00:00.000Z",
        },
        "decision": {"verdict": "bot", "risk_score": 91, "score": 0.91, "manipulation": None},
        "visitor_fingerprint": None,
        "request": REQUEST,
        "score_breakdown": {"categories": {}},
        "signals": [],
        "attribution": {},
    },
    "session.fingerprint.calculated": {
        "object": "session_fingerprint",
        "session": {"id": "sid_0123456789abcdefghjkmnpqrs"},
        "visitor_fingerprint": {
            "id": "vid_0123456789abcdefghjkmnpqrs",
            "confidence": 97,
            "identified_at": "2026-03-24T20:00:00.000Z",
        },
        "request": REQUEST,
        "calculated_at": "2026-03-24T20:00:00.000Z",
    },
    "gate.session.approved": {
        "service_id": "acme-prod",
        "gate_session_id": "gs_1",
        "gate_account_id": "ga_1",
        "account_name": "Ada",
        "metadata": None,
        "tripwire": {"verdict": "human", "score": 0.1},
        "delivery": unstructure(PAIR.request),
    },
    "webhook.test": {"object": "webhook_test", "endpoint": {"id": "we_0123456789abcdef0123456789abcdef"}},
}


def envelope(event_type: str, event_id: str = "wevt_0123456789abcdef0123456789abcdef", **change: Any) -> dict[str, Any]:
    """Return an event as a dict, with the fields of *change* replaced."""
    return {
        "id": event_id,
        "object": "webhook_event",
        "type": event_type,
        "created": "2026-03-24T20:00:00.000Z",
        "data": DATA.get(event_type, {"anything": [1]}),
    } | change


def body_of(event_type: str, event_id: str = "wevt_0123456789abcdef0123456789abcdef", **change: Any) -> bytes:
    """Return an event as the body of a webhook."""
    return json.dumps(envelope(event_type, event_id, **change)).encode()


def headers_of(body: bytes) -> dict[str, str]:
    """Return the signed headers for *body*."""
    return sign_webhook(body, SECRET, NOW)
