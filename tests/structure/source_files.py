"""Handwritten source files of the project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
_PACKAGE = ROOT / "tripwire_async"


def handwritten(*suffixes: str, folders: tuple[str, ...] = ("tripwire_async", "tests", "docs")) -> Iterator[Path]:
    """Yield the files in *folders* that end with one of *suffixes* and are not generated."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            is_generated = path.is_relative_to(_PACKAGE / "_generated") or path == _PACKAGE / "models.py"
            if path.suffix in suffixes and not is_generated and "_build" not in path.parts:
                yield path


def name(path: Path) -> str:
    """Return *path* relative to the project."""
    return path.relative_to(ROOT).as_posix()
