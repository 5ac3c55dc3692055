"""Python source lines: docstrings, imports and calls, laid out like ``ruff format``."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WIDTH: Final = 120
_CLOSING: Final = re.compile('"{3,}|"+$')
"""Quotes that would end a docstring, or merge with its closing quotes."""
_DOC_WIDTH: Final = 100
_NOTICE: Final = "# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit."
_SENTENCE: Final = re.compile(r"(?<=[a-z`)\d][.!?])\s+(?=[A-Z`])")


def header(title: str) -> str:
    """Return the first lines of a module: a notice to maintainers as a comment, and the docstring."""
    return f'{_NOTICE}\n"""{title}"""\n'


def docstring(text: str, attributes: Iterable[tuple[str, str]] = (), *, indent: str = "    ") -> list[str]:
    """Return the lines of a docstring: first sentence, other sentences, then *attributes*."""
    summary, *rest = _SENTENCE.split(_escaped(text), maxsplit=1)
    body: list[str] = []
    for paragraph in rest:
        body += ["", *_wrapped(paragraph, indent)]
    described = [(name, doc) for name, doc in attributes if doc]
    if described:
        body += ["", f"{indent}Attributes:"]
        for name, doc in described:
            body += _wrapped(f"{name}: {_escaped(doc)}", f"{indent}    ", f"{indent}        ")
    first = _wrapped(f'"""{summary}', indent)
    if body or len(first) > 1:
        return [*first, *body, f'{indent}"""']
    return [f'{first[0]}"""']


def string(text: str) -> str:
    """Return the literal of *text*, in double quotes unless that needs escapes."""
    literal = repr(text)
    return literal if '"' in text else f'"{literal[1:-1]}"'


def raw(text: str) -> str:
    """Return the raw string literal of a regular expression."""
    return f'r"{text}"' if '"' not in text else repr(text)


def call(opening: str, items: Iterable[str], closing: str, *, indent: str = "") -> list[str]:
    """Return ``opening item, item closing`` on one line if it fits, otherwise one line per item."""
    items = list(items)
    line = f"{indent}{opening}{', '.join(items)}{closing}"
    if len(line) <= WIDTH and not any("\n" in item for item in items):
        return [line]
    return [f"{indent}{opening}", *(f"{indent}    {item}," for item in items), f"{indent}{closing}"]


def _wrapped(text: str, first: str, rest: str | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        _DOC_WIDTH,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _escaped(text: str) -> str:
    return _CLOSING.sub(lambda quotes: quotes[0].replace('"', r"\""), text.replace("\\", "\\\\"))


def imports(names: dict[str, set[str]], *, indent: str = "") -> Iterator[str]:
    """Yield the import statements for *names* by module, in the given module order."""
    for module, wanted in names.items():
        if wanted:
            ordered = sorted(wanted, key=_import_order)
            line = f"{indent}from {module} import {', '.join(ordered)}"
            if len(line) <= WIDTH:
                yield line
            else:
                yield from (
                    f"{indent}from {module} import (",
                    *(f"{indent}    {name}," for name in ordered),
                    f"{indent})",
                )


def _import_order(name: str) -> tuple[int, str]:
    """Return the isort key: constants, then classes, then the rest."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name.lower())
