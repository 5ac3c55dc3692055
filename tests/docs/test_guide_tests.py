"""Tests that the guides show."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.shown_code import BLOCK

DOCS = Path(__file__).parents[2] / "docs"
HOW_TO = DOCS / "how-to"


def written_in(page: Path) -> str:
    """Return the text of *page* without the code of programs, which have functions that send tests."""
    return BLOCK.sub("", page.read_text(encoding="utf-8"))


def test_every_asynchronous_test_of_a_guide_is_marked() -> None:
    """Copied into a project without settings, pytest-asyncio runs it."""
    texts = [written_in(page) for page in HOW_TO.glob("*.md")]
    shown = [found for text in texts for found in re.findall(r"^(.*)\nasync def (test_\w+)", text, flags=re.MULTILINE)]
    assert {"test_a_customer_is_notified", "test_a_slow_delivery"} < {name for _, name in shown}
    assert [] == [name for line, name in shown if "@pytest.mark.asyncio" != line]


@pytest.mark.one_python
def test_the_tests_of_the_guides_pass(tmp_path: Path) -> None:
    """In a folder with the programs that they test and the settings of the guide, without a warning."""
    guide = (HOW_TO / "test-your-code.md").read_text(encoding="utf-8")
    settings = re.search(r"^```toml\n(.*?)^```$", guide, flags=re.DOTALL | re.MULTILINE)
    assert settings
    (tmp_path / "pyproject.toml").write_text(settings[1], encoding="utf-8")
    for name in ("test_middleware.py", "custom_middleware.py", "test_receiver.py", "receiver_aiohttp.py"):
        shutil.copy(DOCS / "examples" / name, tmp_path)
    tests = re.findall(
        r"^```python\n(import [^`]*?def test_[^`]*)^```$", written_in(HOW_TO / "test-your-code.md"), flags=re.MULTILINE
    )
    for number, test in enumerate(tests):
        (tmp_path / f"test_{number}.py").write_text(test, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (0, True) == (ran.returncode, f"{2 + len(tests)} passed" in ran.stdout), ran.stdout + ran.stderr
    assert len(tests) == 3
