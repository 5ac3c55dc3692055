"""Looking a header up, whatever kind of mapping holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def header(headers: Mapping[str, str], name: str) -> str | None:
    """Return the value of the header *name* in any case, or None.

    The transport's mapping ignores case by itself; a plain dict, as a test or a cache hands up, is searched.
    """
    value = headers.get(name)
    if value is not None:
        return value
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), None)
