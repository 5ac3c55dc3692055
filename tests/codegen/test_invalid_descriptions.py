"""Unsupported input is an error that names its JSON pointer."""

from __future__ import annotations

from typing import Any

import pytest

from tripwire_async._codegen.document import DescriptionError, parse

from .descriptions import Json, api, body, description, operation, with_property

THING = "#/components/schemas/Thing/properties/it"
GET = "#/paths/~1v1~1things~1{thingId}/get"


def error_of(whole: Json) -> str:
    """Return the generator's error for *whole*."""
    with pytest.raises(DescriptionError) as caught:
        api(whole)
    return str(caught.value)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({}, f"{THING}: 'type' is missing"),
        ({"type": "strnig"}, f"{THING}/type: type 'strnig' is not supported"),
        ({"type": ["string", "nil"]}, f"{THING}/type: type 'nil' is not supported"),
        ({"type": "string", "format": "uuid"}, f"{THING}/format: format 'uuid' is not supported"),
        (
            {"type": "string", "contentEncoding": "base64"},
            f"{THING}/contentEncoding: 'contentEncoding' is not supported here",
        ),
        ({"type": "integer", "multipleOf": 2}, f"{THING}/multipleOf: 'multipleOf' is not supported here"),
        ({"type": "boolean", "minimum": 1}, f"{THING}/minimum: 'minimum' is not supported here"),
        ({"type": "null", "minimum": 1}, f"{THING}/minimum: 'minimum' is not supported here"),
        ({"type": ["string", "null"], "enum2": []}, f"{THING}/enum2: 'enum2' is not supported here"),
        ({"type": "array"}, f"{THING}: 'items' is missing"),
        ({"type": "array", "items": {"type": "x"}}, f"{THING}/items/type: type 'x' is not supported"),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, f"{THING}/uniqueItems: "),
        ({"type": "array", "items": ["string"]}, f"{THING}/items: expected a mapping"),
        ({"type": "object"}, f"{THING}: 'additionalProperties' is missing"),
        ({"type": "object", "additionalProperties": False}, f"{THING}/additionalProperties: expected a mapping"),
        ({"type": "object", "properties": {}}, f"{THING}: an inline object needs x-class, the name of its class"),
        ({"x-class": "a b", "type": "object", "properties": {}}, f"{THING}/x-class: 'a b' is not a valid class name"),
        (
            {"x-class": "It", "type": "object", "properties": {}, "additionalProperties": {"type": "string"}},
            f"{THING}/additionalProperties: only true is supported together with properties",
        ),
        (
            {"x-class": "It", "type": "array", "properties": {}, "items": {}},
            f"{THING}/properties: 'properties' is not ",
        ),
        (
            {"x-class": "It", "type": "object", "properties": {}, "required": ["a"]},
            f"{THING}/required: 'a' is required but is not a property",
        ),
        ({"x-class": "It", "type": "object", "properties": {"a-b": {"type": "string"}}}, f"{THING}/properties/a-b: "),
        ({"x-class": "It", "type": "object", "properties": {"str": {"type": "string"}}}, f"{THING}/properties/str: "),
        ({"x-class": "It", "type": "object", "properties": {"in": {"type": "string"}}}, f"{THING}/properties/in: "),
        ({"enum": ["a"], "type": "string"}, f"{THING}: an inline enumeration needs x-class, the name of its class"),
        ({"x-class": "It", "enum": [1], "type": "integer"}, f"{THING}/type: only string enumerations are supported"),
        ({"x-class": "It", "enum": [1], "type": "string"}, f"{THING}/enum/0: expected a string"),
        ({"x-class": "It", "enum": "a", "type": "string"}, f"{THING}/enum: expected a list"),
        (
            {"x-class": "It", "enum": ["?"], "type": "string"},
            f"{THING}/enum/0: '?' cannot be converted to a Python name",
        ),
        ({"x-class": "It", "enum": ["a b", "a-b"], "type": "string"}, f"{THING}: two values have the same Python name"),
        (
            {"x-class": "Thing", "enum": ["a"], "type": "string"},
            f"{THING.removesuffix('/properties/it')}: Thing is already ",
        ),
        ({"const": 1.5, "type": "number"}, f"{THING}/const: const must be a string or an integer"),
        ({"const": True, "type": "boolean"}, f"{THING}/const: const must be a string or an integer"),
        ({"const": 1, "type": "number"}, f"{THING}/const: const must be a string or an integer"),
        ({"oneOf": []}, f"{THING}: 'type' is missing"),
        ({"anyOf": [], "oneOf": []}, f"{THING}/oneOf: 'oneOf' is not supported here"),
        ({"$ref": "#/components/schemas/Nothing"}, f"{THING}/$ref: #/components/schemas/Nothing does not exist"),
        ({"$ref": "#/info/title"}, f"{THING}/$ref: expected a reference to #/components/schemas/…"),
        ({"$ref": "#/components/schemas/ThingId", "type": "string"}, f"{THING}/type: 'type' is not supported here"),
        (
            {"$ref": "#/components/schemas/ThingId", "x-secret": True},
            f"{THING}/x-secret: ThingId is marked x-secret here but not in its own schema",
        ),
        (
            {"anyOf": [{"$ref": "#/components/schemas/Thing"}, {"$ref": "#/components/schemas/Problem"}]},
            f"{THING}: a union of several objects needs x-discriminator",
        ),
        (
            {
                "anyOf": [{"$ref": "#/components/schemas/Problem"}],
                "x-discriminator": {"property": "id", "mapping": {"a": "Thing"}},
            },
            f"{THING}/x-discriminator/mapping: mapping and anyOf must name the same schemas",
        ),
        (
            {"$ref": "#/components/schemas/Thing"},
            "#/components/schemas/Thing: circular references are not supported: Thing -> Thing",
        ),
    ],
)
def test_an_unsupported_schema_is_an_error_with_its_pointer(schema: Json, message: str) -> None:
    """The generator never falls back to `Any`."""
    assert error_of(with_property(schema)).startswith(message)


