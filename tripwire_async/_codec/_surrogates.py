"""Repair of JSON strings with lone surrogates, which some languages produce when they cut a string in two."""

from __future__ import annotations

import json
import re
from typing import Final

_LONE: Final = re.compile("[\ud800-\udfff]")


def replace_lone_surrogates(data: bytes) -> bytes | None:
    """Return the JSON in *data* with U+FFFD for each escaped lone surrogate; None if it has none, or is not JSON."""
    if b"\\ud" not in data and b"\\uD" not in data:
        return None
    try:
        text = json.dumps(json.loads(data), ensure_ascii=False)
    except (ValueError, RecursionError):
        return None
    repaired, count = _LONE.subn("\N{REPLACEMENT CHARACTER}", text)
    return repaired.encode() if count else None
