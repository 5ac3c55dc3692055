"""Endpoint ids from a file."""

from __future__ import annotations

import re
from typing import Final

from tripwire_async.errors import ConfigurationError

from .options import read_text

_ID: Final = re.compile(r"we_[0-9a-f]{32}")


def read_endpoint_ids(file: str) -> list[str]:
    """Return the ids in *file*, ``-`` for stdin: one per line, with comments after ``#``.

    Raises `ConfigurationError` for a file that cannot be read and for an invalid line, with its number.
    """
    option = "--endpoints-from"
    ids: list[str] = []
    for number, line in enumerate(read_text(file, option).splitlines(), 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        if not _ID.fullmatch(text):
            # Cut, because it may be any file.
            msg = f'{option} {file}, line {number}: "{text[:60]}" is not an endpoint id (we_…)'
            raise ConfigurationError(msg)
        ids.append(text)
    if not ids:
        msg = f"{option} {file}: the file contains no endpoint id"
        raise ConfigurationError(msg)
    return ids
