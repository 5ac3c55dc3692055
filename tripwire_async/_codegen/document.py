"""Parsed OpenAPI document: nodes that know their JSON pointer, and the error for unsupported input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeGuard

import attrs
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class DescriptionError(Exception):
    """The description contains something unsupported; the message begins with its JSON pointer."""


@attrs.frozen
class Node:
    """A value of the document and its JSON pointer.

    Attributes:
        value: The parsed YAML value.
        pointer: Its location, for example ``#/components/schemas/ApiKey``.
    """

    value: Any
    pointer: str

    def error(self, reason: str) -> NoReturn:
        """Raise `DescriptionError` for this node."""
        msg = f"{self.pointer}: {reason}"
        raise DescriptionError(msg)

    def __contains__(self, key: str) -> bool:
        return key in self.mapping()

    def __getitem__(self, key: str) -> Node:
        """Return the child at *key*, which must exist."""
        if key not in self.mapping():
            self.error(f"{key!r} is missing")
        return self._child(key, self.value[key])

    def get(self, key: str) -> Node | None:
        """Return the child at *key*, or None."""
        return self[key] if key in self else None  # noqa: SIM401 - this method defines get

    def members(self) -> Iterator[tuple[str, Node]]:
        """Yield each key of a mapping with its child."""
        for key, value in self.mapping().items():
            yield key, self._child(key, value)

    def items(self) -> list[Node]:
        """Return the children of a list."""
        if not _is_list(self.value):
            self.error("expected a list")
        return [self._child(str(index), value) for index, value in enumerate(self.value)]

    def mapping(self) -> dict[str, Any]:
        """Return the value, which must be a mapping with string keys."""
        if not _is_mapping(self.value):
            self.error("expected a mapping")
        for key in self.value:
            if not isinstance(key, str):
                self.error(f"key {key!r} is not a string")
        return self.value

    def text(self) -> str:
        """Return the value, which must be a string."""
        if not isinstance(self.value, str):
            self.error("expected a string")
        return self.value

    def texts(self) -> list[str]:
        """Return the value, which must be a list of strings."""
        return [item.text() for item in self.items()]

    def only(self, *keys: str) -> None:
        """Raise unless every key is one of *keys*."""
        for key, child in self.members():
            if key not in keys:
                child.error(f"{key!r} is not supported here")

    def description(self) -> str:
        """Return the description of this node on one line, or an empty string."""
        described = self.get("description")
        return "" if described is None else " ".join(described.text().split())

    def _child(self, key: str, value: Any) -> Node:
        return Node(value, f"{self.pointer}/{key.replace('~', '~0').replace('/', '~1')}")


@attrs.frozen
class Document:
    """The whole API description."""

    root: Node

    def follow(self, node: Node) -> Node:
        """Resolve the reference in *node*, or return *node* unchanged."""
        reference = node.get("$ref") if isinstance(node.value, dict) else None
        if reference is None:
            return node
        target, *steps = reference.text().split("/")
        if target != "#":
            reference.error("only references within this document are supported")
        found = self.root
        for step in steps:
            if not isinstance(found.value, dict) or step not in found:
                reference.error(f"{reference.text()} does not exist")
            found = found[step]
        return found

    def schema_name(self, node: Node) -> str:
        """Return the name of the schema that *node* refers to."""
        reference = node["$ref"]
        name = reference.text().removeprefix(_SCHEMAS)
        if name == reference.text() or "/" in name:
            reference.error(f"expected a reference to {_SCHEMAS}…")
        self.follow(node)
        return name


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_mapping(value: object) -> TypeGuard[dict[Any, Any]]:
    return isinstance(value, dict)


_SCHEMAS: Final = "#/components/schemas/"


class _Loader(yaml.SafeLoader):
    """YAML loader that rejects duplicate keys and keeps dates as strings."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                msg = f"line {key.start_mark.line + 1}: duplicate key {key.value!r}"
                raise DescriptionError(msg)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse(text: str) -> Document:
    """Parse the YAML in *text*; raise `DescriptionError`."""
    try:
        value = yaml.load(text, _Loader)  # noqa: S506 - a subclass of SafeLoader
    except yaml.YAMLError as error:
        msg = f"invalid YAML: {error}"
        raise DescriptionError(msg) from error
    root = Node(value, "#")
    if not (version := root["openapi"].text()).startswith("3.1"):
        root["openapi"].error(f"expected OpenAPI 3.1, not {version}")
    return Document(root)


def load(path: Path) -> Document:
    """Parse the file at *path*; raise `DescriptionError`."""
    return parse(path.read_text(encoding="utf-8"))
