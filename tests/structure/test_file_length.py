"""Length of handwritten source files."""

from __future__ import annotations

import statistics

import pytest

from tests.structure.source_files import ROOT, handwritten, name


def line_counts(*folders: str) -> dict[str, int]:
    """Return the number of lines of each handwritten file in *folders*, without empty packages."""
    files = handwritten(".py", ".lua", ".js", ".css", folders=folders)
    counts = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    return {path: lines for path, lines in counts.items() if lines > 1}


def test_no_file_is_longer_than_400_lines() -> None:
    """A longer file holds more than one idea and is split."""
    counts = line_counts("tripwire_async", "tests", "docs")
    counts["noxfile.py"] = len((ROOT / "noxfile.py").read_text(encoding="utf-8").splitlines())
    assert {} == {path: lines for path, lines in counts.items() if lines > 400}


@pytest.mark.parametrize("folder", ["tripwire_async", "tests"])
def test_the_median_file_is_shorter_than_150_lines(folder: str) -> None:
    """Most files can be read in one go, tests included."""
    assert 0 < statistics.median(line_counts(folder).values()) < 150
