"""Assignment of the models to the pages of their reference."""

from __future__ import annotations

import re

from tripwire_async.models import _EXPORTS

# For each page: the module of generated models, and the names on the page.
MODEL_PAGES = {
    "sessions": (
        "sessions",
        r"(?!Session(?:Native|RawDevice|Device|Network|Connection|Browser|ClientTelemetry|UserAgent|Ip)).*",
    ),
    "session-devices": ("sessions", r"Session(?:RawDevice|Device|Browser|ClientTelemetry).*"),
    "session-networks": ("sessions", r"Session(?:Network|Connection|UserAgent|Ip).*"),
    "session-apps": ("sessions", r"SessionNative.*"),
    "fingerprints": ("fingerprints", r".*"),
    "organizations": ("organizations", r".*"),
    "api-keys": ("api_keys", r".*"),
    "webhooks": ("webhooks", r".*"),
    "events": ("events", r".*"),
    "gate-services": ("gate", r"(?!\w*GateSession).*"),
    "gate-sessions": ("gate", r"\w*GateSession.*"),
    "errors": ("errors", r".*"),
    "shared": ("shared", r".*"),
}


def models_on(page: str) -> list[str]:
    """Return the names of the models on *page* of the reference."""
    module, pattern = MODEL_PAGES[page]
    names = (name for name, source in _EXPORTS.items() if source.endswith(f".{module}"))
    return [name for name in names if re.fullmatch(pattern, name)]
