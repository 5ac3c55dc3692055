"""Assignment of declarations to modules, and the set of models that clients send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from .document import DescriptionError, load
from .operations import WebhookSchemas, read_operations, read_webhooks, referenced_schemas
from .schemas import SchemaReader, read_schemas
from .shapes import Alias, Constant, Declaration, Endpoint, Enumeration, Model, Union, mentioned, names_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from .document import Document

SHARED: Final = "shared"
EVENTS: Final = "events"
ERRORS: Final = "errors"


@attrs.frozen
class Module:
    """A module of models.

    Attributes:
        name: A tag, ``events``, ``errors``, or ``shared`` for what several of them use.
        declarations: The declarations, each after those it refers to.
    """

    name: str
    declarations: tuple[Declaration, ...]


@attrs.frozen
class Api:
    """The interpreted description.

    Attributes:
        modules: The modules of models; ``shared`` imports from none of the others.
        endpoints: The operations.
        sent: Names of the models that clients send. Their absent fields are `UNSET`, even where the API returns them.
    """

    modules: tuple[Module, ...]
    endpoints: tuple[Endpoint, ...]
    sent: frozenset[str]

    def module_of(self, name: str) -> str:
        """Return the name of the module that holds the declaration *name*."""
        return next(module.name for module in self.modules for each in module.declarations if each.name == name)


def read_api(path: Path) -> Api:
    """Read and interpret the file at *path*; raise `DescriptionError`."""
    return interpret(load(path))


def interpret(document: Document) -> Api:
    """Interpret *document*; raise `DescriptionError` for unsupported content."""
    document.root.only("openapi", "info", "servers", "tags", "paths", "webhooks", "components")
    reader = SchemaReader(document, read_schemas(document))
    endpoints = read_operations(document, reader)
    webhooks = read_webhooks(document)
    declared = _sorted(reader.declared)
    sent = [*webhooks.responses, *(endpoint.body for endpoint in endpoints if endpoint.body is not None)]
    return Api(
        modules=tuple(_modules(declared, endpoints, webhooks)),
        endpoints=endpoints,
        sent=frozenset(_reachable(declared, sent)),
    )


def _sorted(declared: Mapping[str, Declaration]) -> dict[str, Declaration]:
    """Return *declared* with each declaration after those it refers to."""
    ordered: dict[str, Declaration] = {}

    def visit(declaration: Declaration, parents: tuple[str, ...]) -> None:
        if declaration.name in parents:
            cycle = " -> ".join((*parents, declaration.name))
            msg = f"{declaration.pointer}: circular references are not supported: {cycle}"
            raise DescriptionError(msg)
        if declaration.name not in ordered:
            for name in _dependencies(declaration):
                visit(declared[name], (*parents, declaration.name))
            ordered[declaration.name] = declaration

    for declaration in declared.values():
        visit(declaration, ())
    return ordered


def _modules(
    declared: Mapping[str, Declaration], endpoints: Iterable[Endpoint], webhooks: WebhookSchemas
) -> Iterator[Module]:
    roots: dict[str, list[str]] = {}
    errors: list[str] = []
    for endpoint in endpoints:
        roots.setdefault(endpoint.tag, []).extend(referenced_schemas(endpoint))
        errors.extend(endpoint.error_models)
    roots |= {EVENTS: [*webhooks.requests, *webhooks.responses], ERRORS: errors}
    users: dict[str, list[str]] = {name: [] for name in declared}
    for module, names in roots.items():
        for name in _reachable(declared, names):
            users[name].append(module)
    modules: dict[str, list[Declaration]] = {module: [] for module in (SHARED, *roots)}
    for name, declaration in declared.items():
        if not users[name]:
            msg = f"{declaration.pointer}: unused schema"
            raise DescriptionError(msg)
        modules[users[name][0] if len(users[name]) == 1 else SHARED].append(declaration)
    passed = set(_passed(declared, endpoints))
    for module, declarations in modules.items():
        yield Module(module, tuple(_with_values(declarations, passed)))


def _passed(declared: Mapping[str, Declaration], endpoints: Iterable[Endpoint]) -> Iterator[str]:
    """Yield the names of what callers pass: query arguments and the fields of request bodies."""
    for endpoint in endpoints:
        for argument in endpoint.arguments:
            yield from names_in(argument.shape)
        if endpoint.body is not None:
            yield from mentioned(declared[endpoint.body])


def _with_values(declarations: Iterable[Declaration], passed: set[str]) -> Iterator[Declaration]:
    """Yield *declarations*, and after each enumeration that callers pass an alias of its values."""
    for declaration in declarations:
        yield declaration
        if isinstance(declaration, Enumeration) and declaration.name in passed:
            yield Alias(
                f"{declaration.name}Value",
                Union(tuple(Constant(value) for _, value in declaration.members)),
                None,
                f"The values of `{declaration.name}` as text, which an argument accepts as well.",
                declaration.pointer,
            )


def _reachable(declared: Mapping[str, Declaration], names: Iterable[str]) -> set[str]:
    """Return *names* and everything they refer to, directly or indirectly."""
    reached: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            pending.extend(_dependencies(declared[name]))
    return reached


def _dependencies(declaration: Declaration) -> Iterator[str]:
    yield from mentioned(declaration)
    if isinstance(declaration, Model):
        yield from declaration.extends


def pattern_names(api: Api) -> dict[str, str]:
    """Return the name of the declaration that defines each pattern."""
    return {
        declaration.pattern: declaration.name
        for module in api.modules
        for declaration in module.declarations
        if isinstance(declaration, Alias) and declaration.pattern is not None
    }
