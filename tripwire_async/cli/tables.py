"""Tables as data, and text that cannot harm a terminal; how they are drawn is another matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@attrs.frozen
class Table:
    """Rows of text under *titles*; the columns in *numbers* are flush right.

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
        """Return the cells as text that cannot harm a terminal."""
        return [["-" if cell is None else one_line(str(cell)) for cell in row] for row in self.rows]


def one_line(text: str) -> str:
    """Return *text* in one line, with whatever could command a terminal shown instead of sent."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in " ".join(text.split()))
