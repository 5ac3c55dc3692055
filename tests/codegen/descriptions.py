"""Minimal API descriptions for tests of the generator."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from tripwire_async._codegen.document import Document, parse
from tripwire_async._codegen.modules import Api, interpret

Json = dict[str, Any]


def body(name: str) -> Json:
    """Return a JSON body with the schema *name*."""
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def operation(**changes: Any) -> Json:
    """Return an operation on things with *changes*; a value of None removes a key."""
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
    """Return a description with extra *schemas* and, by path and method, extra *operations*."""
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
    """Return a description whose Thing has a property `it` with *schema*; *more* are extra schemas."""
    whole = copy.deepcopy(description(more))
    whole["components"]["schemas"]["Thing"]["properties"]["it"] = schema
    return whole


def document(whole: Json) -> Document:
    """Return the parsed document."""
    return parse(yaml.safe_dump(whole, sort_keys=False))


def api(whole: Json) -> Api:
    """Return the interpreted description."""
    return interpret(document(whole))
