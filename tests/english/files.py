"""Selection of the files whose text and names are checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .extract import COMMENT_MARKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SUFFIXES = {".py", ".md", ".yaml", *COMMENT_MARKS}
PLACES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "noxfile.py", "pyproject.toml")
FOLDERS = ("tripwire_async", "tests", "docs", ".github")
# The generated code repeats the descriptions of openapi.yaml. The word lists name the phrases that they forbid.
EXCLUDED = ("tripwire_async/_generated/", "tests/english/", "docs/_build/", "tests/contract/answers/")


def prose_files(paths: Iterable[Path] = ()) -> list[Path]:
    """Return the files below *paths*, or of the whole project, that hold prose; relative to the working directory."""
    chosen = list(paths) or [Path(place) for place in (*PLACES, *FOLDERS)]
    found = {file for path in chosen for file in _below(path)}
    return sorted(file for file in found if not file.as_posix().startswith(EXCLUDED))


def _below(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif not path.exists():
        msg = f"{path} does not exist"
        raise SystemExit(msg)
    for file in path.rglob("*"):
        if file.suffix in SUFFIXES and file.is_file() and not any(part == "__pycache__" for part in file.parts):
            yield file
