"""The description as JSON, which the test server publishes and programs without PyYAML can read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .document import Document


def render_json(document: Document) -> str:
    """Return *document* as one line of JSON."""
    return json.dumps(document.root.value, ensure_ascii=False, separators=(",", ":")) + "\n"
