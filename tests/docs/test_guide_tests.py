"""Tests that the guides show."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.shown_code import BLOCK

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"


def test_every_asynchronous_test_of_a_guide_is_marked() -> None:
    """Copied into a project without settings, pytest-asyncio runs it."""
    # The programs have functions that send tests.
    texts = [
        BLOCK.sub(lambda block: "" if "/examples/" in block[2] else block[0], page.read_text(encoding="utf-8"))
        for page in HOW_TO.glob("*.md")
    ]
    shown = [found for text in texts for found in re.findall(r"^(.*)\nasync def (test_\w+)", text, flags=re.MULTILINE)]
    assert {"test_the_header_is_added", "test_an_event_is_received"} < {name for _, name in shown}
    assert [] == [name for line, name in shown if "@pytest.mark.asyncio" != line]
