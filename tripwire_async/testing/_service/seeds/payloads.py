"""Data of webhook events about a seeded session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tripwire_async.testing.clock import rfc3339

if TYPE_CHECKING:
    from tripwire_async.testing._service.records import JsonObject

    from .visits import Visit


def payload(event_type: str, visit: Visit) -> JsonObject:
    """Return the data of an event of *event_type*, one of the two session events, about *visit*."""
    if event_type == "session.result.persisted":
        return _result(visit)
    if event_type == "session.fingerprint.calculated":
        return _fingerprint(visit)
    msg = f"event_type {event_type!r} has no default data: pass data="
    raise ValueError(msg)


def _result(visit: Visit) -> JsonObject:
    decision = visit.decision()
    return {
        "object": "session_result",
        "session": {"id": visit.id},
        "event": {
            "id": visit.event_id,
            "scoring_event_id": visit.event_id,
            "phase": decision["phase"],
            "is_provisional": decision["is_provisional"],
            "persisted_at": decision["evaluated_at"],
        },
        "decision": {
            "verdict": decision["verdict"],
            "risk_score": decision["risk_score"],
            "score": decision["risk_score"] / 100,
            "manipulation": decision["manipulation"],
        },
        "visitor_fingerprint": {"id": visit.visitor.id},
        "request": _request(visit),
        "score_breakdown": {"categories": {"runtime": decision["risk_score"]}},
        "signals": [{"id": "webdriver_present", "category": "runtime", "confidence": "strong", "score": 0.9}],
        "attribution": {"bot": None},
    }


def _fingerprint(visit: Visit) -> JsonObject:
    return {
        "object": "session_fingerprint",
        "session": {"id": visit.id},
        "visitor_fingerprint": {
            "id": visit.visitor.id,
            "confidence": 100 - visit.risk_score // 3,
            "identified_at": rfc3339(visit.started + 0.2),
        },
        "request": _request(visit),
        "calculated_at": rfc3339(visit.started + 0.2),
    }


def _request(visit: Visit) -> JsonObject:
    request = {name: value for name, value in visit.request().items() if value is not None}
    return {**request, "platform": visit.visitor.persona.platform or None}
