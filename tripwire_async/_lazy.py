"""Packages whose names come from their homes when they are first asked for (PEP 562)."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def from_homes(
    package: str, homes: Mapping[str, str | None]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and the ``__dir__`` of *package*, most of which not every program needs.

    *homes* has the module in the package for each name that is imported when it is asked for; None for a name that is
    itself a module. For type checkers the package imports them under ``TYPE_CHECKING`` as well.
    """
    names = vars(sys.modules[package])

    def get(name: str) -> object:
        if name not in homes:
            msg = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(msg)
        home = homes[name]
        module = import_module(f"{package}.{home or name}")
        names[name] = found = module if home is None else getattr(module, name)
        return found

    def listed() -> list[str]:
        return sorted({*names, *homes})

    return get, listed
