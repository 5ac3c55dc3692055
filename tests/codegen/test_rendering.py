"""What the generator writes: read back as Python, and compared with the description."""

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
from tripwire_async._codegen.render_models import render_face, render_module
from tripwire_async._codegen.render_operations import render_operations
from tripwire_async._codegen.render_text import call, docstring, string

from .descriptions import Json, api, body, description, operation, with_property

PACKAGE = Path(tripwire_async.__file__).parent


def models(whole: Json, module: str = "things") -> str:
    """Return the module of models for *whole*."""
    understood = api(whole)
    return next(render_module(each, understood) for each in understood.modules if each.name == module)


def annotations(text: str, name: str) -> dict[str, str]:
    """Return what stands after the colon of each field of the class *name* in *text*."""
    found = next(each for each in ast.parse(text).body if isinstance(each, ast.ClassDef) and each.name == name)
    return {
        ast.unparse(each.target): ast.unparse(each.annotation) + (f" = {ast.unparse(each.value)}" if each.value else "")
        for each in found.body
        if isinstance(each, ast.AnnAssign)
    }


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
        ({"title": "Size", "type": "string", "const": "small"}, "Size | None = None"),
        ({"title": "Size", "type": "string", "enum": ["small"]}, "Size | None = None"),
        ({"title": "Part", "type": "object", "properties": {}}, "Part | None = None"),
        ({"$ref": "#/components/schemas/ThingId"}, "ThingId | None = None"),
        ({"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/Problem"}]}, "Problem | None = None"),
    ],
)
def test_a_shape_becomes_python(schema: Json, annotation: str) -> None:
    """Each shape has one way to stand in a model."""
    assert annotations(models(with_property(schema)), "Thing") == {"id": "ThingId", "it": annotation}


def test_an_alias_says_what_the_description_says_of_it() -> None:
    """Nothing, where that says nothing."""
    text = models(with_property({"$ref": "#/components/schemas/Plain"}, Plain={"type": ["string", "number"]}))
    assert '\n\nThingId: TypeAlias = str\n"""The id of a thing."""\n' in text
    assert "\n\nPlain: TypeAlias = str | float\n\n\n" in text


def test_the_kind_of_an_object_is_a_constant() -> None:
    """`object` and `type` tell one model from another."""
    whole = with_property(
        {"title": "It", "type": "object", "properties": {"object": {"type": "string", "const": "it"}}}
    )
    assert annotations(models(whole), "It") == {"object": "Literal['it'] | None = None"}


