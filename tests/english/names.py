"""Search for the words of `names.toml` in the identifiers that the project defines."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from .check import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAMES = Path(__file__).with_name("names.toml")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@cache
def forbidden() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return each word to avoid with the suggestion and the folders to which it applies."""
    data = tomllib.loads(NAMES.read_text(encoding="utf-8"))
    return {word: (entry["use"], tuple(entry.get("within", ()))) for entry in data["name"] for word in entry["word"]}


def check_names(paths: Iterable[Path]) -> list[Finding]:
    """Return the coined words in the names of the files *paths* and in the names that they define, each name once."""
    findings = list[Finding]()
    for path in paths:
        seen = set[str]()
        for line, name in [(1, path.stem), *(_defined(path) if path.suffix == ".py" else ())]:
            if name not in seen:
                seen.add(name)
                findings += [Finding(path, line, name, use) for use in _suggestions(path, name)]
    return findings


def _suggestions(path: Path, name: str) -> Iterator[str]:
    for word in {found.lower() for found in _WORD.findall(name)}:
        use, within = forbidden().get(word, ("", ()))
        if use and (not within or path.as_posix().startswith(within)):
            yield use


def _defined(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and name of each class, function, parameter, variable and attribute that *path* defines."""
    nodes = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if hasattr(node, "lineno"))
    for node in sorted(nodes, key=attrgetter("lineno", "col_offset")):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.ExceptHandler(name=str(name)) | ast.alias(asname=str(name)):
                yield node.lineno, name
