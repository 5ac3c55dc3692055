"""Packages whose names come from their homes when they are first asked for (PEP 562)."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def from_homes(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and the ``__dir__`` of *package*, most of which not every program needs.

    *homes* has the module, relative to the package, of each name that is imported when it is asked for. For type
    checkers the package imports them under ``TYPE_CHECKING`` as well.
    """
    names = vars(sys.modules[package])

    def get(name: str) -> object:
        if name not in homes:
            msg = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(msg)
        found = names[name] = getattr(import_module(f"{package}.{homes[name]}"), name)
        return found

    def listed() -> list[str]:
        return sorted({*names, *homes})

    return get, listed
