"""Tables and progress on a terminal, rendered by rich; imported only if both are available."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table as RichTable
from rich.text import Text

from .progress import cooldown, counts, pace
from .tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import RenderableType

    from tripwire_async.deliveries import Progress

_STYLES: Final = {
    "succeeded": "green",
    "sent": "green",
    "active": "green",
    "verified": "green",
    "ok": "green",
    "finished": "green",
    "running": "green",
    "paused": "yellow",
    "stopped": "yellow",
    "warning": "yellow",
    "delivering": "yellow",
    "timed out": "yellow",
    "unknown": "yellow",
    "failed": "red",
    "refused": "red",
    "wrong": "red",
    "disabled": "dim",
    "skipped": "dim",
    "not begun": "dim",
    "sending": "dim",
    "pending": "dim",
    "-": "dim",
}


_TEXT: Final = 16
"""Width from which a column is wrapped rather than shown whole, unless it holds ids."""

_NARROWEST_TEXT: Final = 10
"""Width that a wrapped column needs to be readable."""

_REQUEST_ID: Final = "request id"
_ID_WIDTH: Final = 36
_ID: Final = re.compile(r"[a-z]+_[0-9a-z]{16,}")
_NARROWEST: Final = 7
"""Width that every column gets at least."""

_GAP: Final = 2
"""Width of the space between two columns."""


def show(table: Table) -> None:
    """Print *table*."""
    Console().print(_render(table))


def live(table: Callable[[], Table]) -> Live:
    """Return a context manager that renders *table* at each refresh and keeps its last state."""
    return Live(get_renderable=lambda: _render(table()), console=Console(), auto_refresh=False)


def live_progress(progress: Callable[[], Progress]) -> Live:
    """Return a context manager that renders *progress* at each refresh and removes it at the end."""
    return Live(get_renderable=lambda: _bar(progress()), console=Console(), auto_refresh=False, transient=True)


def _bar(progress: Progress) -> RenderableType:
    total = progress.endpoints or 0
    bar = RichTable.grid(padding=(0, 1), expand=True)
    bar.add_column(ratio=1)
    bar.add_column(justify="right", no_wrap=True)
    bar.add_row(ProgressBar(total=max(1, total), completed=progress.done), f"{progress.done:,} of {total:,} done")
    held = cooldown(progress)
    return Group(bar, Text(counts(progress)), Text(pace(progress)), *([Text(held, "yellow")] if held else []))


def _render(table: Table) -> RichTable:
    """Return *table* for the width of the terminal.

    On a narrow one the request ids are left out first, because a part of one is useless. A table that still does not
    fit becomes one record after the other.
    """
    available = Console().width
    if _REQUEST_ID in table.titles and not _fits(table, available):
        table = _without(table, _REQUEST_ID)
    return _columns(table) if _fits(table, available) else _records(table)


def _fits(table: Table, available: int) -> bool:
    """Return whether every column of *table* has the width that it needs."""
    cells = zip(table.titles, *table.texts(), strict=True)
    return sum(_needed(column) + _GAP for column in cells) <= available


def _needed(column: Sequence[str]) -> int:
    # A live table has no request ids at first.
    width = _ID_WIDTH if column[0] == _REQUEST_ID else max(map(len, column))
    return width if width <= _TEXT or column[0] == _REQUEST_ID or any(map(_ID.fullmatch, column)) else _NARROWEST_TEXT


def _without(table: Table, title: str) -> Table:
    index = table.titles.index(title)
    rows = [[*row[:index], *row[index + 1 :]] for row in table.rows]
    return Table([*table.titles[:index], *table.titles[index + 1 :]], rows, table.numbers)


def _records(table: Table) -> RichTable:
    """Return each row of *table* as lines with a title and a cell."""
    rendered = RichTable.grid(padding=(0, 2, 0, 0))
    rendered.add_column(style="bold", no_wrap=True)
    rendered.add_column(overflow="fold")
    for row in table.texts():
        rendered.add_row()
        for title, cell in zip(table.titles, row, strict=True):
            rendered.add_row(title, Text(cell, _STYLES.get(cell, "")))
    rendered.add_row()
    return rendered


def _columns(table: Table) -> RichTable:
    rendered = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    rows = table.texts()
    whole = _whole_columns([table.titles, *rows], Console().width)
    for index, title in enumerate(table.titles):
        rendered.add_column(
            title,
            justify="right" if title in table.numbers else "left",
            overflow="fold",
            no_wrap=index in whole,
        )
    for row in rows:
        rendered.add_row(*(Text(cell, _STYLES.get(cell, "")) for cell in row))
    return rendered


def _whole_columns(rows: Sequence[Sequence[str]], available: int) -> set[int]:
    """Return the columns that are not wrapped on a narrow terminal: the first id, then the narrowest ones."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, cells)) for cells in columns]
    first_id = next((index for index, cells in enumerate(columns) if any(map(_ID.fullmatch, cells))), None)
    whole: set[int] = set()
    left = available - len(columns) * (_NARROWEST + _GAP)
    for index in sorted(range(len(columns)), key=lambda index: (index != first_id, widths[index])):
        left -= max(0, widths[index] - _NARROWEST)
        if left >= 0:
            whole.add(index)
    return whole
