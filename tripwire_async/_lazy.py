"""Packages whose public names are imported on first use (PEP 562)."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def lazy_exports(
    package: str, exports: Mapping[str, str | None]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and the ``__dir__`` of *package*, which import its names on first use.

    *exports* maps each name to the module that defines it, written as a relative import; None marks a name that is a
    module itself. ``__dir__`` returns these names and ``__all__``. For type checkers, import the same names under
    ``TYPE_CHECKING``.
    """
    names = vars(sys.modules[package])

    def get(name: str) -> object:
        if name not in exports:
            msg = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(msg)
        source = exports[name]
        module = import_module(source or f".{name}", package)
        names[name] = found = module if source is None else getattr(module, name)
        return found

    def names_of_package() -> list[str]:
        return sorted({*exports, *names.get("__all__", ())})

    return get, names_of_package
