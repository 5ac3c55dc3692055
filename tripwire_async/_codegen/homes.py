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
REFUSALS: Final = "refusals"


@attrs.frozen
class Module:
    """A module of models.

    Attributes:
        name: What it is called: a tag, ``events``, ``refusals``, ``common``, or the names of the few that share it with
            ``_and_`` between them.
        declarations: What it holds, each after what it needs.
    """

    name: str
    declarations: tuple[Declaration, ...]


@attrs.frozen
class Api:
    """The whole description, understood.

    Attributes:
        modules: The modules of models; each takes only from modules that more share.
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
    tags: dict[str, list[str]] = {}
    refusals: list[str] = []
    for endpoint in endpoints:
        tags.setdefault(endpoint.tag, []).extend(roots(endpoint))
        refusals.extend(endpoint.failures)
    parts = {**tags, EVENTS: [*outgoing.received, *outgoing.answered], REFUSALS: refusals}
    users: dict[str, list[str]] = {name: [] for name in declared}
    for part, names in parts.items():
        for name in _reach(declared, names):
            users[name].append(part)
    modules: dict[str, list[Declaration]] = {module: [] for module in (COMMON, *parts)}
    for name, declaration in declared.items():
        if not users[name]:
            msg = f"{declaration.pointer}: nothing uses it"
            raise RefusalError(msg)
        modules.setdefault(_home(declaration, users[name], len(tags)), []).append(declaration)
    for module, declarations in modules.items():
        yield Module(module, tuple(declarations))


def _home(declaration: Declaration, users: list[str], tags: int) -> str:
    """Return the name of the module for *declaration*: a resource is to bring few models that it has no use for."""
    # Another name for a text costs nothing.
    is_free = isinstance(declaration, Alias) and not any(mentioned(declaration))
    if len(users) > 1 and (is_free or 2 * len(users) > tags):
        return COMMON
    return "_and_".join(users)


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
