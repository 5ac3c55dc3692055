"""Command ``python -m tripwire_async.cli.manual``: write the man page and the reference page in a clone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tripwire_async.cli.program import build_parser

from .man_page import man_page
from .reference_page import with_commands

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCS: Final = Path(__file__).resolve().parents[3] / "docs"


def pages() -> Mapping[Path, str]:
    """Return the contents of each page by its file."""
    program = build_parser()
    reference = DOCS / "reference" / "command-line.md"
    return {
        DOCS / "man" / "tripwire-async.1": man_page(program),
        reference: with_commands(reference.read_text(encoding="utf-8"), program),
    }


def main() -> None:
    """Write both pages."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":  # pragma: no cover - the test calls main
    main()
