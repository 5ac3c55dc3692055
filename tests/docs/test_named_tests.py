"""The pages that name a test for each of their statements: every named test exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("docs/reference/guarantees.md", "docs/explanation/security.md")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@pytest.mark.parametrize("page", PAGES)
def test_every_statement_names_tests_that_exist(page: str) -> None:
    """A promise without a test, or with one that was renamed, is not a promise."""
    text = (ROOT / page).read_text(encoding="utf-8")
    statements = re.findall(r"^- .*(?:\n  .*)*", text, flags=re.MULTILINE)
    assert len(statements) >= 10
    assert not [statement for statement in statements if not NAMED.search(statement)]
    assert not [f"{file}::{test}" for file, test in NAMED.findall(text) if not exists(ROOT / file, test)]
    # A typing error in a path must not hide the name of a test from the check.
    assert text.count("::test_") == len(NAMED.findall(text))


def exists(file: Path, test: str) -> bool:
    """Return whether *file* has the function *test*."""
    return file.is_file() and f"def {test}(" in file.read_text(encoding="utf-8")
