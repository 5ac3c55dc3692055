"""What the generator does not understand it refuses, and says where it stands."""

from __future__ import annotations

from typing import Any

import pytest

from tripwire_async._codegen.document import RefusalError, parse

from .descriptions import Json, api, body, description, operation, with_property

THING = "#/components/schemas/Thing/properties/it"
GET = "#/paths/~1v1~1things~1{thingId}/get"


def refusal(whole: Json) -> str:
    """Return what the generator says against *whole*."""
    with pytest.raises(RefusalError) as caught:
        api(whole)
    return str(caught.value)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({}, f"{THING}: 'type' is missing"),
        ({"type": "strnig"}, f"{THING}/type: the generator does not know the type 'strnig'"),
        ({"type": ["string", "nil"]}, f"{THING}/type: the generator does not know the type 'nil'"),
        ({"type": "string", "format": "uuid"}, f"{THING}/format: the generator does not know the format 'uuid'"),
        ({"type": "string", "contentEncoding": "base64"}, f"{THING}/contentEncoding: the generator does not know "),
        ({"type": "integer", "multipleOf": 2}, f"{THING}/multipleOf: the generator does not know 'multipleOf' here"),
        ({"type": "boolean", "minimum": 1}, f"{THING}/minimum: the generator does not know 'minimum' here"),
        ({"type": "null", "minimum": 1}, f"{THING}/minimum: the generator does not know 'minimum' here"),
        ({"type": ["string", "null"], "enum2": []}, f"{THING}/enum2: the generator does not know 'enum2' here"),
        ({"type": "array"}, f"{THING}: 'items' is missing"),
        ({"type": "array", "items": {"type": "x"}}, f"{THING}/items/type: the generator does not know the type 'x'"),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, f"{THING}/uniqueItems: "),
        ({"type": "array", "items": ["string"]}, f"{THING}/items: a mapping is expected"),
        ({"type": "object"}, f"{THING}: 'additionalProperties' is missing"),
        ({"type": "object", "additionalProperties": False}, f"{THING}/additionalProperties: a mapping is expected"),
        ({"type": "object", "properties": {}}, f"{THING}: an inline object needs a title, the name of its class"),
        ({"title": "a b", "type": "object", "properties": {}}, f"{THING}/title: 'a b' cannot be a class's name"),
        (
            {"title": "It", "type": "object", "properties": {}, "additionalProperties": {"type": "string"}},
            f"{THING}/additionalProperties: beside properties, only true is known",
        ),
        ({"title": "It", "type": "array", "properties": {}, "items": {}}, f"{THING}/properties: the generator does "),
        (
            {"title": "It", "type": "object", "properties": {}, "required": ["a"]},
            f"{THING}/required: 'a' is required and not among the properties",
        ),
        ({"title": "It", "type": "object", "properties": {"a-b": {"type": "string"}}}, f"{THING}/properties/a-b: "),
        ({"title": "It", "type": "object", "properties": {"str": {"type": "string"}}}, f"{THING}/properties/str: "),
        ({"title": "It", "type": "object", "properties": {"in": {"type": "string"}}}, f"{THING}/properties/in: "),
        ({"enum": ["a"], "type": "string"}, f"{THING}: an inline enumeration needs a title, the name of its class"),
        ({"title": "It", "enum": [1], "type": "integer"}, f"{THING}/type: only texts are enumerated"),
        ({"title": "It", "enum": [1], "type": "string"}, f"{THING}/enum/0: text is expected"),
        ({"title": "It", "enum": "a", "type": "string"}, f"{THING}/enum: a list is expected"),
        ({"title": "It", "enum": ["?"], "type": "string"}, f"{THING}/enum/0: no name in Python can be made of '?'"),
        ({"title": "It", "enum": ["a b", "a-b"], "type": "string"}, f"{THING}: two values would have the same name"),
        ({"title": "Thing", "enum": ["a"], "type": "string"}, f"{THING.removesuffix('/properties/it')}: Thing is the "),
        ({"const": 1.5, "type": "number"}, f"{THING}/const: a constant is a text or a whole number"),
        ({"const": True, "type": "boolean"}, f"{THING}/const: a constant is a text or a whole number"),
        ({"const": 1, "type": "number"}, f"{THING}/const: a constant is a text or a whole number"),
        ({"oneOf": []}, f"{THING}: 'type' is missing"),
        ({"anyOf": [], "oneOf": []}, f"{THING}/oneOf: the generator does not know 'oneOf' here"),
        ({"$ref": "#/components/schemas/Nothing"}, f"{THING}/$ref: #/components/schemas/Nothing leads nowhere"),
        ({"$ref": "#/info/title"}, f"{THING}/$ref: a reference to #/components/schemas/… is expected"),
        ({"$ref": "#/components/schemas/ThingId", "type": "string"}, f"{THING}/type: the generator does not know "),
        (
            {"$ref": "#/components/schemas/ThingId", "x-secret": True},
            f"{THING}/x-secret: ThingId is secret here and not where it is described",
        ),
        (
            {"anyOf": [{"$ref": "#/components/schemas/Thing"}, {"$ref": "#/components/schemas/Problem"}]},
            f"{THING}: nothing tells which of several objects stands here: x-discriminator is missing",
        ),
        (
            {
                "anyOf": [{"$ref": "#/components/schemas/Problem"}],
                "x-discriminator": {"property": "id", "mapping": {"a": "Thing"}},
            },
            f"{THING}/x-discriminator/mapping: the mapping and anyOf have to name the same schemas",
        ),
        ({"$ref": "#/components/schemas/Thing"}, "#/components/schemas/Thing: Thing needs Thing, and the generator "),
    ],
)
def test_an_unknown_shape_is_refused_by_its_pointer(schema: Json, message: str) -> None:
    """Nothing becomes `Any` because the generator did not know better."""
    assert refusal(with_property(schema)).startswith(message)


