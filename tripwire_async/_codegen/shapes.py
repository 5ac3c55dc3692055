"""Intermediate representation: the shapes of values and the named declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from . import profiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tripwire_async._operation import Authority


@attrs.frozen
class Scalar:
    """A value without parts; *python* is its type in the models."""

    python: Literal["str", "int", "float", "bool", "None", "Any", "Timestamp", "Secret"]


@attrs.frozen
class Constant:
    """The only value allowed here."""

    value: str | int


@attrs.frozen
class Named:
    """A reference to a declaration by name."""

    name: str


@attrs.frozen
class ListOf:
    """A list of values of one shape."""

    item: Shape


@attrs.frozen
class MapOf:
    """A mapping from arbitrary names to values of one shape."""

    value: Shape


@attrs.frozen
class Union:
    """One of several shapes."""

    options: tuple[Shape, ...]


Shape: TypeAlias = Scalar | Constant | Named | ListOf | MapOf | Union

NULL = Scalar("None")
ANY = Scalar("Any")


@attrs.frozen
class DiscriminatedUnion:
    """A union whose member is selected by a sibling field.

    Attributes:
        field: The name of the sibling field.
        models: The model name for each value of that field.
    """

    field: str
    models: tuple[tuple[str, str], ...]


@attrs.frozen
class Field:
    """One field of a model."""

    name: str
    shape: Shape
    required: bool
    doc: str = attrs.field(eq=False)
    discriminator: DiscriminatedUnion | None = None
    profiles: tuple[str, ...] = profiles.ALL
    read_only: bool = False


@attrs.frozen
class Model:
    """An object with named fields, including those inherited from *extends*."""

    name: str
    fields: tuple[Field, ...]
    doc: str = attrs.field(eq=False)
    pointer: str = attrs.field(eq=False)
    extends: tuple[str, ...] = ()


@attrs.frozen
class Enumeration:
    """A set of known strings, each with its Python name; *value_profiles* are the values that only one profile has."""

    name: str
    members: tuple[tuple[str, str], ...]
    doc: str = attrs.field(eq=False)
    pointer: str = attrs.field(eq=False)
    value_profiles: tuple[tuple[str, tuple[str, ...]], ...] = ()


@attrs.frozen
class Alias:
    """A name for a shape; a string of it must match *pattern*."""

    name: str
    shape: Shape
    pattern: str | None
    doc: str = attrs.field(eq=False)
    pointer: str = attrs.field(eq=False)


Declaration: TypeAlias = Model | Enumeration | Alias


@attrs.frozen
class Argument:
    """A path or query argument of an operation."""

    name: str
    place: Literal["path", "query"]
    shape: Shape
    pattern: str | None


@attrs.frozen
class Endpoint:
    """One operation."""

    id: str
    tag: str
    method: str
    path: str
    arguments: tuple[Argument, ...]
    authority: Authority
    scope: str | None
    body: str | None
    success: int
    returns: str | None
    error_models: tuple[str, ...]
    doc: str
    profiles: tuple[str, ...] = profiles.ALL


def names_in(shape: Shape) -> Iterator[str]:
    """Yield the names of the declarations that *shape* refers to."""
    match shape:
        case Named(name):
            yield name
        case ListOf(inner) | MapOf(inner):
            yield from names_in(inner)
        case Union(options):
            for option in options:
                yield from names_in(option)
        case _:
            return


def mentioned(declaration: Declaration) -> Iterator[str]:
    """Yield the names of the declarations that *declaration* refers to."""
    match declaration:
        case Model():
            for field in declaration.fields:
                yield from names_in(field.shape)
        case Alias():
            yield from names_in(declaration.shape)
        case _:
            return
