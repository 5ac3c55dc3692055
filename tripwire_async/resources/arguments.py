"""Checks on what users pass, before anything is sent."""

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
    """Return *limit*, which must be None or from 1 to 200; ValueError otherwise."""
    if limit is None or (type(limit) is int and 1 <= limit <= _LARGEST_PAGE):
        return limit
    msg = f"limit must be a whole number from 1 to {_LARGEST_PAGE}, not {limit!r}"
    raise ValueError(msg)


@overload
def enum_value(enumeration: type[E], value: E | str) -> E: ...
@overload
def enum_value(enumeration: type[E], value: E | str | UnsetType) -> E | UnsetType: ...
def enum_value(enumeration: type[E], value: E | str | UnsetType) -> E | UnsetType:
    """Return *value* as a member; text that the enumeration does not name is a ValueError that lists what it does.

    A member is taken as it is, so ``Verdict("new")`` sends a value of the service's next release on purpose.
    """
    return value if isinstance(value, UnsetType) else enumeration.parse(value)


@overload
def enum_values(enumeration: type[E], values: Iterable[E | str]) -> tuple[E, ...]: ...
@overload
def enum_values(enumeration: type[E], values: Iterable[E | str] | UnsetType) -> tuple[E, ...] | UnsetType: ...
def enum_values(enumeration: type[E], values: Iterable[E | str] | UnsetType) -> tuple[E, ...] | UnsetType:
    """Return *values* as members, each as `known` does; anything else than a list is a ValueError."""
    if isinstance(values, UnsetType):
        return UNSET
    if _is_not_a_list(values):
        msg = f"a list of {enumeration.__name__} is wanted, not {values!r}: put it in a list"
        raise ValueError(msg)
    return tuple(enumeration.parse(value) for value in values)


def text_list(name: str, values: Iterable[str] | UnsetType) -> tuple[str, ...] | UnsetType:
    """Return *values*, the argument called *name*; anything else than a list is a ValueError."""
    if isinstance(values, UnsetType):
        return UNSET
    if _is_not_a_list(values):
        msg = f"{name} must be a list of texts, not {values!r}: put it in a list"
        raise ValueError(msg)
    return tuple(values)


def to_model(name: str, type_: type[M], value: M | Mapping[str, object]) -> M:
    """Return the argument called *name* as a *type_*, of which a mapping may hold the fields; ValueError otherwise."""
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
    """Tell whether *values* is None, a number or the like, or a text, which would be taken for a list of letters."""
    return isinstance(values, str) or not isinstance(values, Iterable)


def to_dict(name: str, value: Mapping[str, Any] | UnsetType) -> dict[str, Any] | UnsetType:
    """Return the argument called *name* as a dict; ValueError for what has no fields."""
    if isinstance(value, UnsetType):
        return UNSET
    try:
        return dict(value)
    except (TypeError, ValueError):
        msg = f"{name} must be a mapping, not {type(value).__name__}"
    raise ValueError(msg)


def require_change(model: M) -> M:
    """Return *model* if any of its fields is given; ValueError otherwise, as the API takes no empty change."""
    names = [field.name for field in _fields(type(model))]
    if any(getattr(model, name) is not UNSET for name in names):
        return model
    msg = f"nothing to change: give at least one of {', '.join(names)}"
    raise ValueError(msg)


def _fields(model: type[attrs.AttrsInstance]) -> tuple[attrs.Attribute[Any], ...]:
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(model)
    return fields