def test_a_class_name_belongs_to_one_shape() -> None:
    """Inline schemas with the same class name share a class, so they must have the same shape."""
    one = {"x-class": "Size", "type": "string", "enum": ["small"]}
    other = {**one, "enum": ["small", "large"]}
    whole = with_property({"x-class": "It", "type": "object", "properties": {"a": one, "b": other}})
    assert error_of(whole) == f"{THING}/properties/b: Size is already declared differently at {THING}/properties/a"


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (
            {"allOf": [{"$ref": "#/components/schemas/ThingId"}]},
            "/allOf/0: allOf is only supported for objects with properties",
        ),
        ({"allOf": [{"$ref": "#/components/schemas/Thing"}], "type": "object"}, "/type: 'type' is not supported here"),
        ({"type": "object", "properties": {}}, ": unused schema"),
        ({"type": "string", "properties": {}}, "/type: properties are only supported for type 'object'"),
    ],
)
def test_an_unsupported_named_schema_is_an_error_with_its_pointer(schema: Json, message: str) -> None:
    """Named schemas are checked as strictly as inline ones."""
    assert error_of(description({"More": schema})).startswith(f"#/components/schemas/More{message}")


def test_an_invalid_class_name_is_an_error() -> None:
    """Schema names are used as class names unchanged."""
    assert error_of(description({"more things": {"type": "string"}})) == (
        "#/components/schemas/more things: 'more things' is not a valid class name"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"deprecated": True}, "/deprecated: 'deprecated' is not supported here"),
        ({"tags": ["things", "parts"]}, "/tags: an operation needs exactly one tag, which names its module"),
        ({"tags": ["other"]}, "/tags: tag 'other' is not declared"),
        ({"x-scope": None}, ": operations that use a secret key need x-scope, and no others have it"),
        ({"security": []}, ": operations that use a secret key need x-scope, and no others have it"),
        ({"security": [{"cookie": []}]}, "/security: expected no scheme or one of secretKey, pollToken, agentToken"),
        ({"security": None}, ": 'security' is missing"),
        ({"parameters": None}, ": path parameter {thingId} is not declared"),
        (
            {"parameters": [{"name": "thingId", "in": "query", "required": True, "schema": {"type": "string"}}]},
            ": path parameter {thingId} is not declared",
        ),
        (
            {"parameters": [{"name": "otherId", "in": "path", "required": True, "schema": {"type": "string"}}]},
            "/parameters/0/name: /v1/things/{thingId} has no placeholder {otherId}",
        ),
        (
            {"parameters": [{"name": "X-Y", "in": "header", "required": True, "schema": {"type": "string"}}]},
            "/parameters/0/in: parameters in 'header' are not supported",
        ),
        ({"responses": {"404": {"content": body("Problem")}}}, "/responses: an operation needs exactly one "),
        ({"responses": {"200": {}, "201": {}}}, "/responses: an operation needs exactly one successful status"),
        ({"responses": {"2XX": {}}}, "/responses: an operation needs exactly one successful status"),
        ({"requestBody": {"content": {"text/plain": {}}}}, "/requestBody/content/text~1plain: 'text/plain' is not "),
        (
            {"requestBody": {"content": {"application/json": {"schema": {"type": "string"}}}}},
            "/requestBody/content/application~1json/schema: '$ref' is missing",
        ),
    ],
)
def test_an_unsupported_operation_is_an_error_with_its_pointer(changes: dict[str, Any], message: str) -> None:
    """Operations must be complete and use only the supported keywords."""
    whole = description(operations={"/v1/things/{thingId}": {"get": operation(**changes)}})
    assert error_of(whole).startswith(f"{GET}{message}")


