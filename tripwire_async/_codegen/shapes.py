"""What a description comes down to: the few shapes of values, and the things that get a name in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tripwire_async._operation import Authority


@attrs.frozen
class Scalar:
    """A value without parts, by what it is called in the models' Python."""

    python: Literal["str", "int", "float", "bool", "None", "Any", "Timestamp", "Secret"]


@attrs.frozen
class Constant:
    """The one value that may stand here."""

    value: str | int


@attrs.frozen
class Named:
    """A declaration, by its name."""

    name: str


@attrs.frozen
class ListOf:
    """Any number of values of one shape."""

    item: Shape


@attrs.frozen
class MapOf:
    """Values of one shape under names that the description does not know."""

    value: Shape


@attrs.frozen
class Union:
    """One of several shapes."""

    options: tuple[Shape, ...]


Shape: TypeAlias = Scalar | Constant | Named | ListOf | MapOf | Union

NULL = Scalar("None")
ANY = Scalar("Any")


@attrs.frozen
class Choice:
    """A union whose option is told by the field next to it.

    Attributes:
        field: That field.
        models: The name of the model for each of its values.
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
    choice: Choice | None = None


@attrs.frozen
class Model:
    """An object with named fields, those of the models that it *extends* included."""

    name: str
    fields: tuple[Field, ...]
    doc: str = attrs.field(eq=False)
    pointer: str = attrs.field(eq=False)
    extends: tuple[str, ...] = ()


@attrs.frozen
class Enumeration:
    """Texts that are known, each with its name in Python."""

    name: str
    members: tuple[tuple[str, str], ...]
    doc: str = attrs.field(eq=False)
    pointer: str = attrs.field(eq=False)


@attrs.frozen
class Alias:
    """Another name for a shape; *pattern* is what a text of it has to match."""

    name: str
    shape: Shape
    pattern: str | None
    doc: str = attrs.field(eq=False)
    pointer: str = attrs.field(eq=False)


Declaration: TypeAlias = Model | Enumeration | Alias


@attrs.frozen
class Argument:
    """An argument in an operation's path or query."""

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
    failures: tuple[str, ...]
    doc: str


def names_in(shape: Shape) -> Iterator[str]:
    """Yield the names of the declarations that *shape* mentions."""
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
    """Yield the names of the declarations that *declaration* needs."""
    match declaration:
        case Model():
            for field in declaration.fields:
                yield from names_in(field.shape)
        case Alias():
            yield from names_in(declaration.shape)
        case _:
            return
