"""Tests that the OpenAPI document is complete and consistent."""

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
PROFILES = ("tripwire", "foil")
SECRETS = {"signing_secret", "revealed_key", "poll_token", "agent_token", "ack_token", "code"}


class UniqueKeyLoader(yaml.SafeLoader):
    """YAML loader that rejects duplicate keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        assert not twice, f"{node.start_mark}: {twice} twice"
        return super().construct_mapping(node, deep)


@pytest.fixture(scope="module")
def document() -> Node:
    """Return the parsed document."""
    with DOCUMENT.open(encoding="utf-8") as file:
        loaded: Node = yaml.load(file, UniqueKeyLoader)  # noqa: S506 - derives from the safe loader
    return loaded


@pytest.fixture(scope="module")
def operations(document: Node) -> dict[str, Node]:
    """Return the operations by id, each with its path as `path`."""
    return {
        operation["operationId"]: {**operation, "path": path}
        for path, item in document["paths"].items()
        for operation in item.values()
    }


def nodes(node: Any, pointer: str = "#") -> Iterator[tuple[str, Node]]:
    """Yield *node* and all mappings below it with their JSON pointers."""
    if isinstance(node, dict):
        yield pointer, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from nodes(child, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")


def properties(document: Node) -> Iterator[tuple[str, str, Node]]:
    """Yield the pointer, name and schema of every property at any depth."""
    for pointer, node in nodes(document["components"]["schemas"], "#/components/schemas"):
        if node.get("type") == "object":
            for name, schema in node.get("properties", {}).items():
                yield f"{pointer}/properties/{name}", name, schema


def is_sentence(text: object) -> bool:
    """Return whether *text* is a sentence of more than two words."""
    return isinstance(text, str) and text[:1].isupper() and text.endswith(".") and len(text.split()) > 2


def shape(schema: Any) -> Any:
    """Return *schema* without descriptions, for comparisons of the wire format."""
    if isinstance(schema, dict):
        return {
            key: {name: shape(field) for name, field in value.items()} if key == "properties" else shape(value)
            for key, value in schema.items()
            if key != "description"
        }
    return [shape(item) for item in schema] if isinstance(schema, list) else schema


def test_the_document_contains_the_whole_api(document: Node, operations: dict[str, Node]) -> None:
    """Tripwire has 34 operations, 162 schemas and 3 webhooks; Foil has 21, 123 and 1."""
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == "2026-03-25"
    assert sum(len(item) for item in document["paths"].values()) == len(operations)
    sizes = {
        profile: tuple(
            sum(profile in each.get("x-profiles", PROFILES) for each in part.values())
            for part in (operations, document["components"]["schemas"], document["webhooks"])
        )
        for profile in PROFILES
    }
    assert sizes == {"tripwire": (34, 162, 3), "foil": (21, 123, 1)}


def test_every_operation_is_described(document: Node, operations: dict[str, Node]) -> None:
    """Summaries and descriptions, also those of webhooks, are sentences."""
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
    """Descriptions become class docstrings."""
    schemas = document["components"]["schemas"]
    assert not [name for name, schema in schemas.items() if not is_sentence(schema.get("description"))]


def test_every_property_is_described(document: Node) -> None:
    """Properties that are references have descriptions, too."""
    found = list(properties(document))
    assert len(found) > 700
    assert not [pointer for pointer, _, schema in found if not is_sentence(schema.get("description"))]


def test_every_inline_class_is_described(document: Node) -> None:
    """Inline schemas with a class name become classes with docstrings."""
    named = [(at, node) for at, node in nodes(document["components"]) if isinstance(node.get("x-class"), str)]
    assert len(named) > 50
    assert not [at for at, node in named if not is_sentence(node.get("description"))]


def test_every_reference_resolves(document: Node) -> None:
    """References and discriminator mappings point to existing components."""
    known = {pointer for pointer, _ in nodes(document)}
    found = [(pointer, node["$ref"]) for pointer, node in nodes(document) if "$ref" in node]
    assert found
    assert not [(pointer, target) for pointer, target in found if target not in known]
    for pointer, node in nodes(document):
        for target in node.get("x-discriminator", {}).get("mapping", {}).values():
            assert {"$ref": f"#/components/schemas/{target}"} in node["anyOf"], pointer


def test_every_component_is_used(document: Node) -> None:
    """The document has no unused components."""
    used = {node["$ref"] for _, node in nodes(document) if "$ref" in node}
    components = {
        f"#/components/{kind}/{name}"
        for kind in ("schemas", "responses", "headers", "parameters")
        for name in document["components"][kind]
    }
    assert set() == components - used


def test_every_operation_has_one_known_tag(document: Node, operations: dict[str, Node]) -> None:
    """The generator writes one module per tag."""
    tags = {tag["name"] for tag in document["tags"]}
    assert {"sessions", "fingerprints", "organizations", "api_keys", "webhooks", "gate"} == tags
    for name, operation in operations.items():
        assert len(operation["tags"]) == 1, name
        assert tags.issuperset(operation["tags"]), name
    assert tags == {operation["tags"][0] for operation in operations.values()}


def test_every_operation_has_one_success_and_the_errors_that_any_can_have(
    operations: dict[str, Node],
) -> None:
    """One 2xx response, with a body unless it is 204; any operation can return 429 and 5xx."""
    for name, operation in operations.items():
        [status] = [status for status in operation["responses"] if status.startswith("2")]
        assert ("content" in operation["responses"][status]) == (status != "204"), name
        assert {"429", "5XX"} <= set(operation["responses"]), name


def test_secret_operations_name_a_scope_and_others_do_not(document: Node, operations: dict[str, Node]) -> None:
    """Every operation declares its credential; only secret keys have scopes."""
    schemes = set(document["components"]["securitySchemes"])
    for name, operation in operations.items():
        used = [scheme for requirement in operation["security"] for scheme in requirement]
        assert len(used) <= 1, name
        assert schemes.issuperset(used), name
        assert ("secretKey" in used) == ("x-scope" in operation), name


def test_scopes_are_those_that_a_key_can_carry(document: Node, operations: dict[str, Node]) -> None:
    """Operations and keys use the same set of scopes, except for `*`."""
    key = document["components"]["schemas"]["CreateApiKeyRequest"]
    carried = set(key["properties"]["scopes"]["items"]["enum"])
    assert carried - {"*"} == {operation["x-scope"] for operation in operations.values() if "x-scope" in operation}


def test_parameters_in_paths_are_declared(operations: dict[str, Node]) -> None:
    """Placeholders and path parameters match, and path parameters are required."""
    for name, operation in operations.items():
        declared = {p["name"]: p["required"] for p in operation.get("parameters", ()) if p["in"] == "path"}
        assert dict.fromkeys(re.findall(r"{(\w+)}", operation["path"]), True) == declared, name


def test_inline_objects_and_enums_have_class_names(document: Node) -> None:
    """`x-class` is the name of the class of an inline schema."""
    schemas = document["components"]["schemas"]
    named = {f"#/components/schemas/{name}" for name in schemas}
    for pointer, node in nodes(document):
        inline = "enum" in node or ("properties" in node and node.get("type") == "object")
        member = pointer.rpartition("/allOf/")[0] in named
        if inline and pointer not in named and not member:
            assert re.fullmatch(r"[A-Z][A-Za-z0-9]+", node.get("x-class", "")), pointer
            assert node["x-class"] not in schemas, pointer


def test_one_class_name_means_one_shape(document: Node) -> None:
    """Inline schemas share a class name only if they are equal."""
    shapes = defaultdict(list)
    for pointer, node in nodes(document["components"]["schemas"]):
        if isinstance(node.get("x-class"), str):
            shapes[node["x-class"]].append((pointer, shape(node)))
    for name, found in shapes.items():
        assert all(found[0][1] == other for _, other in found), (name, [pointer for pointer, _ in found])


def test_required_fields_exist(document: Node) -> None:
    """Required properties are declared."""
    for pointer, node in nodes(document["components"]["schemas"]):
        if isinstance(node.get("required"), list) and node.get("type") == "object":
            assert set(node["required"]) <= set(node["properties"]), pointer


def test_secrets_are_marked(document: Node) -> None:
    """Credentials are marked, so that logs and reprs hide them."""
    schemas = document["components"]["schemas"]
    marked = {name for _, name, schema in properties(document) if schema.get("x-secret")}
    assert marked == SECRETS
    for pointer, name, schema in properties(document):
        if name in SECRETS - {"code"}:
            assert schema.get("x-secret") is True, pointer
        if schemas.get(schema.get("$ref", "").rpartition("/")[2], {}).get("x-secret"):
            assert schema.get("x-secret") is True, pointer


def test_the_methods_are_those_of_the_api(document: Node) -> None:
    """Path items contain only operations."""
    assert {method for item in document["paths"].values() for method in item} == METHODS


def test_lines_are_short_enough_to_read() -> None:
    """Lines are at most 120 characters long."""
    assert not [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if len(line) > 120]
