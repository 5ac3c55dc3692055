"""Tables and progress on a terminal, rendered by rich; imported only if both are available."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table as RichTable
from rich.text import Text

from .progress import cooldown, counts, pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from tripwire_async.deliveries import Progress

    from .tables import Table

_STYLES: Final = {
    "succeeded": "green",
    "sent": "green",
    "active": "green",
    "verified": "green",
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
    drawn = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for title in table.titles:
        drawn.add_column(title, justify="right" if title in table.numbers else "left", overflow="fold")
    for row in table.texts():
        drawn.add_row(*(Text(cell, _STYLES.get(cell, "")) for cell in row))
    return drawn
