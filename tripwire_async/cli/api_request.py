"""Requests of any method and path, described by the operation of the API if there is one."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote

import attrs

from tripwire_async._generated import operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async._operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLACEHOLDER: Final = re.compile(r"\\\{[^}]*\\\}")


def api_request(method: str, path: str, body: object) -> ApiRequest[None]:
    """Return a request of *path*, which may have a query; its response body is not decoded.

    An operation of the API determines the required scope in messages, the checks of ids, and the path in logs.
    """
    plain, _, query = path.partition("?")
    operation, values = _find(method, plain)
    return ApiRequest(operation, values, query=dict(parse_qsl(query, keep_blank_values=True)), body=body)


def _find(method: str, path: str) -> tuple[Operation[None], tuple[str, ...]]:
    """Return the operation for *method* and *path*, and the values of its placeholders."""
    for operation in _operations():
        pattern = _PLACEHOLDER.sub("([^/]+)", re.escape(operation.path))
        found = re.fullmatch(pattern, path) if operation.method == method else None
        if found is not None:
            # Without a model of the body, because the API checks what the user wrote.
            return attrs.evolve(operation, returns=type(None), body=None), tuple(map(unquote, found.groups()))
    # The percent sign of a quoted character would be a placeholder of the template.
    template = path.replace("%", "%%")
    return Operation(
        id=f"{method} {path}", method=method, path=template, authority="secret", success=200, returns=type(None)
    ), ()


def _operations() -> Iterator[Operation[Any]]:
    for module in pkgutil.iter_modules(operations.__path__, f"{operations.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Operation):
                yield value
