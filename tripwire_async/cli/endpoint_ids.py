"""Which endpoints a command is for, as the arguments or a file name them."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tripwire_async.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

_ID: Final = re.compile(r"we_[0-9a-f]{32}")


def read_endpoint_ids(file: str) -> list[str]:
    """Return the ids that *file* holds, ``-`` being stdin: one a line, and what follows a ``#`` is a comment.

    Raises `ConfigurationError` for a file that cannot be read, and for a line that holds something else, by its number.
    """
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        msg = f"--endpoints-from {file}: {reason}"
        raise ConfigurationError(msg) from None
    return _ids(file, text.splitlines())


def _ids(file: str, lines: Iterable[str]) -> list[str]:
    found: list[str] = []
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        if not _ID.fullmatch(text):
            # Cut short, as it may be any file at all.
            msg = f"--endpoints-from {file}, line {number}: {text[:60]!r} is not an endpoint's id (we_…)"
            raise ConfigurationError(msg)
        found.append(text)
    if not found:
        msg = f"--endpoints-from {file}: it names no endpoint"
        raise ConfigurationError(msg)
    return found
