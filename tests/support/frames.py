"""Locals of the library's frames in a traceback, as an error reporter shows them."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import tripwire_async

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE = str(Path(tripwire_async.__file__).parent)


def library_locals(error: BaseException) -> str:
    """Return the printed locals of every frame of the library, in *error*, its causes and its contexts."""
    return "\n".join(
        f"{frame.name}: {name} = {text}"
        for link in _chain(error)
        for frame in traceback.TracebackException.from_exception(link, capture_locals=True).stack
        if frame.filename.startswith(_PACKAGE)
        for name, text in (frame.locals or {}).items()
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if error.__cause__ is not None:
            yield from _chain(error.__cause__)
        error = error.__context__
