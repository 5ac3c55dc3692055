"""Extraction of the prose of a file: docstrings, comments, messages, Markdown text, descriptions of the API."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

CODE = "\N{SECTION SIGN}"  # stands in for code, identifiers and quotations
COMMENT_MARKS = {".lua": "--", ".toml": "#", ".yml": "#", ".js": "//"}
MINIMUM_WORDS = 4

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_WORD = re.compile(r"[A-Za-z][A-Za-z'\N{RIGHT SINGLE QUOTATION MARK}-]*")
_INLINE = re.compile(
    r"""
      :[\w:+]+:`[^`]*` | \{[\w:+-]+\}`[^`]*`            # a role of reStructuredText or MyST
    | ``.+?`` | `[^`]*`                                 # code
    | "[^"\n]{1,120}(?:\n[^"\n]{1,120})?" | \u201c[^\u201d]*\u201d
    | https?://\S+ | \]\([^)\s]*\)
    | (?<![\w*])\*[^*\s](?:[^*\n]*[^*\s])?\*(?![\w*])   # *argument*
    """,
    re.VERBOSE | re.DOTALL,
)
_INDENT = re.compile(r"\n[ \t]+")
_PRAGMA = re.compile(r"^#\s*(?:noqa|type|pyright|pragma|fmt|ruff|mypy)\b[^-]*(?:-|$)")
_CODE_LIKE = re.compile(r"\(\?|\\[bdsw]|</|[{}<>]{2}|=>|\bSELECT\b|\bINSERT\b|^\s*[-/#.]\S")
_FENCE = re.compile(r"\s*(`{3,}|:{3,})\s*(.*)$")
_OPTION = re.compile(r"\s*:[\w-]+:(?:\s|$)")
_BLOCK = re.compile(r"\s*(?:[#|]|[-*] |\d+\. |: |\* - )")
_PROSE_DIRECTIVES = ("{list-table}", "{note}", "{tip}", "{warning}", "{admonition}", "{seealso}", "{glossary}")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of prose, with the line on which it begins and its kind."""

    line: int
    text: str
    kind: str

    @property
    def words(self) -> int:
        """The number of words."""
        return len(_WORD.findall(self.text))


def passages(path: Path) -> list[Passage]:
    """Return the prose of the file at *path*, without code and quotations."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        found = _python(text, with_strings=not path.name.startswith(("test_", "conftest")))
    elif path.suffix == ".md":
        found = _markdown(text)
    elif path.suffix == ".yaml":
        found = _descriptions(text)
    elif path.suffix in COMMENT_MARKS:
        found = _line_comments(text, COMMENT_MARKS[path.suffix])
    else:
        found = iter(())
    return [Passage(each.line, _INLINE.sub(_blank, _INDENT.sub("\n", each.text)), each.kind) for each in found]


def _blank(found: re.Match[str]) -> str:
    """Return the mark for code, with as many line ends as *found* has."""
    return CODE + "\n" * found[0].count("\n")


def _python(text: str, *, with_strings: bool) -> Iterator[Passage]:
    tree = ast.parse(text)
    documentation = {
        id(node.value): (node.lineno, node.value.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    first = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, _DOCUMENTED) and _opens(node.body)}
    for key, (line, content) in documentation.items():
        yield Passage(line, _without_blocks(content), "docstring" if key in first else "attribute")
    yield from _hash_comments(text)
    if with_strings:
        yield from _messages(tree, set(documentation))


def _opens(body: list[ast.stmt]) -> TypeGuard[list[ast.Expr]]:
    return bool(body) and isinstance(body[0], ast.Expr)


def _hash_comments(text: str) -> Iterator[Passage]:
    """Yield the comments of a Python file, with those on consecutive lines joined."""
    start, lines = 0, list[str]()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        row = token.start[0]
        whole_line = not token.line[: token.start[1]].strip()
        if lines and not (whole_line and row == start + len(lines)):
            yield Passage(start, "\n".join(lines), "comment")
            lines = []
        if not lines:
            start = row
        lines.append(_PRAGMA.sub("", token.string).lstrip("# "))
    if lines:
        yield Passage(start, "\n".join(lines), "comment")


def _messages(tree: ast.AST, documentation: set[int]) -> Iterator[Passage]:
    """Yield the string literals that read as sentences; a value in an f-string is a mark for code."""
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else CODE for part in node.values]
            text = "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside | documentation:
            text = node.value
        else:
            continue
        if len(_WORD.findall(text)) >= MINIMUM_WORDS and not _CODE_LIKE.search(text):
            yield Passage(node.lineno, text, "message")


def _without_blocks(text: str) -> str:
    """Return *text* with the lines of literal blocks, doctests and fences emptied."""
    kept, block, fenced = list[str](), None, False
    for line in text.split("\n"):
        bare = line.strip()
        indent = len(line) - len(line.lstrip())
        if block is not None and bare and indent <= block:
            block = None
        if bare.startswith("```"):
            fenced = not fenced
            bare = ""
        kept.append("" if fenced or block is not None or bare.startswith((">>>", "...")) else line if bare else "")
        if block is None and bare.endswith("::"):
            block = indent
    return "\n".join(kept)


def _markdown(text: str) -> Iterator[Passage]:
    """Yield the paragraphs, headings, list items and table cells of a page."""
    start, lines = 0, list[str]()
    for row, line in enumerate([*_without_code(text.split("\n")), ""], 1):
        if lines and (_BLOCK.match(line) or not line.strip()):
            yield Passage(start, "\n".join(lines), "text")
            lines = []
        if line.strip():
            start = start if lines else row
            lines.append(line)


def _without_code(lines: Iterable[str]) -> Iterator[str]:
    """Yield *lines* with those of fences and options of directives emptied; some directives hold text."""
    fence, is_text = "", True
    for line in lines:
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1]
            is_text = fence.startswith(":") or found[2].startswith(_PROSE_DIRECTIVES)
            yield ""
        elif found and found[1] == fence and not found[2]:
            fence, is_text = "", True
            yield ""
        else:
            yield line if is_text and not _OPTION.match(line) else ""


def _descriptions(text: str) -> Iterator[Passage]:
    """Yield the descriptions, summaries and titles of an OpenAPI document, and its comments."""
    import yaml

    def walk(node: yaml.Node) -> Iterator[Passage]:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value in {"description", "summary", "title"} and isinstance(value, yaml.ScalarNode):
                    block = value.style in {"|", ">"}
                    yield Passage(value.start_mark.line + 1 + block, value.value, "description")
                else:
                    yield from walk(value)
        elif isinstance(node, yaml.SequenceNode):
            for value in node.value:
                yield from walk(value)

    root = yaml.compose(text)
    if root is not None:
        yield from walk(root)


def _line_comments(text: str, mark: str) -> Iterator[Passage]:
    """Yield the comments of a file whose comments begin with *mark*, with consecutive lines joined."""
    start, lines = 0, list[str]()
    for row, line in enumerate([*text.split("\n"), ""], 1):
        bare = line.strip()
        if bare.startswith(mark):
            start = start if lines else row
            lines.append(bare.lstrip(mark[0]).strip())
        elif lines:
            yield Passage(start, "\n".join(lines), "comment")
            lines = []
