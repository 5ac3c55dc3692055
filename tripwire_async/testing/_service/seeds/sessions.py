"""The full detail of a seeded session."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final

from tripwire_async.testing.clock import rfc3339

from .devices import client_telemetry, device

if TYPE_CHECKING:
    from tripwire_async.testing._service.records import JsonObject

    from .visits import Visit

_STATUSES: Final = {"bot": "automated", "human": "human", "inconclusive": "uncertain"}
_CITIES: Final = (
    ("Berlin", "Berlin", "Germany", "DE", 52.52, 13.405, "Europe/Berlin", "10115"),
    ("Portland", "Oregon", "United States", "US", 45.515, -122.679, "America/Los_Angeles", "97201"),
    ("Lyon", "Auvergne-Rhone-Alpes", "France", "FR", 45.764, 4.836, "Europe/Paris", "69001"),
)


def session_detail(visit: Visit) -> JsonObject:
    """Return the detail of *visit*, which is the same for each call."""
    random = Random(visit.seed)  # noqa: S311 - test data
    is_bot = visit.verdict == "bot"
    persona = visit.visitor.persona
    hosted = is_bot or random.random() < 0.05
    return {
        "object": "session",
        "id": visit.id,
        "created_at": rfc3339(visit.started),
        "decision": _decision(visit),
        "highlights": _highlights(visit),
        "web_bot_auth": {"status": "absent", "domain": None} if is_bot else None,
        "network": _network(random, visit, hosted=hosted),
        "runtime_integrity": _integrity(visit),
        **_native(random, visit),
        "visitor_fingerprint": _fingerprint(visit),
        "connection_fingerprint": _connection(random, visit),
        "previous_decisions": [] if visit.is_provisional else [_decision(visit, preliminary=True)],
        "request": {
            "url": visit.url,
            "referrer": random.choice((None, "https://www.google.com/")),
            "user_agent": persona.user_agent,
        },
        "browser": {
            "name": persona.browser[0],
            "version": persona.browser[1],
            "major_version": persona.browser[1] and persona.browser[1].partition(".")[0],
            "engine": persona.browser[2],
        },
        "device": device(random, persona),
        "analysis_coverage": {
            "browser": True,
            "device": persona.screen is not None,
            "network": True,
            "runtime": persona.screen is not None,
            "behavioral": not visit.is_provisional,
            "visitor_identity": True,
        },
        "signals_fired": _signals(visit),
        "client_telemetry": client_telemetry(random, persona),
        "attribution": _attribution(visit),
    }


def _decision(visit: Visit, *, preliminary: bool = False) -> JsonObject:
    is_early = preliminary or visit.is_provisional
    return {
        "event_id": visit.event_id,
        "automation_status": _STATUSES[visit.verdict],
        "risk_score": visit.risk_score,
        "evaluation_phase": "snapshot" if is_early else "behavioral",
        "decision_status": "preliminary" if is_early else "final",
        "evaluated_at": rfc3339(visit.started + visit.evaluation_ms / 1000),
    }


def _highlights(visit: Visit) -> list[JsonObject]:
    if visit.verdict == "bot":
        return [
            {
                "key": "automation_runtime",
                "effect": "increases_risk",
                "importance": "high",
                "summary": "The browser is controlled by a program.",
                "evidence": [{"signal": "webdriver_present", "name": "WebDriver"}],
            }
        ]
    return [
        {
            "key": "consistent_device",
            "effect": "reduces_risk",
            "importance": "medium",
            "summary": "The claims of the device match its behavior.",
        }
    ]


def _network(random: Random, visit: Visit, *, hosted: bool) -> JsonObject:
    city = random.choice(_CITIES)
    return {
        "ip_address": visit.visitor.ip_address,
        "ip_version": "ipv4",
        "status": "ready",
        "summary": "Address of a data center." if hosted else "Residential address.",
        "location": {
            "city": city[0],
            "region": city[1],
            "country": city[2],
            "country_code": city[3],
            "latitude": city[4],
            "longitude": city[5],
            "timezone": city[6],
            "postal_code": city[7],
            "accuracy_radius_km": 20.0,
        },
        "routing": {"asn": "AS64500" if hosted else "AS64496", "organization": "Example Networks"},
        "anonymity": {
            "vpn": False,
            "proxy": hosted,
            "tor": False,
            "relay": False,
            "hosting": hosted,
            "residential_proxy": False,
            "callback_proxy": False,
            "provider": "Example Cloud" if hosted else None,
        },
        "reputation": {
            "listed": hosted,
            "categories": ["scanner"] if hosted else [],
            "suspicious_network": hosted,
        },
        "evidence": {
            "risk_signals": ["datacenter_ip"] if hosted else [],
            "operator_tags": [],
            "client_types": ["desktop"],
            "client_count": random.randint(1, 9),
        },
        "evaluated_at": rfc3339(visit.started + 0.1),
    }


def _integrity(visit: Visit) -> JsonObject:
    is_bot = visit.verdict == "bot"
    return {
        "tampering": "elevated" if is_bot else "clean",
        "developer_tools": "clean",
        "emulation": "notice" if is_bot else "clean",
        "virtualization": "high_risk" if is_bot else "clean",
        "privacy_hardening": "notice" if visit.verdict == "inconclusive" else "clean",
        "identity_spoofing": "elevated" if is_bot else "clean",
        "replay": "clean",
        "outdated_environment": "clean",
    }


def _native(random: Random, visit: Visit) -> JsonObject:
    """Return the fields of a mobile app's session; half of the iPhone sessions come from an app."""
    names = ("native_runtime_integrity", "native_app", "native_carrier", "native_motion_print", "device_identity")
    if visit.visitor.persona.platform != "iPhone" or random.random() < 0.5:
        return {**dict.fromkeys(names), "install_id": None}
    quiet: JsonObject = {"detected": False, "signals": []}
    axes = [{"bias": [0.01, -0.02, 0.005], "noise": [0.1, 0.12, 0.09]} for _ in range(2)]
    return {
        "native_runtime_integrity": {
            "platform": "ios",
            "jailbreak_or_root": {**quiet, "present_paths": []},
            "hooks": {"detected": False, "frida_ports": [], "prologue_anomaly_count": 0},
            "debugger": {"attached": False, "breakpoint_count": 0},
            "code_signing": {"invalid": False, "code_sign_valid": True},
            "simulator_or_emulator": {"detected": False, "is_ios_app_on_mac": False},
            "hardware_claims_mismatch": quiet,
            "sim_posture": quiet,
            "app_provenance": quiet,
            "debug_posture": {"detected": False, "get_task_allow": False, "risk_signals": []},
        },
        "native_app": {
            "bundle_id": "com.example.shop",
            "app_version": "7.2.0",
            "app_build": "7201",
            "install_time_epoch_ms": (visit.started - 86_400) * 1000,
            "provisioning_team": None,
        },
        "native_carrier": {
            "platform": "ios",
            "carrier_name": None,
            "country_iso": "de",
            "mcc": "262",
            "mnc": "01",
            "phone_type": None,
            "network_type": "5g",
            "radio_access": ["NR"],
        },
        "native_motion_print": {
            "platform": "ios",
            "sample_count": 200,
            "gyro": axes[0],
            "accel": axes[1],
            "mag": None,
        },
        "device_identity": {
            "object": "device_identity",
            "id": f"did_{random.getrandbits(64):016x}",
            "confidence": 0.98,
            "source": "attested",
            "platform": "ios",
            "identified_at": rfc3339(visit.started),
            "lifecycle": {
                "first_seen_at": rfc3339(visit.visitor.first_seen),
                "last_seen_at": rfc3339(visit.visitor.last_seen),
                "seen_count": visit.visitor.seen_count,
            },
            "matched_anchors": ["keychain"],
        },
        "install_id": f"ins_{random.getrandbits(64):016x}",
    }


