"""Tests of the generated code: parsed as Python and compared with the description."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tripwire_async
from tripwire_async._codegen.__main__ import render
from tripwire_async._codegen.render_models import render_public_module
from tripwire_async._codegen.render_operations import render_operations
from tripwire_async._codegen.render_text import call, docstring, string

from .descriptions import Json, api, body, description, operation, with_property
from .rendered import annotations, models

PACKAGE = Path(tripwire_async.__file__).parent


@pytest.mark.parametrize(
    ("schema", "annotation"),
    [
        ({"type": "string", "minLength": 1, "pattern": "^a$"}, "str | None = None"),
        ({"type": "string", "format": "uri"}, "str | None = None"),
        ({"type": "string", "format": "date-time"}, "Timestamp | None = None"),
        ({"type": "string", "x-secret": True}, "Secret | None = None"),
        ({"type": ["string", "null"]}, "str | None = None"),
        ({"type": ["null", "string", "number", "boolean"]}, "str | float | bool | None = None"),
        ({"type": "integer", "minimum": 0}, "int | None = None"),
        ({"type": "number"}, "float | None = None"),
        ({"type": "boolean"}, "bool | None = None"),
        (
            {"type": "array", "items": {"type": ["integer", "null"]}, "minItems": 3},
            "tuple[int | None, ...] | None = None",
        ),
        ({"type": "object", "additionalProperties": True}, "dict[str, Any] | None = None"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "dict[str, int] | None = None"),
        ({"type": "integer", "const": 1}, "Literal[1] | None = None"),
        ({"type": "string", "const": "a b"}, "ThingIt | None = None"),
        ({"x-class": "Size", "type": "string", "const": "small"}, "Size | None = None"),
        ({"x-class": "Size", "type": "string", "enum": ["small"]}, "Size | None = None"),
        ({"x-class": "Part", "type": "object", "properties": {}}, "Part | None = None"),
        ({"$ref": "#/components/schemas/ThingId"}, "ThingId | None = None"),
        ({"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/Problem"}]}, "Problem | None = None"),
    ],
)
def test_a_schema_becomes_a_type_annotation(schema: Json, annotation: str) -> None:
    """Each kind of schema has one annotation."""
    assert annotations(models(with_property(schema)), "Thing") == {"id": "ThingId", "it": annotation}


def test_an_alias_has_the_description_as_docstring() -> None:
    """Without a description it has no docstring."""
    text = models(with_property({"$ref": "#/components/schemas/Plain"}, Plain={"type": ["string", "number"]}))
    assert '\n\nThingId: TypeAlias = str\n"""The id of a thing."""\n' in text
    assert "\n\nPlain: TypeAlias = str | float\n\n\n" in text


def test_object_and_type_markers_are_literals() -> None:
    """Constant `object` and `type` fields identify a model."""
    whole = with_property(
        {"x-class": "It", "type": "object", "properties": {"object": {"type": "string", "const": "it"}}}
    )
    assert annotations(models(whole), "It") == {"object": "Literal['it'] | None = None"}


def test_required_fields_come_first() -> None:
    """Optional fields follow, each group in document order; required fields may be nullable."""
    whole = with_property(
        {
            "x-class": "It",
            "type": "object",
            "required": ["d", "b"],
            "properties": {name: {"type": ["string", "null"]} for name in "abcd"},
        }
    )
    assert annotations(models(whole), "It") == {
        "b": "str | None",
        "d": "str | None",
        "a": "str | None = None",
        "c": "str | None = None",
    }


def test_request_models_distinguish_absent_from_null() -> None:
    """Models used in request bodies default to `UNSET`, also where responses contain them."""
    whole = description(
        {
            "Sent": {
                "type": "object",
                "properties": {"name": {"type": ["string", "null"]}, "part": {"$ref": "#/components/schemas/Thing"}},
            }
        },
        {
            "/v1/things": {
                "post": operation(operationId="makeThing", parameters=None, requestBody={"content": body("Sent")})
            }
        },
    )
    whole["components"]["schemas"]["Thing"]["properties"]["size"] = {"type": "integer"}
    text = models(whole)
    assert annotations(text, "Sent") == {"name": "str | None | UnsetType = UNSET", "part": "Thing | UnsetType = UNSET"}
    assert annotations(text, "Thing") == {"id": "ThingId", "size": "int | UnsetType = UNSET"}
    assert annotations(models(whole, "errors"), "Problem") == {"code": "str | None = None"}


def test_enum_members_are_named_after_their_values() -> None:
    """Letters and digits of the value form the name."""
    values = ["a", "session.result", "sessions:list", "x-1", "*"]
    text = models(with_property({"x-class": "Kind", "type": "string", "enum": values, "description": "The kind."}))
    namespace: dict[str, Any] = {}
    exec(text, namespace)  # noqa: S102 - what was just generated
    assert {member.name: member.value for member in namespace["Kind"]} == {
        "A": "a",
        "SESSION_RESULT": "session.result",
        "SESSIONS_LIST": "sessions:list",
        "X_1": "x-1",
        "ALL": "*",
    }
    assert namespace["Kind"].__doc__ == "The kind."


@pytest.mark.parametrize("place", ["query", "body"])
def test_the_values_of_an_argument_are_a_type(place: str) -> None:
    """Editors complete them. Enumerations that only responses contain have no such type."""
    size = {"x-class": "Size", "type": "string", "enum": ["s", "extra large"]}
    made = operation(operationId="makeThing", parameters=None, requestBody={"content": body("Made")})
    found = operation(operationId="findThings", parameters=[{"name": "size", "in": "query", "schema": size}])
    made_schema = {"type": "object", "properties": {"sizes": {"type": "array", "items": size}}}
    paths: Json = {"/v1/things": {"get": found} if place == "query" else {"post": made}}
    whole = description({"Made": made_schema} if place == "body" else {}, paths)
    color = {"x-class": "Color", "type": "string", "enum": ["red"]}
    whole["components"]["schemas"]["Thing"]["properties"]["color"] = color
    text = models(whole)
    assert '\n\nSizeValue: TypeAlias = Literal["s", "extra large"]\n"""The values of `Size` as text' in text
    assert "class Color(OpenEnum)" in text
    assert "ColorValue" not in text
    assert '    "SizeValue": "tripwire_async._generated.models.things",\n' in render_public_module(api(whole))


