"""Code in the pages of the documentation, which is copied from programs that are tested.

The pages are readable without a build, for example in a repository browser, so the code is in them. A comment before a
block names its source: a file, and after a ``#`` a region ``# [name]`` of it or a function or class. ``python -m
tests.docs.shown_code`` copies the code again after a program has changed.
"""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [page for page in sorted((ROOT / "docs").rglob("*.md")) if "_build" not in page.parts]
BLOCK: Final = re.compile(r"^(<!-- code: ([^#\s]+)(?:#(\S+))? -->\n```\w+\n)(.*?)^```$", flags=re.DOTALL | re.MULTILINE)


def code_of(file: Path, part: str | None) -> str:
    """Return *part* of *file*, or all of it."""
    text = file.read_text(encoding="utf-8")
    if part is None:
        return text
    region = re.search(rf"^ *# \[{re.escape(part)}\]\n(.*?)(?=^ *# \[|\Z)", text, flags=re.DOTALL | re.MULTILINE)
    return textwrap.dedent(region[1] if region else _definition(text, part)).strip("\n") + "\n"


def with_code(page: Path) -> str:
    """Return the text of *page* with the code of the programs as it is now."""

    def copy(block: re.Match[str]) -> str:
        return f"{block[1]}{code_of((page.parent / block[2]).resolve(), block[3])}```"

    return BLOCK.sub(copy, page.read_text(encoding="utf-8"))


def _definition(text: str, name: str) -> str:
    """Return the function or class *name* in the program *text*, with its decorators."""
    for node in ast.parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == name:
            first = min(part.lineno for part in (node, *node.decorator_list))
            return "\n".join(text.splitlines()[first - 1 : node.end_lineno])
    msg = f"the program has neither a region nor a definition {name!r}"
    raise LookupError(msg)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(with_code(page), encoding="utf-8")
