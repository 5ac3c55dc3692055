"""Rendering of the modules of operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import names, profiles
from .modules import pattern_names
from .render_text import WIDTH, call, docstring, header, imports, raw, string

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .modules import Api
    from .shapes import Argument, Endpoint

_PACKAGE: Final = "tripwire_async._generated.models"


def render_operations(tag: str, api: Api) -> str:
    """Return the text of the module of operations of *tag*."""
    endpoints = [endpoint for endpoint in api.endpoints if endpoint.tag == tag]
    patterns = _patterns(endpoints, api)
    path_arguments = [a for endpoint in endpoints for a in endpoint.arguments if a.place == "path"]
    models: dict[str, set[str]] = {}
    for endpoint in endpoints:
        for name in (endpoint.body, endpoint.returns):
            if name is not None:
                models.setdefault(f"{_PACKAGE}.{api.module_of(name)}", set()).add(name)
    lines = [header(f"Operations of the tag {tag}.")]
    if patterns:
        lines.append("import re")
    lines += ["from typing import Final", ""]
    lines += imports(
        {
            **{module: models[module] for module in sorted(models)},
            "tripwire_async._operation": {"Operation", *(["PathArgument"] if path_arguments else [])},
        }
    )
    lines += ["", *(f"{name}: Final = re.compile({raw(pattern)})" for pattern, name in patterns.items())]
    if patterns:
        lines.append("")
    for endpoint in endpoints:
        lines += _endpoint(endpoint, patterns)
    return "\n".join([*lines[:-1], ""])


def _patterns(endpoints: list[Endpoint], api: Api) -> dict[str, str]:
    """Return the constant name of each pattern in the paths of *endpoints*, by pattern."""
    known = pattern_names(api)
    return {
        argument.pattern: f"_{names.constant_case(known.get(argument.pattern, argument.name))}"
        for endpoint in endpoints
        for argument in endpoint.arguments
        if argument.place == "path" and argument.pattern is not None
    }


def _endpoint(endpoint: Endpoint, patterns: dict[str, str]) -> Iterator[str]:
    returns = endpoint.returns or "None"
    yield f"{names.constant_case(endpoint.id)}: Final[Operation[{returns}]] = Operation("
    yield f"    id={string(endpoint.id)},"
    yield f"    method={string(endpoint.method)},"
    yield f"    path={string(endpoint.path)},"
    in_path = [_path_argument(a, patterns) for a in endpoint.arguments if a.place == "path"]
    if in_path:
        one = "," if len(in_path) == 1 else ""
        line = f"    path_arguments=({', '.join(in_path)}{one}),"
        yield from [line] if len(line) <= WIDTH else call("path_arguments=(", in_path, "),", indent="    ")
    in_query = [string(argument.name) for argument in endpoint.arguments if argument.place == "query"]
    if in_query:
        yield f"    query=({', '.join(in_query)}{',' if len(in_query) == 1 else ''}),"
    yield f"    authority={string(endpoint.authority)},"
    if endpoint.profiles != profiles.ALL:
        yield f"    profiles=({string(endpoint.profiles[0])},),"
    if endpoint.scope is not None:
        yield f"    scope={string(endpoint.scope)},"
    if endpoint.body is not None:
        yield f"    body={endpoint.body},"
    yield f"    success={endpoint.success},"
    yield f"    returns={endpoint.returns or 'type(None)'},"
    yield ")"
    yield from docstring(endpoint.doc, indent="")
    yield ""


def _path_argument(argument: Argument, patterns: dict[str, str]) -> str:
    arguments = [f"name={string(argument.name)}", f"argument={string(names.snake_case(argument.name))}"]
    if argument.pattern is not None:
        arguments.append(f"pattern={patterns[argument.pattern]}")
    return f"PathArgument({', '.join(arguments)})"