def _fingerprint(visit: Visit) -> JsonObject:
    return {
        **visit.summary()["visitor_fingerprint"],
        "lifecycle": {
            "first_seen_at": rfc3339(visit.visitor.first_seen),
            "last_seen_at": rfc3339(visit.visitor.last_seen),
            "seen_count": visit.visitor.seen_count,
        },
    }


def _connection(random: Random, visit: Visit) -> JsonObject:
    is_known = visit.verdict != "inconclusive"
    reference: dict[str, Any] = {
        "label": "Chrome on Linux",
        "source": "observed",
        "protocol": "tls",
        "tls_version": "1.3",
        "sni": "present",
        "alpn": "h2",
        "cipher_count": {"min": 15, "max": 16},
        "ext_count": {"min": 16, "max": 18},
        "sample_size": 4_000,
        "verified": True,
    }
    return {
        "ja4": {
            "hash": f"t13d1516h2_{random.getrandbits(48):012x}_{random.getrandbits(48):012x}",
            "profile": "browser" if is_known else None,
            "family": "chromium" if is_known else None,
            "product": None,
            "confidence": "high" if is_known else None,
            "match_source": "exact" if is_known else None,
            "deterministic": is_known,
            "reference": reference if is_known else None,
        },
        "http2": {"akamai_fingerprint": "1:65536;4:6291456|15663105|0|m,a,s,p", "profile": None},
        "user_agent_alignment": "mismatch" if visit.verdict == "bot" else "match",
    }


def _signals(visit: Visit) -> list[JsonObject]:
    if visit.verdict == "human":
        return []
    return [
        {
            "signal": "webdriver_present",
            "role": "primary",
            "category": "runtime",
            "strength": "strong" if visit.verdict == "bot" else "weak",
            "signal_score": visit.risk_score,
        }
    ]


def _attribution(visit: Visit) -> JsonObject | None:
    name = visit.visitor.persona.bot
    if name is None:
        return None
    label = {"kind": "tool", "value": name.lower(), "label": name, "confidence": 92}
    behavior = {"channel": "mouse", "value": "linear", "label": "Straight lines", "confidence": 81}
    return {"labels": [label], "behaviors": [behavior]}
