"""Fields that Foil adds to sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .sessions import session_detail

if TYPE_CHECKING:
    from tripwire_async.testing._service.records import JsonObject

    from .visits import Visit


def foil_summary(visit: Visit) -> JsonObject:
    """Return *visit* as Foil's lists show it."""
    return {**visit.summary(), "client_user_id": visit.client_user_id}


def foil_detail(visit: Visit) -> JsonObject:
    """Return all that Foil knows about *visit*."""
    detail = session_detail(visit)
    is_embedded = visit.visitor.persona.platform == "iPhone" and detail["native_app"] is None
    detail["client_user_id"] = visit.client_user_id
    detail["behavior"] = _behavior() if visit.has_behavior else None
    detail["visitor_fingerprint"]["resolution"] = _resolution(visit)
    detail["browser"]["app_name"] = "Instagram" if is_embedded else None
    # Browsers of the seeded visitors send no device model.
    detail["client_telemetry"]["navigator"]["model"] = None
    return detail


def _resolution(visit: Visit) -> JsonObject:
    if visit.started == visit.visitor.first_seen:
        return {"method": "new", "basis": None}
    if visit.visitor.persona.bot is not None:
        return {"method": "fingerprint", "basis": "probabilistic"}
    return {"method": "continuity", "basis": "deterministic"}


def _behavior() -> JsonObject:
    return {
        "assessment": {"tier": "elevated", "findings": ["The email address was pasted.", "No field was corrected."]},
        "fields": [
            _field(3_141_592_653.0, "Email", "email", "pasted", "notice", typed=0.0, pastes=1.0),
            _field(2_718_281_828.0, None, "password", "typed_with_edits", "manual", typed=14.0, pastes=0.0),
        ],
        "coverage": {"fields_tracked": 2.0, "fields_dropped": 0.0, "complete": True},
    }


def _field(
    hash_: float, name: str | None, role: str, entry_mode: str, tone: str, *, typed: float, pastes: float
) -> JsonObject:
    return {
        "field_hash": hash_,
        "display_name": name,
        "field_role": role,
        "entry_mode": entry_mode,
        "tone": tone,
        "mechanics": {
            "input_count": typed + pastes,
            "typed_chars": typed,
            "paste_count": pastes,
            "correction_count": 2.0 if typed else 0.0,
            "dwell_ms": 5_400.0 if typed else 800.0,
            "median_interval_ms": 142.0 if typed else None,
            "interval_cv": 0.41 if typed else None,
        },
    }
