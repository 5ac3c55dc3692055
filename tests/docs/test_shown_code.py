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


def linked_from(page: Path) -> set[Path]:
    """Return the files that *page* links."""
    links = re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8"))
    return {(page.parent / link).resolve() for link in links if "://" not in link}


def test_every_program_is_linked() -> None:
    """A reader gets the whole program from a page that shows a part of it."""
    programs = [path for path in (ROOT / "docs" / "examples").iterdir() if path.suffix in {".py", ".mjs"}]
    linked = set().union(*map(linked_from, PAGES))
    assert programs
    assert [] == sorted(path.name for path in programs if path not in linked)


def test_every_guide_has_a_complete_program() -> None:
    """The index only lists the guides."""
    guides = [page for page in PAGES if page.parent.name == "how-to" and page.stem != "index"]
    assert len(guides) >= 25
    assert [] == [page.stem for page in guides if not any(path.parent.name == "examples" for path in linked_from(page))]
