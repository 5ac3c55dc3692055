"""Device data of seeded sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from tripwire_async.testing._service.records import JsonObject

    from .personas import Persona


def device(random: Random, persona: Persona) -> JsonObject:
    """Return the summary of the device of *persona*."""
    runs = persona.screen is not None
    has = runs or None
    return {
        "form_factor": persona.form,
        "operating_system": {"name": persona.system[0], "version": persona.system[1]},
        "architecture": random.choice(("x86_64", "arm64")) if runs else None,
        "screen": {
            "size": persona.screen,
            "color_depth": 24 if runs else None,
            "pixel_ratio": 2.0 if persona.is_touch else 1.0,
            "orientation_type": "portrait-primary" if persona.is_touch else "landscape-primary",
        },
        "locale": {
            "timezone": "Europe/Berlin" if runs else None,
            "primary_language": persona.languages[0] if persona.languages else None,
            "languages": list(persona.languages),
        },
        "capabilities": {
            "touch": {"available": persona.is_touch, "max_touch_points": 5 if persona.is_touch else 0},
            "storage": {
                "cookies": has,
                "local_storage": has,
                "indexed_db": has,
                "service_worker": has,
                "window_name": has,
            },
            "webgpu": {"available": runs and persona.bot is None},
            "platform_authenticator": {"available": persona.is_touch, "conditional_mediation": None},
            "media_devices": {"available": has},
            "speech_synthesis": {"available": has},
        },
    }


def client_telemetry(random: Random, persona: Persona) -> JsonObject:
    """Return the browser telemetry of *persona*, mostly hashes; null where no script ran."""
    runs = persona.screen is not None

    def digest() -> str | None:
        return f"{random.getrandbits(64):016x}" if runs else None

    def count(most: int) -> int | None:
        return random.randint(0, most) if runs else None

    has = runs or None
    return {
        "navigator": {
            "platform": persona.platform or None,
            "vendor": "Google Inc." if persona.browser[2] == "Blink" else None,
            "hardware_concurrency": 8 if runs else None,
            "device_memory": 8.0 if runs else None,
            "max_touch_points": 5 if persona.is_touch else 0,
            "pdf_viewer_enabled": has,
            "cookie_enabled": has,
            "product_sub": "20030107" if runs else None,
            "primary_language": persona.languages[0] if persona.languages else None,
            "languages": list(persona.languages),
            "mime_types_count": 2 if runs else None,
            "plugins": ["PDF Viewer"] if runs else [],
        },
        "storage": {
            "cookies": has,
            "local_storage": has,
            "session_storage": has,
            "indexed_db": has,
            "service_worker": has,
            "window_name": has,
        },
        "canvas": {
            "hash": digest(),
            "geometry_hash": digest(),
            "text_hash": digest(),
            "winding": has,
            "noise_detected": False if runs else None,
            "offscreen_consistent": has,
        },
        "graphics": {
            "webgl": {
                "vendor": "WebKit" if runs else None,
                "renderer": persona.renderer,
                "version": "WebGL 2.0" if runs else None,
                "shading_language_version": "WebGL GLSL ES 3.00" if runs else None,
                "parameters_hash": digest(),
                "extensions_hash": digest(),
                "extension_parameters_hash": digest(),
                "shader_precision_hash": digest(),
            },
            "webgpu": {
                "available": runs and persona.bot is None,
                "adapter_vendor": None,
                "adapter_architecture": None,
                "fallback_adapter": None,
                "features_hash": None,
                "limits_hash": None,
            },
        },
        "audio": {
            # Hashes can be numbers, too.
            "hash": 124.04347527516074 if runs else None,
            "sample_rate": 48_000.0 if runs else None,
            "channel_count": 2 if runs else None,
            "voice_count": count(60),
            "local_voice_count": count(20),
            "default_voice_lang": persona.languages[0] if persona.languages else None,
            "noise_detected": False if runs else None,
        },
        "fonts": {
            "detected_count": count(300),
            "tested_count": 512 if runs else None,
            "enumeration_hash": digest(),
            "metrics_hash": digest(),
            "preferences_hash": digest(),
            "emoji_hash": digest(),
        },
        "media": {
            "device_count": 3 if runs else None,
            "counts_by_kind": {"audioinput": 1, "audiooutput": 1, "videoinput": 1} if runs else {},
            "blank_label_count": 3 if runs else None,
            "topology_hash": digest(),
        },
    }
