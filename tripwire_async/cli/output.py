"""Output of a command: a JSON document, a table rendered by rich on a terminal, or aligned lines."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Final, final

from tripwire_async._codec.converter import encode, unstructure
from tripwire_async._secrets.redaction import redact

from .tables import Table, one_line
from .wording import in_terms_of_options

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from datetime import datetime
    from types import ModuleType

    from rich.live import Live

    from tripwire_async import Secret
    from tripwire_async.deliveries import Progress

_PROGRESS_INTERVAL: Final = 10.0
"""Seconds between two lines of progress, where they cannot replace each other."""

_FIRST_PROGRESS: Final = 2.0
"""Seconds until the first such line, which shows that the command works."""


def warn(text: str, *, url_source: str = "--base-url") -> None:
    """Print *text* to stderr on one line, without secrets; see `in_terms_of_options` for *url_source*."""
    sys.stderr.write(f"tripwire-async: {redact(one_line(in_terms_of_options(text, url_source=url_source)))}\n")
    sys.stderr.flush()


@final
class Output:
    """Output of one command, on stdout.

    Args:
        as_json: Whether to print a JSON document and nothing else.
        live: Whether a table may be redrawn when it changes, if the terminal supports that.
        url_source: The option or the environment variable that the URL of the API comes from.
    """

    def __init__(self, *, as_json: bool = False, live: bool = True, url_source: str = "--base-url") -> None:
        self.as_json = as_json
        self.url_source = url_source
        self._live = live
        self._rich = None if as_json else _rich()

    def line(self, text: str = "") -> None:
        """Print a line, except in JSON mode."""
        if not self.as_json:
            sys.stdout.write(one_line(text) + "\n")
            sys.stdout.flush()

    def emit(self, document: object, table: Table | None = None, *, none: str = "") -> None:
        """Print *document* in JSON mode, else *table*; if it has no rows, print *none* on stderr."""
        if self.as_json:
            # The default handles a Secret, which stays hidden.
            sys.stdout.write(json.dumps(document, indent=2, default=str) + "\n")
            sys.stdout.flush()
        elif table is not None and table.rows:
            self._print(table)
        elif none:
            warn(none)

    @staticmethod
    def raw(text: str) -> None:
        """Print *text* unchanged."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    @staticmethod
    def json_line(document: object) -> None:
        """Print *document* as JSON on one line."""
        sys.stdout.write(json.dumps(document, default=str) + "\n")
        sys.stdout.flush()

    def record(self, model: object, *, reveal: bool = False, **fields: object) -> None:
        """Print *model* in JSON mode, with its secrets if *reveal*, else *fields*, one per line."""
        if self.as_json:
            self.emit({"data": json.loads(encode(model)) if reveal else unstructure(model)})
        else:
            self.fields(**fields)

    def fields(self, **fields: object) -> None:
        """Print *fields*, one per line, except in JSON mode."""
        width = max(map(len, fields))
        for name, value in fields.items():
            self.line(f"{name.replace('_', ' '):{width}}  {'-' if value is None else value}")

    def table(self, table: Table) -> None:
        """Print *table*, except in JSON mode."""
        if not self.as_json:
            self._print(table)

    def reveal_once(self, name: str, secret: Secret) -> None:
        """Print a *secret* that the service shows only once, except in JSON mode, where the document has it."""
        self.line()
        self.line(f"{name}: {secret.reveal()}")
        self.line("Store it now: it is not shown again.")

    @staticmethod
    def timestamp(when: datetime | None) -> str | None:
        """Return the time *when* in UTC, to the second."""
        return None if when is None else f"{when:%Y-%m-%d %H:%M:%S}Z"

    @contextlib.contextmanager
    def live_table(self, table: Callable[[], Table]) -> Generator[None]:
        """Show *table* while it changes, or once at the end of the block, however it ends."""
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
        """Show *progress* in place while the block runs, or as a line on stderr every few seconds."""
        if self._rich is not None and self._live:
            with self._refresh(self._rich.live_progress(progress)):
                yield
        elif self.as_json:
            yield
        else:
            from .progress import line, repeat

            with repeat(lambda: warn(line(progress())), _PROGRESS_INTERVAL, first=_FIRST_PROGRESS):
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
    """Return the module that renders with rich, if rich is installed and stdout is a terminal that supports it."""
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") in {"dumb", "unknown"}:
        return None
    try:
        from . import rich_output
    except ImportError:
        return None
    return rich_output
