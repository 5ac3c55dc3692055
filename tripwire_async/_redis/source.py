"""Source of a Lua script in this package, as Redis names it."""

from __future__ import annotations

import functools
import hashlib
from importlib import resources
from typing import final

import attrs


@final
@attrs.frozen
class ScriptSource:
    """File of a Lua script; read on first use.

    Attributes:
        package: Package that contains the file.
        name: Name of the file.
    """

    package: str
    name: str

    @property
    def text(self) -> str:
        """The script itself, for EVAL."""
        return _text(self)

    @property
    def digest(self) -> str:
        """The name of the script on a server that has it, for EVALSHA."""
        return _digest(self)


@functools.cache
def _text(source: ScriptSource) -> str:
    return resources.files(source.package).joinpath(source.name).read_text(encoding="utf-8")


@functools.cache
def _digest(source: ScriptSource) -> str:
    return hashlib.sha1(_text(source).encode(), usedforsecurity=False).hexdigest()
