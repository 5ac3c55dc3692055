"""Tests that the guides show."""

from __future__ import annotations

import re
from pathlib import Path

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"


def test_every_asynchronous_test_of_a_guide_is_marked() -> None:
    """Copied into a project without settings, pytest-asyncio runs it."""
    shown = [
        found
        for page in HOW_TO.glob("*.md")
        for found in re.findall(r"^(.*)\nasync def (test_\w+)", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    ]
    assert shown
    assert [] == [name for line, name in shown if "@pytest.mark.asyncio" != line]