def test_an_unsupported_method_is_an_error() -> None:
    """A path item contains only operations."""
    whole = description(operations={"/v1/things/{thingId}": {"trace": operation()}})
    assert error_of(whole) == "#/paths/~1v1~1things~1{thingId}/trace: method 'trace' is not supported"


def test_operation_ids_are_unique() -> None:
    """The id becomes the name of the constant."""
    whole = description(operations={"/v1/parts/{thingId}": {"get": operation()}})
    assert error_of(whole) == ("#/paths/~1v1~1parts~1{thingId}/get/operationId: duplicate operation id 'getThing'")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "invalid YAML: "),
        ("a: 1\nb: 2\na: 3", "line 3: duplicate key 'a'"),
        ("- 1", "#: expected a mapping"),
        ("1: 2", "#: key 1 is not a string"),
        ("openapi: 3.0.1", "#/openapi: expected OpenAPI 3.1, not 3.0.1"),
        ("openapi: 3.1", "#/openapi: expected a string"),
        ("openapi: 2026-03-25", "#/openapi: expected OpenAPI 3.1, not 2026-03-25"),
    ],
)
def test_an_invalid_document_is_an_error(text: str, message: str) -> None:
    """YAML is parsed strictly: keys are unique, and dates stay strings."""
    with pytest.raises(DescriptionError) as caught:
        parse(text)
    assert str(caught.value).startswith(message)


def test_an_unsupported_top_level_key_is_an_error() -> None:
    """Ignoring an unknown part could change the meaning of the document."""
    assert (
        error_of(description(jsonSchemaDialect="x")) == "#/jsonSchemaDialect: 'jsonSchemaDialect' is not supported here"
    )


def test_an_external_reference_is_an_error() -> None:
    """The description is a single file."""
    whole = description(operations={"/v1/things/{thingId}": {"get": operation(parameters=[{"$ref": "other.yaml#/a"}])}})
    assert error_of(whole) == f"{GET}/parameters/0/$ref: only references within this document are supported"
