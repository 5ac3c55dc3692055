"""The page on logging: it lists every message that the library logs."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "logging.md").read_text(encoding="utf-8")
LOGGERS = ("LOGGER", "_log", "self._logger")
CHOICES = ("rejects requests", "does not respond")
"""Words that `_lose_store` inserts."""


def message_formats() -> Iterator[str]:
    """Yield the format of each message; ``LOGGER.error if … else LOGGER.warning`` counts as a method of LOGGER."""
    for path in sorted((ROOT / "tripwire_async").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and is_logging(node.func):
                texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
                yield from (text for text in texts if isinstance(text, str))


def is_logging(function: ast.expr) -> bool:
    """Return whether *function* is a method of a logger that writes a record."""
    if isinstance(function, ast.IfExp):
        return is_logging(function.body)
    if not isinstance(function, ast.Attribute) or ast.unparse(function.value) not in LOGGERS:
        return False
    return function.attr in {"debug", "info", "warning", "error", "exception", "critical", "log"}


def test_the_page_has_every_message() -> None:
    """An operator can look up each record."""
    formats = list(message_formats())
    assert len(formats) >= 8
    shown = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", PAGE, flags=re.DOTALL | re.MULTILINE))
    assert not [text for text in formats if not any(re.fullmatch(pattern(text), line) for line in shown)]


def pattern(text: str) -> str:
    """Return a pattern for *text* as the page shows it, with "…" in place of values or with the whole rest."""
    parts = re.split(r"%(?:\(\w+\))?[.\w]*[sdrf]", text)
    values = "|".join(("…", *CHOICES))
    full = f"(?:{values})".join(map(re.escape, parts))
    # A message whose beginning is shown with "…" is listed too.
    beginning, colon, _ = text.partition(": ")
    return f"(?:{full}|{re.escape(beginning)}: …)" if colon and "%" not in beginning else full