def test_an_extension_inherits_and_narrows_fields() -> None:
    """Fields required by the base stay required and keep its description."""
    name = {"type": "string", "description": "What it is called."}
    whole = description(
        {
            "Base": {"type": "object", "required": ["name"], "properties": {"name": name, "of": {"type": "string"}}},
            "More": {
                "allOf": [
                    {"$ref": "#/components/schemas/Base"},
                    {"type": "object", "properties": {"name": {"x-class": "Name", "type": "string", "enum": ["x"]}}},
                ]
            },
        },
        {
            "/v1/more": {
                "get": operation(operationId="more", parameters=None, responses={"200": {"content": body("More")}})
            }
        },
    )
    text = models(whole)
    assert annotations(text, "More") == {"name": "Name", "of": "str | None = None"}
    assert text.count("name: What it is called.") == 2


def test_a_model_that_several_tags_use_is_in_the_shared_module() -> None:
    """A module holds what only its own tag uses and imports the rest from `shared`."""
    parts = operation(operationId="getPart", tags=["parts"])
    whole = description(operations={"/v1/parts/{thingId}": {"get": parts}})
    assert "class Thing(Model):" in models(whole, "shared")
    assert "Thing" not in models(whole, "things").partition('"""\n')[2]


def test_a_module_imports_shared_models_and_no_others() -> None:
    """A tag that uses none of the shared models does not mention them."""
    others: Json = {
        f"/v1/{tag}": {
            "get": operation(
                operationId=f"list{tag}", tags=[tag], parameters=None, responses={"200": {"content": body(schema)}}
            )
        }
        for tag, schema in (("parts", "Thing"), ("shops", "Shop"), ("lots", "Lot"), ("boxes", "Box"))
    }
    empty = {"type": "object", "properties": {}}
    thing = {"$ref": "#/components/schemas/ThingId"}
    box = {"type": "object", "properties": {"thing": thing}}
    tags = [{"name": tag} for tag in ("things", "parts", "shops", "lots", "boxes")]
    whole = description({"Shop": empty, "Lot": empty, "Box": box}, others, tags=tags)
    shared = models(whole, "shared")
    assert "Models used by several groups of operations or webhooks." in shared
    assert "class Thing(Model):" in shared
    assert "ThingId: TypeAlias = str" in shared
    assert "from tripwire_async._generated.models.shared import ThingId" in models(whole, "boxes")
    assert "Thing" not in models(whole, "shops")


def test_error_models_are_in_a_module_of_their_own() -> None:
    """Resources do not import them, because errors are parsed without models."""
    assert "class Problem(Model):" in models(description(), "errors")
    assert "Problem" not in models(description())


def test_webhook_models_are_in_the_events_module() -> None:
    """The receiver imports them without importing a resource."""
    event = {
        "post": {"requestBody": {"content": body("Told")}, "responses": {"200": {"content": body("Answer")}, "400": {}}}
    }
    optional = {"type": "object", "properties": {"a": {"type": "string"}}}
    text = models(description({"Told": optional, "Answer": optional}, webhooks={"told": event}), "events")
    assert annotations(text, "Told") == {"a": "str | None = None"}
    assert annotations(text, "Answer") == {"a": "str | UnsetType = UNSET"}


