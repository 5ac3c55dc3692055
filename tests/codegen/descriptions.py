"""The smallest description that the generator takes, to be changed in one place and tried again."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from tripwire_async._codegen.document import Document, parse
from tripwire_async._codegen.homes import Api, understand

Json = dict[str, Any]


def body(name: str) -> Json:
    """Return the description of a body."""
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def operation(**changes: Any) -> Json:
    """Return an operation on things, with some of its parts changed; one that is None is left out."""
    whole = {
        "operationId": "getThing",
        "tags": ["things"],
        "summary": "Read one thing.",
        "security": [{"secretKey": []}],
        "x-scope": "things:read",
        "parameters": [
            {"name": "thingId", "in": "path", "required": True, "schema": {"$ref": "#/components/schemas/ThingId"}},
            {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer", "default": 50}},
        ],
        "responses": {
            "200": {"description": "The thing.", "content": body("Thing")},
            "404": {"description": "None.", "content": body("Problem")},
        },
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def description(schemas: Json | None = None, operations: Json | None = None, **changes: Any) -> Json:
    """Return a description with more *schemas* and, by path and method, more *operations*."""
    paths: Json = {"/v1/things/{thingId}": {"get": operation()}}
    for path, item in (operations or {}).items():
        paths[path] = {**paths.get(path, {}), **item}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "servers": [],
        "tags": [{"name": "things"}, {"name": "parts"}],
        "paths": paths,
        "webhooks": {},
        "components": {
            "schemas": {
                "Thing": {
                    "description": "A thing.",
                    "type": "object",
                    "required": ["id"],
                    "properties": {"id": {"$ref": "#/components/schemas/ThingId"}},
                },
                "ThingId": {"description": "The id of a thing.", "type": "string", "pattern": "^th_[0-9]+$"},
                "Problem": {"type": "object", "properties": {"code": {"type": "string"}}},
                **(schemas or {}),
            }
        },
        **changes,
    }


def with_property(schema: Json, **more: Any) -> Json:
    """Return a description in which things have a field *it* of that *schema*, and *more* schemas."""
    whole = copy.deepcopy(description(more))
    whole["components"]["schemas"]["Thing"]["properties"]["it"] = schema
    return whole


def document(whole: Json) -> Document:
    """Return *whole* as the generator reads it."""
    return parse(yaml.safe_dump(whole, sort_keys=False))


def api(whole: Json) -> Api:
    """Return *whole* as the generator understands it."""
    return understand(document(whole))
