"""The reference of the models: one page per topic."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from tripwire_async import models

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def pages() -> dict[str, Any]:
    """Return the names in the module that assigns models to pages."""
    return runpy.run_path(str(DOCS / "model_pages.py"))


def test_every_model_is_on_exactly_one_page(pages: dict[str, Any]) -> None:
    """A new model appears without an edit of the pages."""
    listed = [name for page in pages["MODEL_PAGES"] for name in pages["models_on"](page)]
    assert sorted(models.__all__) == sorted(listed)


def test_every_page_is_in_the_table_of_contents(pages: dict[str, Any]) -> None:
    """Pages, files and the table of contents have the same names."""
    files = {path.stem for path in (DOCS / "reference" / "models").glob("*.md")}
    contents = (DOCS / "reference" / "models.md").read_text(encoding="utf-8")
    assert files == set(pages["MODEL_PAGES"])
    assert all(f"\nmodels/{page}\n" in contents for page in files)
