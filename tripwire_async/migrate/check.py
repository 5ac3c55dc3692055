"""Search for uses of ``tripwire-server`` in the syntax tree of a program."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

import attrs

from .names import ARGUMENTS, METHODS, NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE: Final = "tripwire_server"
_AWAITED: Final = {
    "send_test": "it returns a PendingDelivery, whose event_id is an attribute",
    "list": "the result is a Page; or use 'async for'",
    "list_endpoints": "the result is a Page; or use 'async for'",
    "list_events": "the result is a Page; or use 'async for'",
}


@attrs.frozen(order=True)
class Change:
    """One change that a program needs.

    Attributes:
        line: The line of the program, from 1.
        old: The old code, shortened.
        new: Its replacement.
    """

    line: int
    old: str
    new: str


def changes_in(source: str) -> list[Change]:
    """Return the changes that the program *source* needs, by line; raise `SyntaxError` if it is not valid Python.

    Calls of methods are found by the name of their resource, for example ``client.webhooks.send_test(...)``, so that a
    client may come from anywhere. Calls that are awaited already are left out.
    """
    tree = ast.parse(source)
    names = dict(_imported_names(tree))
    return sorted({*_imports(tree), *_uses(tree, names), *_calls(tree, names)})


def _imported_names(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each name under which the program uses a name of the package, and that name; empty for the package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and _is_package(node.module):
            yield from ((alias.asname or alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.asname or _PACKAGE, "") for alias in node.names if _is_package(alias.name))


def _is_package(module: str | None) -> bool:
    return module is not None and module.partition(".")[0] == _PACKAGE


def _imports(tree: ast.AST) -> Iterator[Change]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and _is_package(node.module):
            for alias in node.names:
                yield Change(alias.lineno, f"from {node.module} import {alias.name}", _replacement(alias.name))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if _is_package(alias.name):
                    yield Change(alias.lineno, f"import {alias.name}", "import tripwire_async")


def _replacement(name: str) -> str:
    return NAMES.get(name, "no replacement: this name was not exported")


def _old_name(node: ast.expr, names: dict[str, str]) -> str | None:
    """Return the name of the package that *node* uses; None if it uses none."""
    if isinstance(node, ast.Name):
        return names.get(node.id) or None
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and names.get(node.value.id) == "":
        return node.attr
    return None


def _uses(tree: ast.AST, names: dict[str, str]) -> Iterator[Change]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)):
            old = _old_name(node, names)
            if old is not None:
                yield Change(node.lineno, ast.unparse(node), _replacement(old))


def _calls(tree: ast.AST, names: dict[str, str]) -> Iterator[Change]:
    migrated = {id(call) for call in _migrated_calls(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.With):
            yield from _with_client(node, names)
        if not isinstance(node, ast.Call):
            continue
        if _old_name(node.func, names) == "Tripwire":
            for keyword in node.keywords:
                new = ARGUMENTS.get(keyword.arg or "")
                if new is not None:
                    yield Change(keyword.value.lineno, f"{keyword.arg}=", new)
        if isinstance(node.func, ast.Attribute) and id(node) not in migrated:
            yield from _method_call(node, node.func)


def _with_client(node: ast.With, names: dict[str, str]) -> Iterator[Change]:
    for item in node.items:
        call = item.context_expr
        if isinstance(call, ast.Call) and _old_name(call.func, names) == "Tripwire":
            yield Change(call.lineno, f"with {ast.unparse(call.func)}(...)", "async with AsyncTripwire(...)")


def _migrated_calls(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions that are awaited or iterated over asynchronously."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Await):
            yield node.value
        elif isinstance(node, ast.AsyncFor) or (isinstance(node, ast.comprehension) and node.is_async):
            yield node.iter


def _method_call(call: ast.Call, method: ast.Attribute) -> Iterator[Change]:
    if not isinstance(method.value, ast.Attribute):
        return
    name = ast.unparse(method)
    known = METHODS.get(method.value.attr, frozenset[str]())
    if method.attr == "iter" and "list" in known:
        yield Change(call.lineno, f"for ... in {name}(...)", f"async for ... in {ast.unparse(method.value)}.list(...)")
    elif method.attr in known:
        note = _AWAITED.get(method.attr)
        yield Change(call.lineno, f"{name}(...)", f"await {name}(...)" + (f": {note}" if note else ""))
