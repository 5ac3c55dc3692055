"""All generated models and hypothesis strategies for their instances."""

from __future__ import annotations

import functools
import types
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import attrs
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tripwire_async import models
from tripwire_async._codec.enums import OpenEnum
from tripwire_async._codec.fields import UNSET, Discriminator, UnsetType
from tripwire_async._secrets.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

EXPORTED: list[type] = [each for name in models.__all__ if isinstance(each := getattr(models, name), type)]
MODELS: list[type[Any]] = [each for each in EXPORTED if attrs.has(each)]
ENUMS: list[type[OpenEnum]] = [each for each in EXPORTED if issubclass(each, OpenEnum)]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=3,
)
TIMESTAMPS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - hypothesis requires naive bounds
    lambda timestamp: timestamp.replace(microsecond=timestamp.microsecond // 1000 * 1000)
)


def options(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, or a tuple of *annotation* alone."""
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


@functools.cache
def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for the values of a field of the type *annotation*."""
    plain: dict[Any, st.SearchStrategy[Any]] = {
        Any: JSON,
        UnsetType: st.just(UNSET),
        bool: st.booleans(),
        float: st.floats(allow_nan=False, allow_infinity=False),
        int: st.integers(-(2**63), 2**64 - 1),
        str: TEXT,
        types.NoneType: st.none(),
        Secret: TEXT.map(Secret),
    }
    if annotation in plain:
        return plain[annotation]
    if isinstance(annotation, type) and issubclass(annotation, OpenEnum):
        return st.sampled_from(annotation) | TEXT.map(annotation)
    if isinstance(annotation, type) and attrs.has(annotation):
        return instances(annotation)
    return _composed(annotation)


def _composed(annotation: Any) -> st.SearchStrategy[Any]:
    arguments = get_args(annotation)
    makers: dict[Any, Callable[[], st.SearchStrategy[Any]]] = {
        Annotated: lambda: TIMESTAMPS,
        Literal: lambda: st.sampled_from(arguments),
        Union: lambda: st.one_of([values(each) for each in arguments]),
        types.UnionType: lambda: st.one_of([values(each) for each in arguments]),
        dict: lambda: st.dictionaries(TEXT, values(arguments[1]), max_size=2),
        tuple: lambda: st.lists(values(arguments[0]), max_size=2).map(tuple),
    }
    return makers[get_origin(annotation)]()


@functools.cache
def instances(model: type[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for the instances of *model*."""
    fields = attrs.fields(model)
    plain = {field.name: values(field.type) for field in fields if Discriminator not in field.metadata}
    for field in fields:
        if Discriminator in field.metadata:
            return st.fixed_dictionaries(plain).flatmap(functools.partial(_discriminated, model, field))
    return st.fixed_dictionaries(plain).map(lambda chosen: model(**chosen))


def _discriminated(model: type[Any], field: attrs.Attribute[Any], chosen: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return a strategy in which the discriminator in *chosen* selects the model of *field*."""
    discriminator: Discriminator = field.metadata[Discriminator]
    of = discriminator.models.get(chosen[discriminator.field], dict[str, Any])
    return values(of).map(lambda value: model(**chosen, **{field.name: value}))


@functools.cache
def sample(model: type[Any]) -> Any:
    """Return an instance of *model*, the same one on every call."""
    found: list[Any] = []

    @settings(max_examples=1, deadline=None, phases=[Phase.generate], derandomize=True, database=None)
    @given(instances(model))
    def keep(value: Any) -> None:
        found.append(value)

    keep()
    return found[0]
