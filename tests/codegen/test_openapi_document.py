"""The OpenAPI document is whole: everything is there, described, named and connected."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import tripwire_async

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

Node = dict[str, Any]

DOCUMENT = Path(tripwire_async.__file__).parent / "_codegen" / "openapi.yaml"
METHODS = {"get", "post", "patch", "delete"}
SECRETS = {"signing_secret", "revealed_key", "poll_token", "agent_token", "ack_token", "code"}


class UniqueKeyLoader(yaml.SafeLoader):
    """Refuses a mapping that has a key twice, where YAML's loader would keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        assert not twice, f"{node.start_mark}: {twice} twice"
        return super().construct_mapping(node, deep)


@pytest.fixture(scope="module")
def document() -> Node:
    """Return the document, read strictly."""
    with DOCUMENT.open(encoding="utf-8") as file:
        loaded: Node = yaml.load(file, UniqueKeyLoader)  # noqa: S506 - derives from the safe loader
    return loaded


@pytest.fixture(scope="module")
def operations(document: Node) -> dict[str, Node]:
    """Return every operation by its id, its path added as `path`."""
    return {
        operation["operationId"]: {**operation, "path": path}
        for path, item in document["paths"].items()
        for operation in item.values()
    }


def nodes(node: Any, pointer: str = "#") -> Iterator[tuple[str, Node]]:
    """Yield every mapping at and below *node* with its JSON pointer."""
    if isinstance(node, dict):
        yield pointer, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from nodes(child, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")


def properties(document: Node) -> Iterator[tuple[str, str, Node]]:
    """Yield pointer, name and schema of every property, however deep it lies."""
    for pointer, node in nodes(document["components"]["schemas"], "#/components/schemas"):
        if node.get("type") == "object":
            for name, schema in node.get("properties", {}).items():
                yield f"{pointer}/properties/{name}", name, schema


def is_sentence(text: object) -> bool:
    """Tell whether *text* reads as a sentence of more than two words."""
    return isinstance(text, str) and text[:1].isupper() and text.endswith(".") and len(text.split()) > 2


def shape(schema: Any) -> Any:
    """Return *schema* without the words for people, so that only what goes over the wire is compared."""
    if isinstance(schema, dict):
        return {
            key: {name: shape(field) for name, field in value.items()} if key == "properties" else shape(value)
            for key, value in schema.items()
            if key != "description"
        }
    return [shape(item) for item in schema] if isinstance(schema, list) else schema


def test_the_whole_api_is_there(document: Node, operations: dict[str, Node]) -> None:
    """The API has 34 operations, 162 schemas and 3 webhooks webhooks."""
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == "2026-03-25"
    assert sum(len(item) for item in document["paths"].values()) == len(operations)
    assert len(operations) == 34
    assert len(document["components"]["schemas"]) == 162
    assert len(document["webhooks"]) == 3


def test_every_operation_is_described(document: Node, operations: dict[str, Node]) -> None:
    """Summaries and descriptions become docstrings, so each is a sentence; webhooks have them, too."""
    hooks = {name: hook["post"] for name, hook in document["webhooks"].items()}
    for name, operation in {**operations, **hooks}.items():
        assert is_sentence(operation["summary"]), name
        assert is_sentence(operation["description"]), name
        assert "requestBody" not in operation or is_sentence(operation["requestBody"]["description"]), name
        for parameter in operation.get("parameters", ()):
            assert "$ref" in parameter or is_sentence(parameter["description"]), (name, parameter)
    for parameter in document["components"]["parameters"].values():
        assert is_sentence(parameter["description"]), parameter["name"]


def test_every_schema_is_described(document: Node) -> None:
    """The description of a schema becomes the docstring of its class."""
    schemas = document["components"]["schemas"]
    assert not [name for name, schema in schemas.items() if not is_sentence(schema.get("description"))]


def test_every_property_is_described(document: Node) -> None:
    """Every property says what it means, beside a reference, too."""
    found = list(properties(document))
    assert len(found) > 700
    assert not [pointer for pointer, _, schema in found if not is_sentence(schema.get("description"))]


def test_every_titled_schema_is_described(document: Node) -> None:
    """An inline schema with a title becomes a class, and a class has a docstring."""
    titled = [(at, node) for at, node in nodes(document["components"]) if isinstance(node.get("title"), str)]
    assert len(titled) > 50
    assert not [at for at, node in titled if not is_sentence(node.get("description"))]


def test_every_reference_resolves(document: Node) -> None:
    """Every `$ref` points at something in the document, and so do the mappings of discriminators."""
    known = {pointer for pointer, _ in nodes(document)}
    found = [(pointer, node["$ref"]) for pointer, node in nodes(document) if "$ref" in node]
    assert found
    assert not [(pointer, target) for pointer, target in found if target not in known]
    for pointer, node in nodes(document):
        for target in node.get("x-discriminator", {}).get("mapping", {}).values():
            assert {"$ref": f"#/components/schemas/{target}"} in node["anyOf"], pointer


def test_every_component_is_used(document: Node) -> None:
    """No component lies about unused."""
    used = {node["$ref"] for _, node in nodes(document) if "$ref" in node}
    components = {
        f"#/components/{kind}/{name}"
        for kind in ("schemas", "responses", "headers", "parameters")
        for name in document["components"][kind]
    }
    assert set() == components - used


def test_every_operation_has_one_known_tag(document: Node, operations: dict[str, Node]) -> None:
    """The generator makes one module a tag."""
    tags = {tag["name"] for tag in document["tags"]}
    assert {"sessions", "fingerprints", "organizations", "api_keys", "webhooks", "gate"} == tags
    for name, operation in operations.items():
        assert len(operation["tags"]) == 1, name
        assert tags.issuperset(operation["tags"]), name
    assert tags == {operation["tags"][0] for operation in operations.values()}


def test_every_operation_has_one_success_and_the_errors_that_any_can_have(
    operations: dict[str, Node],
) -> None:
    """One 2xx answer, with a body unless it is 204; 429 and 5xx can come from anywhere."""
    for name, operation in operations.items():
        [status] = [status for status in operation["responses"] if status.startswith("2")]
        assert ("content" in operation["responses"][status]) == (status != "204"), name
        assert {"429", "5XX"} <= set(operation["responses"]), name


def test_secret_operations_name_a_scope_and_others_do_not(document: Node, operations: dict[str, Node]) -> None:
    """Every operation says how it is authorized, and only secret keys have scopes."""
    schemes = set(document["components"]["securitySchemes"])
    for name, operation in operations.items():
        used = [scheme for requirement in operation["security"] for scheme in requirement]
        assert len(used) <= 1, name
        assert schemes.issuperset(used), name
        assert ("secretKey" in used) == ("x-scope" in operation), name


def test_scopes_are_those_that_a_key_can_carry(document: Node, operations: dict[str, Node]) -> None:
    """The scopes of operations and the scopes of keys are the same words, `*` aside."""
    key = document["components"]["schemas"]["CreateApiKeyRequest"]
    carried = set(key["properties"]["scopes"]["items"]["enum"])
    assert carried - {"*"} == {operation["x-scope"] for operation in operations.values() if "x-scope" in operation}


def test_parameters_in_paths_are_declared(operations: dict[str, Node]) -> None:
    """What stands in braces in a path is declared, required, and nothing else is."""
    for name, operation in operations.items():
        declared = {p["name"]: p["required"] for p in operation.get("parameters", ()) if p["in"] == "path"}
        assert dict.fromkeys(re.findall(r"{(\w+)}", operation["path"]), True) == declared, name


def test_inline_objects_and_enums_have_titles(document: Node) -> None:
    """The title of an inline schema is the name of its class."""
    schemas = document["components"]["schemas"]
    named = {f"#/components/schemas/{name}" for name in schemas}
    for pointer, node in nodes(document):
        inline = "enum" in node or ("properties" in node and node.get("type") == "object")
        member = pointer.rpartition("/allOf/")[0] in named
        if inline and pointer not in named and not member:
            assert re.fullmatch(r"[A-Z][A-Za-z0-9]+", node.get("title", "")), pointer
            assert node["title"] not in schemas, pointer


def test_one_title_means_one_shape(document: Node) -> None:
    """Inline schemas may share a title, and thus a class, only if they are alike."""
    shapes = defaultdict(list)
    for pointer, node in nodes(document["components"]["schemas"]):
        if isinstance(node.get("title"), str):
            shapes[node["title"]].append((pointer, shape(node)))
    for title, found in shapes.items():
        assert all(found[0][1] == other for _, other in found), (title, [pointer for pointer, _ in found])


def test_required_fields_exist(document: Node) -> None:
    """What is required is also declared."""
    for pointer, node in nodes(document["components"]["schemas"]):
        if isinstance(node.get("required"), list) and node.get("type") == "object":
            assert set(node["required"]) <= set(node["properties"]), pointer


def test_secrets_are_marked(document: Node) -> None:
    """What is a credential is kept out of logs and of printed models."""
    schemas = document["components"]["schemas"]
    marked = {name for _, name, schema in properties(document) if schema.get("x-secret")}
    assert marked == SECRETS
    for pointer, name, schema in properties(document):
        if name in SECRETS - {"code"}:
            assert schema.get("x-secret") is True, pointer
        if schemas.get(schema.get("$ref", "").rpartition("/")[2], {}).get("x-secret"):
            assert schema.get("x-secret") is True, pointer


def test_the_methods_are_those_of_the_api(document: Node) -> None:
    """A path item holds operations and nothing else."""
    assert {method for item in document["paths"].values() for method in item} == METHODS


def test_lines_are_short_enough_to_read() -> None:
    """The document is for people first."""
    assert not [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if len(line) > 120]
