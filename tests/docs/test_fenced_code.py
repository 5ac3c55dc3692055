"""Every Python block in the pages of the documentation compiles, and uses names that exist."""

from __future__ import annotations

import ast
import functools
import importlib
import re
import textwrap
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.docs.shown_code import PAGES, ROOT
from tripwire_async import FOIL, AsyncTripwire

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK: Final = re.compile(r"^( *)```(?:\{code-block\} )?python.*?\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
_OPTION: Final = re.compile(r"^:[\w-]+:.*\n", re.MULTILINE)
_CLIENTS: Final = ("tripwire", "client")


def blocks() -> Iterator[Any]:
    """Return the Python blocks of all pages, each with the line at which it begins."""
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES):
        text = page.read_text(encoding="utf-8")
        for found in _BLOCK.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            code = _OPTION.sub("", textwrap.dedent(found[2]))
            yield pytest.param(code, id=f"{page.relative_to(ROOT)}:{line}")


def parse(code: str) -> ast.Module:
    """Parse a block, which may await outside of a function."""
    tree = compile(code, "block", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert isinstance(tree, ast.Module)
    return tree


@functools.cache
def open_client() -> AsyncTripwire:
    """Return a client with all operations."""
    return AsyncTripwire("sk_live_" + 32 * "0", profile=FOIL)


def names_of(node: ast.expr) -> list[str]:
    """Return the parts of a dotted name; empty for anything else."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute) and (names := names_of(node.value)):
        return [*names, node.attr]
    return []


def unknown_names(tree: ast.AST) -> list[str]:
    """Return the names that a block imports from the library, or uses of a client, and that do not exist."""
    unknown: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tripwire_async":
            module = importlib.import_module(node.module or "")
            unknown += [f"{node.module}.{alias.name}" for alias in node.names if not hasattr(module, alias.name)]
        elif isinstance(node, ast.Call) and (names := names_of(node.func))[:1] and names[0] in _CLIENTS:
            value: object = open_client()
            for name in names[1:]:
                value = getattr(value, name, None)
            if not callable(value):
                unknown.append(".".join(names))
    return unknown


@pytest.mark.parametrize("code", [*blocks()])
def test_a_block_compiles_and_uses_names_that_exist(code: str) -> None:
    """A reader copies it."""
    assert [] == unknown_names(parse(code))


def test_unknown_names_are_found() -> None:
    """Those of an import and those of a client."""
    code = (
        "from tripwire_async import AsyncTripwire, Nothing\nawait tripwire.sessions.fetch('x')\nawait tripwire.close()"
    )
    assert ["tripwire_async.Nothing", "tripwire.sessions.fetch"] == unknown_names(parse(code))
    with pytest.raises(SyntaxError):
        parse("async with tripwire as")
