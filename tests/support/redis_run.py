"""What a journal in Redis keeps of a run, for tests that damage it."""

from __future__ import annotations

import json
from typing import Any, Final

VALUES: Final[dict[str, str]] = {
    "format": "1",
    "id": "r1",
    "organization_id": "org_" + 26 * "0",
    "base_url": "https://api.example",
    "until": "settled",
    "endpoints": "1",
    "digest": "d",
    "created": "1774382400000",
}
FOUND: Final[list[Any]] = [b"found", json.dumps(VALUES).encode(), [b"sending", b"1"], 1, b"1774382400000"]
"""Reply of the step ``begin`` for that run."""
