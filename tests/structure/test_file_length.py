"""Length of handwritten source files."""

from __future__ import annotations

import statistics
from pathlib import Path

ROOT = Path(__file__).parents[2]
SUFFIXES = {".py", ".lua", ".js", ".css"}
GENERATED = {ROOT / "tripwire_async" / "models.py", *(ROOT / "tripwire_async" / "_generated").rglob("*.py")}

TOO_LONG = {
    "tests/deliveries/test_delivery_poller.py",
    "tests/deliveries/test_test_run.py",
    "tests/http/test_caller.py",
    "tests/http/test_transport.py",
    "tests/middleware/rate_limit/test_rate_limit.py",
    "tests/middleware/rate_limit/test_redis_store.py",
    "tests/middleware/rate_limit/test_shared.py",
    "tests/sealed_tokens/test_open.py",
}
"""Files that are still to be split."""


def line_counts(*folders: str) -> dict[str, int]:
    """Return the number of lines of each handwritten source file in *folders*; packages without code are left out."""
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    counts = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in files
        if path not in GENERATED
    }
    return {name: lines for name, lines in counts.items() if lines > 1}


def test_no_file_is_longer_than_400_lines() -> None:
    """A longer file holds more than one idea and is split."""
    counts = line_counts("tripwire_async", "tests", "docs/examples")
    assert {} == {name: lines for name, lines in counts.items() if lines > 400 and name not in TOO_LONG}


def test_the_median_file_is_shorter_than_150_lines() -> None:
    """Most files can be read in one go, in the package and in its tests alike."""
    for folder in ("tripwire_async", "tests"):
        assert statistics.median(line_counts(folder).values()) < 150, folder
