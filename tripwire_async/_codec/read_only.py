"""Decoding of responses: read-only fields are required there, while requests leave them out."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, get_args, get_origin

import attrs

from .converter import DecodeError, decode
from .fields import READ_ONLY, UNSET

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

Path: TypeAlias = tuple[str, ...]
"""Names of fields from a model down to a read-only field; ``[]`` stands for each item of a list."""

_ITEMS = "[]"


def decode_response(data: bytes, type_: type[T]) -> T:
    """Decode *data* like `decode`, and raise `DecodeError` if a read-only field is missing."""
    value = decode(data, type_)
    key: Any = type_
    for path in _read_only_paths(key):
        _require(value, path, "$")
    return value


@functools.cache
def _read_only_paths(type_: Any) -> tuple[Path, ...]:
    """Return the path of each read-only field in the values of *type_*."""
    return tuple(_find(type_))


def _find(type_: Any) -> Iterator[Path]:
    if attrs.has(type_):
        fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(type_)
        for field in fields:
            if READ_ONLY in field.metadata:
                yield (field.name,)
            yield from ((field.name, *path) for path in _find(field.type))
        return
    is_list = get_origin(type_) is tuple
    for argument in get_args(type_):
        yield from ((_ITEMS, *path) if is_list else path for path in _find(argument))


def _require(value: Any, path: Path, parent: str) -> None:
    """Raise `DecodeError` unless every model at *path* of *value* has its last field."""
    name, rest = path[0], path[1:]
    if name == _ITEMS:
        for index, item in enumerate(value):
            _require(item, rest, f"{parent}[{index}]")
    elif rest:
        child = getattr(value, name)
        if child is not None:
            _require(child, rest, f"{parent}.{name}")
    elif getattr(value, name) is UNSET:
        msg = f"Object missing required field `{name}`"
        raise DecodeError(msg, parent)
