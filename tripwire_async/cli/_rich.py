"""Tables on a terminal, drawn by rich; imported only where both are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table as RichTable
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._table import Table

_STYLES: Final = {
    "succeeded": "green",
    "active": "green",
    "verified": "green",
    "delivering": "yellow",
    "timed out": "yellow",
    "failed": "red",
    "refused": "red",
    "wrong": "red",
    "disabled": "dim",
    "skipped": "dim",
    "sending": "dim",
    "pending": "dim",
    "-": "dim",
}


def show(table: Table) -> None:
    """Print *table*."""
    Console().print(_drawn(table))


def live(table: Callable[[], Table]) -> Live:
    """Return a context manager that redraws *table* eight times a second and leaves it as it is at the end."""
    return Live(get_renderable=lambda: _drawn(table()), console=Console(), refresh_per_second=8)


def _drawn(table: Table) -> RichTable:
    drawn = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for title in table.titles:
        drawn.add_column(title, justify="right" if title in table.numbers else "left", overflow="fold")
    for row in table.texts():
        drawn.add_row(*(Text(cell, _STYLES.get(cell, "")) for cell in row))
    return drawn