def test_an_operation_becomes_a_constant() -> None:
    """It contains all data that the caller needs."""
    whole = description(
        operations={
            "/v1/things/{thingId}/{part}": {
                "delete": operation(
                    operationId="dropThingPart",
                    security=[{"pollToken": []}],
                    parameters=[
                        {
                            "name": "part",
                            "in": "path",
                            "required": True,
                            "schema": {"type": "string", "pattern": "^[a-z]$"},
                        },
                        {"name": "thingId", "in": "path", "required": True, "schema": {"type": "string"}},
                        {"name": "why", "in": "query", "required": False, "schema": {"type": "string"}},
                    ],
                    responses={"204": {"description": "Gone."}},
                    **{"x-scope": None},
                )
            }
        }
    )
    text = render_operations("things", api(whole))
    assert '_THING_ID: Final = re.compile(r"^th_[0-9]+$")' in text
    assert text.endswith('''
DROP_THING_PART: Final[Operation[None]] = Operation(
    id="dropThingPart",
    method="DELETE",
    path="/v1/things/{thingId}/{part}",
    path_arguments=(
        PathArgument(name="thingId", argument="thing_id"),
        PathArgument(name="part", argument="part", pattern=_PART),
    ),
    query=("why",),
    authority="poll_token",
    success=204,
    returns=type(None),
)
"""Read one thing."""
''')


def test_an_operation_without_path_arguments_needs_no_patterns() -> None:
    """Unused names are not imported."""
    parts = operation(operationId="listParts", tags=["parts"], parameters=None)
    text = render_operations("parts", api(description(operations={"/v1/parts": {"get": parts}})))
    assert "import re" not in text
    assert "PathArgument" not in text
    assert "path_arguments" not in text


def test_a_long_field_is_wrapped_like_the_formatter() -> None:
    """A long union is put in parentheses."""
    kind = "K" * 100
    text = models(with_property({"anyOf": [{"x-class": kind, "type": "string", "enum": ["a"]}, {"type": "integer"}]}))
    assert (
        f"""
    it: (
        {kind} | int | None
    ) = None
"""
        in text
    )


def test_the_public_module_lists_every_model_and_its_module() -> None:
    """Type checkers use the imports; Python uses the table at runtime."""
    whole = description(operations={"/v1/parts/{thingId}": {"get": operation(operationId="x", tags=["parts"])}})
    text = render_public_module(api(whole))
    assert '    "Thing": "tripwire_async._generated.models.shared",\n' in text
    assert "__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)" in text
    assert "from tripwire_async._generated.models.shared import Thing, ThingId" in text
    assert "from tripwire_async._generated.models.errors import Problem" in text


def test_a_docstring_preserves_backslashes_and_quotes() -> None:
    """They cannot end the docstring."""
    printed = 'Matches \\d+ or """ here. It ends with a "quote"'
    text = "\n".join(["class A:", *docstring(printed, [("a", "One \\n two.")])])
    namespace: dict[str, Any] = {}
    exec(text, namespace)  # noqa: S102 - what was just generated
    # The compiler removes the indentation of docstrings since Python 3.13; getdoc removes it on every version.
    assert inspect.getdoc(namespace["A"]) == (
        'Matches \\d+ or """ here.\n\nIt ends with a "quote"\n\nAttributes:\n    a: One \\n two.'
    )


@pytest.mark.parametrize("text", ['A "quote"', "A backslash \\", '""""""', "A word."])
def test_a_one_line_docstring_preserves_its_text(text: str) -> None:
    """Including quotes and backslashes at the end."""
    namespace: dict[str, Any] = {}
    exec("\n".join(["class A:", *docstring(text)]), namespace)  # noqa: S102 - what was just generated
    assert namespace["A"].__doc__ == text


@pytest.mark.parametrize(
    "text", ["plain", 'with "double"', "with 'single'", "both ' and \"", "\\ back", "line\nbreak", ""]
)
def test_a_string_literal_preserves_its_text(text: str) -> None:
    """Including quotes, backslashes and line breaks."""
    assert ast.literal_eval(string(text)) == text


def test_a_long_call_has_one_line_per_item() -> None:
    """The layout matches the formatter."""
    assert call("f(", ["a", "b"], ")") == ["f(a, b)"]
    assert call("f(", ["a" * 60, "b" * 60], ")") == ["f(", f"    {'a' * 60},", f"    {'b' * 60},", ")"]


def test_two_runs_write_the_same_bytes() -> None:
    """The output does not depend on the string hash seed."""
    program = (
        "import hashlib, pathlib, sys; from tripwire_async._codegen.__main__ import render;"
        "files = render(pathlib.Path(sys.argv[1]));"
        "print(hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest())"
    )
    description_file = PACKAGE / "_codegen" / "openapi.yaml"
    seen = {
        subprocess.run(  # noqa: S603 - this Python, and a program written above
            [sys.executable, "-c", program, str(description_file)],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


def test_generated_code_is_formatted(tmp_path: Path) -> None:
    """The formatter leaves generated code unchanged."""
    for name, text in render(PACKAGE / "_codegen" / "openapi.yaml").items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", "format", "--check", "--no-cache", "--isolated"]
    ran = subprocess.run(  # noqa: S603 - this Python, and arguments written above
        [*ruff, "--config", "line-length=120", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
