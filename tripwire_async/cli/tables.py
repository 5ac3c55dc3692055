"""Tables as data, and text that is safe for a terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@attrs.frozen
class Table:
    """Rows of text under *titles*; the columns in *numbers* are right-aligned.

    A cell of None is shown as a dash.
    """

    titles: Sequence[str]
    rows: Sequence[Sequence[object]]
    numbers: frozenset[str] = frozenset()

    def lines(self) -> Iterator[str]:
        """Yield the table as aligned lines, the titles first."""
        cells = [list(self.titles), *self.texts()]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            yield "  ".join(
                text.rjust(width) if title in self.numbers else text.ljust(width)
                for title, text, width in zip(self.titles, row, widths, strict=True)
            ).rstrip()

    def texts(self) -> list[list[str]]:
        """Return the cells as text that is safe for a terminal."""
        return [["-" if cell is None else one_line(str(cell)) for cell in row] for row in self.rows]


def one_line(text: str) -> str:
    """Return *text* on one line, with control characters as escapes, so that it is safe for a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in " ".join(text.split()))


def os_error_text(error: OSError) -> str:
    """Return the text of the operating system for *error*; asyncio replaces it with a longer one in some errors."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error)
