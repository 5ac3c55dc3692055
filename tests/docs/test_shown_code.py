"""The code in the pages of the documentation is that of the programs that are tested."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.shown_code import BLOCK, PAGES, ROOT, code_of, with_code

if TYPE_CHECKING:
    from pathlib import Path


def test_the_blocks_are_found() -> None:
    """A changed form of the comments must not leave blocks unchecked."""
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    assert sum(text.count("<!-- code:") for text in texts) == sum(len(BLOCK.findall(text)) for text in texts) > 50


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_shows_the_code_of_its_programs(page: Path) -> None:
    """If not: ``python -m tests.docs.shown_code``."""
    assert with_code(page) == page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_is_readable_without_a_build(page: Path) -> None:
    """Code is in the page, and links have a text and are those of Markdown."""
    assert [] == re.findall(r"\{literalinclude\}|\{download\}|\[\]\(", page.read_text(encoding="utf-8"))


def test_a_part_of_a_program_is_a_region_or_a_definition(tmp_path: Path) -> None:
    """A region ends at the next one; a definition has its decorators; anything else is an error."""
    program = tmp_path / "program.py"
    program.write_text("# [a]\nx = 1\n\n\n@decorate\ndef f():\n    # [b]\n    y = 2\n    # [end]\n", encoding="utf-8")
    assert ["x = 1\n\n\n@decorate\ndef f():\n", "y = 2\n"] == [code_of(program, part) for part in "ab"]
    assert code_of(program, "f").startswith("@decorate\ndef f():\n    # [b]\n")
    assert program.read_text(encoding="utf-8") == code_of(program, None)
    with pytest.raises(LookupError, match="'g'"):
        code_of(program, "g")
