"""OpenAPI document of a running server: the API of its profile, and the control API."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, TypeGuard

import msgspec

from .routes import ROUTES

if TYPE_CHECKING:
    from tripwire_async.testing._server.controls import ServerControls
    from tripwire_async.testing._service.records import JsonObject

    from .routes import Route

_TAG: Final = "control"
_SCHEMAS: Final = "#/components/schemas/"


def describe(server: ServerControls) -> JsonObject:
    """Return the document for the profile and the URL of *server*."""
    text = (files("tripwire_async._generated") / "openapi.json").read_text(encoding="utf-8")
    document: JsonObject = _of_profile(json.loads(text), server.profile.name)
    document = _without_missing(document, document["components"]["schemas"])
    document["paths"] = {path: operations for path, operations in document["paths"].items() if operations}
    document["servers"] = [{"url": server.base_url, "description": f"Test server of {server.profile.title}."}]
    document["tags"].append({"name": _TAG, "description": "Control of the test server; the real service lacks it."})
    commands = [route.command for route in ROUTES if route.command is not None]
    _, schemas = msgspec.json.schema_components(commands, ref_template=f"{_SCHEMAS}{{name}}")
    document["components"]["schemas"] |= schemas
    for route in ROUTES:
        document["paths"].setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return document


def _of_profile(node: Any, profile: str) -> Any:
    """Return *node* without the parts that only the other profile has."""
    if _is_object(node):
        kept = {name: _of_profile(value, profile) for name, value in node.items() if _belongs(value, profile)}
        if "properties" in kept and "required" in kept:
            kept["required"] = [name for name in kept["required"] if name in kept["properties"]]
        return kept
    if _is_list(node):
        return [_of_profile(value, profile) for value in node if _belongs(value, profile)]
    return node


def _without_missing(node: Any, schemas: JsonObject) -> Any:
    """Return *node* without the alternatives whose schema only the other profile has."""
    if _is_object(node):
        alternatives = node.get("mapping")
        if _is_object(alternatives):
            node = {**node, "mapping": {name: schema for name, schema in alternatives.items() if schema in schemas}}
        return {name: _without_missing(value, schemas) for name, value in node.items()}
    if _is_list(node):
        return [_without_missing(value, schemas) for value in node if not _is_missing(value, schemas)]
    return node


def _is_missing(node: Any, schemas: JsonObject) -> bool:
    reference: str = node.get("$ref", "") if _is_object(node) else ""
    return reference.startswith(_SCHEMAS) and reference.removeprefix(_SCHEMAS) not in schemas


def _belongs(node: Any, profile: str) -> bool:
    return not _is_object(node) or profile in node.get("x-profiles", [profile])


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _operation(route: Route) -> JsonObject:
    summary = (route.action.__doc__ or "").partition("\n")[0]
    operation: JsonObject = {"operationId": route.operation, "tags": [_TAG], "summary": summary, "security": []}
    if "{id}" in route.path:
        operation["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    if route.command is not None:
        reference = {"$ref": f"{_SCHEMAS}{route.command.__name__}"}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": reference}}}
    content = {} if route.status == 204 else {"content": {"application/json": {"schema": {"type": "object"}}}}
    operation["responses"] = {str(route.status): {"description": "Done.", **content}}
    return operation