def test_required_fields_come_first_and_may_be_null() -> None:
    """Optional ones follow, all in the order of the description."""
    whole = with_property(
        {
            "title": "It",
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


def test_what_users_send_tells_absent_from_null() -> None:
    """Models in the body of a request have `UNSET`, also where an answer holds them too."""
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
    assert annotations(models(whole, "refusals"), "Problem") == {"code": "str | None = None"}


def test_an_enumeration_names_its_values() -> None:
    """Names are made of what letters and digits a value has."""
    values = ["a", "session.result", "sessions:list", "x-1", "*"]
    text = models(with_property({"title": "Kind", "type": "string", "enum": values, "description": "The kind."}))
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


def test_an_extension_has_the_fields_of_its_base_and_narrows_them() -> None:
    """What the base requires stays required; what it says of a field stays said."""
    name = {"type": "string", "description": "What it is called."}
    whole = description(
        {
            "Base": {"type": "object", "required": ["name"], "properties": {"name": name, "of": {"type": "string"}}},
            "More": {
                "allOf": [
                    {"$ref": "#/components/schemas/Base"},
                    {"type": "object", "properties": {"name": {"title": "Name", "type": "string", "enum": ["x"]}}},
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


def test_what_most_tags_need_is_common() -> None:
    """A module holds what only its own operations need, and takes the rest from `common`."""
    parts = operation(operationId="getPart", tags=["parts"])
    whole = description(operations={"/v1/parts/{thingId}": {"get": parts}})
    assert "class Thing:" in models(whole, "common")
    assert "Thing" not in models(whole, "things").partition('"""\n')[2]


def test_what_few_of_many_tags_need_has_a_module_of_its_own() -> None:
    """The others do without it; another name for a text costs nothing and is common all the same."""
    others: Json = {
        f"/v1/{tag}": {
            "get": operation(
                operationId=f"list{tag}", tags=[tag], parameters=None, responses={"200": {"content": body(schema)}}
            )
        }
        for tag, schema in (("parts", "Thing"), ("shops", "Shop"), ("lots", "Lot"))
    }
    empty = {"type": "object", "properties": {}}
    tags = [{"name": tag} for tag in ("things", "parts", "shops", "lots")]
    whole = description({"Shop": empty, "Lot": empty}, others, tags=tags)
    shared = models(whole, "things_and_parts")
    assert "Models that things and parts share." in shared
    assert "class Thing:" in shared
    assert "from tripwire_async._generated.models.common import ThingId" in shared
    assert "Thing" not in models(whole, "shops")
    assert "ThingId: TypeAlias = str" in models(whole, "common")


def test_what_refusals_alone_need_comes_with_no_resource() -> None:
    """What reads a refusal trusts nothing in it, and needs no model."""
    assert "class Problem:" in models(description(), "refusals")
    assert "Problem" not in models(description())


def test_what_only_webhooks_need_is_with_the_events() -> None:
    """A user of the receiver imports these and no resource's."""
    event = {
        "post": {"requestBody": {"content": body("Told")}, "responses": {"200": {"content": body("Answer")}, "400": {}}}
    }
    optional = {"type": "object", "properties": {"a": {"type": "string"}}}
    text = models(description({"Told": optional, "Answer": optional}, webhooks={"told": event}), "events")
    assert annotations(text, "Told") == {"a": "str | None = None"}
    assert annotations(text, "Answer") == {"a": "str | UnsetType = UNSET"}


def test_an_operation_becomes_a_constant() -> None:
    """All that a caller needs to know of it."""
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


def test_an_operation_without_ids_needs_no_patterns() -> None:
    """A module imports what it uses."""
    parts = operation(operationId="listParts", tags=["parts"], parameters=None)
    text = render_operations("parts", api(description(operations={"/v1/parts": {"get": parts}})))
    assert "import re" not in text
    assert "PathArgument" not in text
    assert "path_arguments" not in text


def test_a_long_field_is_broken_as_the_formatter_would() -> None:
    """A union of many is in parentheses."""
    kind = "K" * 100
    text = models(with_property({"anyOf": [{"title": kind, "type": "string", "enum": ["a"]}, {"type": "integer"}]}))
    assert (
        f"""
    it: (
        {kind} | int | None
    ) = None
"""
        in text
    )


def test_the_face_names_every_model_and_its_module() -> None:
    """Type checkers read the imports, Python the table."""
    whole = description(operations={"/v1/parts/{thingId}": {"get": operation(operationId="x", tags=["parts"])}})
    text = render_face(api(whole))
    assert '    "Thing": "common",\n    "ThingId": "common",\n' in text
    assert "from tripwire_async._generated.models.common import Thing, ThingId" in text
    assert "from tripwire_async._generated.models.refusals import Problem" in text


def test_a_description_is_written_as_it_is_whatever_stands_in_it() -> None:
    """Backslashes and quotes cannot break out of a docstring."""
    said = 'Matches \\d+ or """ here. It ends with a "quote"'
    text = "\n".join(["class A:", *docstring(said, [("a", "One \\n two.")])])
    namespace: dict[str, Any] = {}
    exec(text, namespace)  # noqa: S102 - what was just generated
    # The compiler removes the indentation of docstrings since Python 3.13; getdoc removes it on every version.
    assert inspect.getdoc(namespace["A"]) == (
        'Matches \\d+ or """ here.\n\nIt ends with a "quote"\n\nAttributes:\n    a: One \\n two.'
    )


@pytest.mark.parametrize("text", ['A "quote"', "A backslash \\", '""""""', "A word."])
def test_a_docstring_of_one_line_reads_back_as_the_text(text: str) -> None:
    """Whatever it ends with."""
    namespace: dict[str, Any] = {}
    exec("\n".join(["class A:", *docstring(text)]), namespace)  # noqa: S102 - what was just generated
    assert namespace["A"].__doc__ == text


@pytest.mark.parametrize(
    "text", ["plain", 'with "double"', "with 'single'", "both ' and \"", "\\ back", "line\nbreak", ""]
)
def test_a_literal_reads_back_as_the_text(text: str) -> None:
    """Whatever the text."""
    assert ast.literal_eval(string(text)) == text


def test_a_long_call_has_a_line_for_each_part() -> None:
    """As the formatter would lay it out."""
    assert call("f(", ["a", "b"], ")") == ["f(a, b)"]
    assert call("f(", ["a" * 60, "b" * 60], ")") == ["f(", f"    {'a' * 60},", f"    {'b' * 60},", ")"]


def test_two_runs_write_the_same_bytes() -> None:
    """Another process, with another seed for the hashes of texts, comes to the same."""
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


def test_what_is_written_is_laid_out_as_the_formatter_would(tmp_path: Path) -> None:
    """A reader finds generated code no different from the rest."""
    for name, text in render(PACKAGE / "_codegen" / "openapi.yaml").items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff", "format", "--check", "--no-cache", "--isolated"]
    ran = subprocess.run(  # noqa: S603 - this Python, and arguments written above
        [*ruff, "--config", "line-length=120", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