def test_a_title_belongs_to_one_shape() -> None:
    """Two inline schemas of one title are one class, and so have to be of one shape."""
    one = {"title": "Size", "type": "string", "enum": ["small"]}
    other = {**one, "enum": ["small", "large"]}
    whole = with_property({"title": "It", "type": "object", "properties": {"a": one, "b": other}})
    assert refusal(whole) == f"{THING}/properties/b: Size is the name of another shape at {THING}/properties/a"


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (
            {"allOf": [{"$ref": "#/components/schemas/ThingId"}]},
            "/allOf/0: allOf puts objects with properties together",
        ),
        ({"allOf": [{"$ref": "#/components/schemas/Thing"}], "type": "object"}, "/type: the generator does not know "),
        ({"type": "object", "properties": {}}, ": nothing uses it"),
        ({"type": "string", "properties": {}}, "/type: properties belong to the type 'object'"),
    ],
)
def test_a_schema_of_its_own_is_refused_by_its_pointer(schema: Json, message: str) -> None:
    """What has a name is read as strictly as what has none."""
    assert refusal(description({"More": schema})).startswith(f"#/components/schemas/More{message}")


def test_a_name_that_is_no_class_name_is_refused() -> None:
    """Names go into Python as they are."""
    assert refusal(description({"more things": {"type": "string"}})) == (
        "#/components/schemas/more things: 'more things' cannot be a class's name"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"deprecated": True}, "/deprecated: the generator does not know 'deprecated' here"),
        ({"tags": ["things", "parts"]}, "/tags: an operation has exactly one tag, the module that it goes to"),
        ({"tags": ["other"]}, "/tags: there is no tag 'other'"),
        ({"x-scope": None}, ": x-scope belongs to the operations of a secret key, and to all of them"),
        ({"security": []}, ": x-scope belongs to the operations of a secret key, and to all of them"),
        ({"security": [{"cookie": []}]}, "/security: nothing, or one of secretKey, pollToken, agentToken, is expected"),
        ({"security": None}, ": 'security' is missing"),
        ({"parameters": None}, ": nothing describes {thingId} in the path"),
        (
            {"parameters": [{"name": "thingId", "in": "query", "required": True, "schema": {"type": "string"}}]},
            ": nothing describes {thingId} in the path",
        ),
        (
            {"parameters": [{"name": "otherId", "in": "path", "required": True, "schema": {"type": "string"}}]},
            "/parameters/0/name: /v1/things/{thingId} has no {otherId}",
        ),
        (
            {"parameters": [{"name": "X-Y", "in": "header", "required": True, "schema": {"type": "string"}}]},
            "/parameters/0/in: an argument in the header is nothing that the generator knows",
        ),
        ({"responses": {"404": {"content": body("Problem")}}}, "/responses: an operation has exactly one status of "),
        ({"responses": {"200": {}, "201": {}}}, "/responses: an operation has exactly one status of success"),
        ({"responses": {"2XX": {}}}, "/responses: an operation has exactly one status of success"),
        ({"requestBody": {"content": {"text/plain": {}}}}, "/requestBody/content/text~1plain: the generator does not "),
        (
            {"requestBody": {"content": {"application/json": {"schema": {"type": "string"}}}}},
            "/requestBody/content/application~1json/schema: '$ref' is missing",
        ),
    ],
)
def test_an_unknown_operation_is_refused_by_its_pointer(changes: dict[str, Any], message: str) -> None:
    """What an operation is has to be said in full and in our own few ways."""
    whole = description(operations={"/v1/things/{thingId}": {"get": operation(**changes)}})
    assert refusal(whole).startswith(f"{GET}{message}")


def test_an_unknown_method_is_refused() -> None:
    """A path item holds operations and nothing else."""
    whole = description(operations={"/v1/things/{thingId}": {"trace": operation()}})
    assert refusal(whole) == "#/paths/~1v1~1things~1{thingId}/trace: the generator does not know 'trace' here"


def test_an_id_belongs_to_one_operation() -> None:
    """It is the name of the constant."""
    whole = description(operations={"/v1/parts/{thingId}": {"get": operation()}})
    assert refusal(whole) == ("#/paths/~1v1~1parts~1{thingId}/get/operationId: another operation is called 'getThing'")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "not YAML: "),
        ("a: 1\nb: 2\na: 3", "line 3: the key 'a' stands twice"),
        ("- 1", "#: a mapping is expected"),
        ("1: 2", "#: the key 1 is not text"),
        ("openapi: 3.0.1", "#/openapi: OpenAPI 3.1 is expected, not 3.0.1"),
        ("openapi: 3.1", "#/openapi: text is expected"),
        ("openapi: 2026-03-25", "#/openapi: OpenAPI 3.1 is expected, not 2026-03-25"),
    ],
)
def test_a_text_that_is_no_description_is_refused(text: str, message: str) -> None:
    """YAML is read strictly: a key stands once, and a date is a text."""
    with pytest.raises(RefusalError) as caught:
        parse(text)
    assert str(caught.value).startswith(message)


def test_an_unknown_part_of_the_description_is_refused() -> None:
    """A part that would be passed over might be one that matters."""
    assert (
        refusal(description(jsonSchemaDialect="x"))
        == "#/jsonSchemaDialect: the generator does not know 'jsonSchemaDialect' here"
    )


def test_only_references_into_the_document_are_followed() -> None:
    """The description is one file."""
    whole = description(operations={"/v1/things/{thingId}": {"get": operation(parameters=[{"$ref": "other.yaml#/a"}])}})
    assert refusal(whole) == f"{GET}/parameters/0/$ref: only references into this document are known"
