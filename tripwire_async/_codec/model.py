"""Base of the models: a short repr, and a complete one for `rich`."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Final, cast

import attrs

from .fields import UNSET

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST: Final = 200
_LONGEST_VALUE: Final = 60
_STATES: Final = frozenset({"code", "name", "state", "status", "type", "verdict"})


class Model:
    """Base of the generated models."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return at most 200 characters: ids and states first, then other short fields while there is room."""
        values = [(name, value) for name, value in _set_fields(self) if name != "object"]
        shown: list[str] = []
        left = _LONGEST - len(type(self).__name__) - len("(, …)")
        complete = True
        for name, value in sorted(values, key=lambda item: _rank(item[0])):
            text = f"{name}={_short(value)}"
            if isinstance(value, Model | dict) or len(text) + 2 > left:
                complete = False
                continue
            shown.append(text)
            left -= len(text) + 2
        return f"{type(self).__name__}({', '.join([*shown, *([] if complete else ['…'])])})"

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        """Yield each field with its value for `rich`, without unset ones."""
        yield from _set_fields(self)


def _set_fields(model: Model) -> Iterator[tuple[str, object]]:
    fields: tuple[attrs.Attribute[object], ...] = attrs.fields(cast("type[attrs.AttrsInstance]", type(model)))
    for field in fields:
        value = getattr(model, field.name)
        if value is not None and value is not UNSET:
            yield field.name, value


def _rank(name: str) -> int:
    """Return the place of a field in the repr: 0 for ids, 1 for states, 2 for others."""
    return 0 if name == "id" or name.endswith(("_id", "_ids")) else 1 if name in _STATES else 2


def _short(value: object) -> str:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and len(value) > _LONGEST_VALUE:
        return repr(value[: _LONGEST_VALUE - 1] + "…")
    return repr(value)
