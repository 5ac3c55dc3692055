"""Validation of arguments, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

import attrs

from tripwire_async._codec.converter import DecodeError, structure
from tripwire_async._codec.enums import OpenEnum
from tripwire_async._codec.fields import UNSET, UnsetType

if TYPE_CHECKING:
    from collections.abc import Mapping

E = TypeVar("E", bound=OpenEnum)
M = TypeVar("M", bound=attrs.AttrsInstance)

_LARGEST_PAGE: Final = 200


def check_page_size(limit: int | None) -> int | None:
    """Return *limit*, which must be None or from 1 to 200; raise ValueError otherwise."""
    if limit is None or (type(limit) is int and 1 <= limit <= _LARGEST_PAGE):
        return limit
    msg = f"limit must be a whole number from 1 to {_LARGEST_PAGE}, not {limit!r}"
    raise ValueError(msg)


@overload
def enum_value(enumeration: type[E], value: E | str) -> E: ...
@overload
def enum_value(enumeration: type[E], value: E | str | UnsetType) -> E | UnsetType: ...
def enum_value(enumeration: type[E], value: E | str | UnsetType) -> E | UnsetType:
    """Return *value* as a member; raise a ValueError that lists the members for any other text.

    A member passes unchanged, so ``Verdict("new")`` can send a value of a later release of the service.
    """
    return value if isinstance(value, UnsetType) else enumeration.parse(value)


@overload
def enum_values(enumeration: type[E], values: Iterable[E | str]) -> tuple[E, ...]: ...
@overload
def enum_values(enumeration: type[E], values: Iterable[E | str] | UnsetType) -> tuple[E, ...] | UnsetType: ...
def enum_values(enumeration: type[E], values: Iterable[E | str] | UnsetType) -> tuple[E, ...] | UnsetType:
    """Return *values* as members (see `enum_value`); raise ValueError for anything but a list."""
    if isinstance(values, UnsetType):
        return UNSET
    if _is_not_a_list(values):
        msg = f"expected a list of {enumeration.__name__}, not {values!r}: put it in a list"
        raise ValueError(msg)
    return tuple(enumeration.parse(value) for value in values)


def text_list(name: str, values: Iterable[str] | UnsetType) -> tuple[str, ...] | UnsetType:
    """Return *values*, the argument called *name*; raise ValueError for anything but a list."""
    if isinstance(values, UnsetType):
        return UNSET
    if _is_not_a_list(values):
        msg = f"{name} must be a list of texts, not {values!r}: put it in a list"
        raise ValueError(msg)
    return tuple(values)


def to_model(name: str, type_: type[M], value: M | Mapping[str, object]) -> M:
    """Return the argument called *name*, a *type_* or a mapping of its fields, as a *type_*."""
    if isinstance(value, type_):
        return value
    try:
        return structure(value, type_)
    except DecodeError as problem:
        msg = f"{(problem.path or '$').replace('$', name, 1)} cannot be sent: {problem.message}"
        raise ValueError(msg) from None


def to_model_or_unset(name: str, type_: type[M], value: M | Mapping[str, object] | UnsetType) -> M | UnsetType:
    """Do as `model` does with a value that is given, and let `UNSET` be."""
    return value if isinstance(value, UnsetType) else to_model(name, type_, value)


def to_models(
    name: str, type_: type[M], values: Iterable[M | Mapping[str, object]] | UnsetType
) -> tuple[M, ...] | UnsetType:
    """Return the argument called *name* as *type_* objects, each as `model` does."""
    if isinstance(values, UnsetType):
        return UNSET
    if _is_not_a_list(values):
        msg = f"{name} must be a list of {type_.__name__}, not {type(values).__name__}"
        raise ValueError(msg)
    return tuple(to_model(f"{name}[{index}]", type_, value) for index, value in enumerate(values))


def _is_not_a_list(values: object) -> bool:
    """Return whether *values* is not iterable, or is text, which would count as a list of characters."""
    return isinstance(values, str) or not isinstance(values, Iterable)


def to_dict(name: str, value: Mapping[str, object] | UnsetType) -> dict[str, Any] | UnsetType:
    """Return the argument called *name* as a dict; raise ValueError if it is not a mapping."""
    if isinstance(value, UnsetType):
        return UNSET
    try:
        return dict(value)
    except (TypeError, ValueError):
        msg = f"{name} must be a mapping, not {type(value).__name__}"
    raise ValueError(msg)


def require_change(model: M) -> M:
    """Return *model* if at least one of its fields is set; raise ValueError otherwise."""
    names = [field.name for field in _fields(type(model))]
    if any(getattr(model, name) is not UNSET for name in names):
        return model
    msg = f"nothing to change: give at least one of {', '.join(names)}"
    raise ValueError(msg)


def _fields(model: type[attrs.AttrsInstance]) -> tuple[attrs.Attribute[Any], ...]:
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(model)
    return fields
