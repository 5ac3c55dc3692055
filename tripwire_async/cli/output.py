"""Where output goes: JSON for machines, a table by rich on a terminal, aligned lines everywhere else."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Final, TypeVar, final

from tripwire_async._codec.converter import encode, unstructure

from .tables import Table, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from datetime import datetime
    from types import ModuleType

    from rich.live import Live

    from tripwire_async import Secret
    from tripwire_async.deliveries import Progress
    from tripwire_async.resources.pagination import Page

T = TypeVar("T")

_PROGRESS_INTERVAL: Final = 10.0
"""Seconds between two lines about progress, where they pile up."""


def warn(text: str) -> None:
    """Print *text* to stderr, in one line that says who speaks."""
    sys.stderr.write(f"tripwire-async: {one_line(text)}\n")
    sys.stderr.flush()


@final
class Output:
    """The output of one command.

    Args:
        as_json: Print a JSON document and nothing else.
        live: Tables may be redrawn while they change, where the terminal can do that.
    """

    def __init__(self, *, as_json: bool = False, live: bool = True) -> None:
        self.as_json = as_json
        self._live = live
        self._rich = None if as_json else _rich()

    def line(self, text: str = "") -> None:
        """Print a line for a person; machines are not told."""
        if not self.as_json:
            sys.stdout.write(one_line(text) + "\n")
            sys.stdout.flush()

    def emit(self, document: object, table: Table | None = None, *, none: str = "") -> None:
        """Print *document* for a machine, or *table* for a person; *none* is said on stderr when it has no rows."""
        if self.as_json:
            # What JSON cannot hold is a Secret, and stays hidden.
            sys.stdout.write(json.dumps(document, indent=2, default=str) + "\n")
            sys.stdout.flush()
        elif table is not None and table.rows:
            self._print(table)
        elif none:
            warn(none)

    def page(
        self,
        found: Page[T],
        titles: Sequence[str],
        row: Callable[[T], Sequence[object]],
        *,
        none: str,
        numbers: frozenset[str] = frozenset(),
    ) -> None:
        """Print a page of a list, as the service sends it for a machine, a *row* an item for a person."""
        pagination = {"limit": found.limit, "has_more": found.has_more, "next_cursor": found.next_cursor}
        document = {"data": [unstructure(item) for item in found], "pagination": pagination}
        self.emit(document, Table(titles, [row(item) for item in found], numbers), none=none)
        if found.next_cursor is not None and not self.as_json:
            warn(f"the list goes on: --cursor {found.next_cursor}")

    def record(self, model: object, *, reveal: bool = False, **fields: object) -> None:
        """Print *model* for a machine, its secrets too if *reveal* says so, or *fields* for a person, one a line."""
        if self.as_json:
            self.emit({"data": json.loads(encode(model)) if reveal else unstructure(model)})
            return
        width = max(map(len, fields))
        for name, value in fields.items():
            self.line(f"{name.replace('_', ' '):{width}}  {'-' if value is None else value}")

    def table(self, table: Table) -> None:
        """Print *table* for a person; machines are not told."""
        if not self.as_json:
            self._print(table)

    def reveal_once(self, name: str, secret: Secret) -> None:
        """Print a *secret* that the service shows this once; a document holds it already."""
        self.line()
        self.line(f"{name}: {secret.reveal()}")
        self.line("Store it now: it is shown this once.")

    @staticmethod
    def timestamp(when: datetime | None) -> str | None:
        """Return *when* as people read it: in UTC, to the second."""
        return None if when is None else f"{when:%Y-%m-%d %H:%M:%S}Z"

    @contextlib.contextmanager
    def live_table(self, table: Callable[[], Table]) -> Generator[None]:
        """Show *table* as it changes, or as it is at the end, however that comes."""
        if self._rich is not None and self._live:
            with self._refresh(self._rich.live(table)):
                yield
            return
        try:
            yield
        finally:
            self.table(table())

    @contextlib.contextmanager
    def progress(self, progress: Callable[[], Progress]) -> Generator[None]:
        """Show *progress* in place while the block lasts; where that cannot be, in a line on stderr now and then."""
        if self._rich is not None and self._live:
            with self._refresh(self._rich.live_progress(progress)):
                yield
        elif self.as_json:
            yield
        else:
            from .progress import line, repeat

            with repeat(lambda: warn(line(progress())), _PROGRESS_INTERVAL):
                yield

    @contextlib.contextmanager
    def _refresh(self, live: Live) -> Generator[None]:
        from .progress import repeat

        with live, repeat(live.refresh, 0.125):
            yield

    def _print(self, table: Table) -> None:
        if self._rich is not None:
            self._rich.show(table)
        else:
            sys.stdout.writelines(line + "\n" for line in table.lines())
            sys.stdout.flush()


def _rich() -> ModuleType | None:
    """Return what draws with rich, if that is installed and stdout is a terminal that can do more than print."""
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") in {"dumb", "unknown"}:
        return None
    try:
        from . import rich_output
    except ImportError:
        return None
    return rich_output
