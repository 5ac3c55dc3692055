"""The architecture page: its table of files and its diagrams."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXPLANATION = ROOT / "docs" / "explanation"
PAGE = (EXPLANATION / "architecture.md").read_text(encoding="utf-8")


def test_every_file_of_the_table_exists() -> None:
    """A newcomer follows the table, so a renamed file must be renamed there too."""
    files = re.findall(r"^\| .* \| `([\w/]+\.\w+)` \|$", PAGE, flags=re.MULTILINE)
    assert len(files) >= 28
    assert not [file for file in files if not (ROOT / "tripwire_async" / file).is_file()]


def test_the_diagram_shows_every_layer() -> None:
    """The import contract defines the layers."""
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("layers = [")[2].partition("]")[0]
    layers = {name.strip() for line in re.findall(r'"(.+?)"', contract) for name in re.split(r"[|:]", line)}
    shown = re.sub(r"<[^>]+>", " ", (EXPLANATION / "layers.svg").read_text(encoding="utf-8"))
    assert not {name for name in layers if name not in shown} - {
        "_codegen",
        "__main__",
        "_lazy",
        "_logger",
        "_version",
    }


@pytest.mark.parametrize("diagram", sorted((ROOT / "docs").glob("*/*.svg")), ids=lambda path: path.stem)
def test_a_diagram_is_described_and_follows_the_color_scheme(diagram: Path) -> None:
    """It is read aloud by its title and description, and drawn in the colors of the theme."""
    text = diagram.read_text(encoding="utf-8")
    root = ET.fromstring(text)  # noqa: S314 - a file of this repository
    namespace = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{namespace}title") is not None
    assert root.find(f"{namespace}desc") is not None
    assert "var(--color-foreground-primary" in text
    assert "prefers-color-scheme: dark" in text
