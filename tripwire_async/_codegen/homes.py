"""Decides which module holds which declaration, and which models are sent rather than received."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from .document import RefusalError, load
from .operations import Outgoing, read_operations, read_outgoing, roots
from .schemas import SchemaReader, read_schemas
from .shapes import Alias, Declaration, Endpoint, Model, mentioned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from .document import Document

COMMON: Final = "common"
EVENTS: Final = "events"


@attrs.frozen
class Module:
    """A module of models.

    Attributes:
        name: What it is called: a tag, ``common`` or ``events``.
        declarations: What it holds, each after what it needs.
    """

    name: str
    declarations: tuple[Declaration, ...]


@attrs.frozen
class Api:
    """The whole description, understood.

    Attributes:
        modules: The modules of models; ``common`` first, for the others take from it.
        endpoints: The operations.
        sent: Names of what users send, be it received elsewhere too: there, what is absent is `UNSET`.
    """

    modules: tuple[Module, ...]
    endpoints: tuple[Endpoint, ...]
    sent: frozenset[str]

    def home(self, name: str) -> str:
        """Return the name of the module that holds the declaration *name*."""
        return next(module.name for module in self.modules for each in module.declarations if each.name == name)


def read_api(path: Path) -> Api:
    """Read and understand the description in the file at *path*; raises `RefusalError`."""
    return understand(load(path))


def understand(document: Document) -> Api:
    """Understand *document*; raises `RefusalError` for what it cannot."""
    document.root.only("openapi", "info", "servers", "tags", "paths", "webhooks", "components")
    reader = SchemaReader(document, read_schemas(document))
    endpoints = read_operations(document, reader)
    outgoing = read_outgoing(document)
    declared = _in_order(reader.declared)
    return Api(
        modules=tuple(_modules(declared, endpoints, outgoing)),
        endpoints=endpoints,
        sent=frozenset(
            _reach(
                declared,
                [*outgoing.answered, *(endpoint.body for endpoint in endpoints if endpoint.body is not None)],
            )
        ),
    )


def _in_order(declared: Mapping[str, Declaration]) -> dict[str, Declaration]:
    """Return *declared* with each declaration after those that it needs."""
    ordered: dict[str, Declaration] = {}

    def visit(declaration: Declaration, above: tuple[str, ...]) -> None:
        if declaration.name in above:
            circle = " needs ".join((*above, declaration.name))
            msg = f"{declaration.pointer}: {circle}, and the generator knows no circles"
            raise RefusalError(msg)
        if declaration.name not in ordered:
            for name in _needed(declaration):
                visit(declared[name], (*above, declaration.name))
            ordered[declaration.name] = declaration

    for declaration in declared.values():
        visit(declaration, ())
    return ordered


def _modules(
    declared: Mapping[str, Declaration], endpoints: Iterable[Endpoint], outgoing: Outgoing
) -> Iterator[Module]:
    users: dict[str, set[str]] = {name: set() for name in declared}
    tags: dict[str, list[str]] = {}
    for endpoint in endpoints:
        tags.setdefault(endpoint.tag, []).extend(roots(endpoint))
    tags[EVENTS] = [*outgoing.received, *outgoing.answered]
    for tag, names in tags.items():
        for name in _reach(declared, names):
            users[name].add(tag)
    homes: dict[str, str] = {}
    for name, by in users.items():
        if not by:
            msg = f"{declared[name].pointer}: nothing uses it"
            raise RefusalError(msg)
        homes[name] = next(iter(by)) if len(by) == 1 else COMMON
    for module in (COMMON, *tags):
        yield Module(module, tuple(each for each in declared.values() if homes[each.name] == module))


def _reach(declared: Mapping[str, Declaration], names: Iterable[str]) -> set[str]:
    reached: set[str] = set()
    ahead = list(names)
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead.extend(_needed(declared[name]))
    return reached


def _needed(declaration: Declaration) -> Iterator[str]:
    yield from mentioned(declaration)
    if isinstance(declaration, Model):
        yield from declaration.extends


def pattern_names(api: Api) -> dict[str, str]:
    """Return the name of the declaration that brings each pattern."""
    return {
        declaration.pattern: declaration.name
        for module in api.modules
        for declaration in module.declarations
        if isinstance(declaration, Alias) and declaration.pattern is not None
    }
