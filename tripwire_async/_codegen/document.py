"""The description as it was read: values that know where they stand, and the refusal of what is not understood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeGuard

import attrs
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class RefusalError(Exception):
    """The description says something that the generator does not understand; the message begins with where."""


@attrs.frozen
class Node:
    """A value of the document and its JSON pointer.

    Attributes:
        value: What YAML holds there.
        pointer: Where that is, as ``#/components/schemas/ApiKey``.
    """

    value: Any
    pointer: str

    def refuse(self, why: str) -> NoReturn:
        """Raise `RefusalError` for this place."""
        msg = f"{self.pointer}: {why}"
        raise RefusalError(msg)

    def __contains__(self, key: str) -> bool:
        return key in self.mapping()

    def __getitem__(self, key: str) -> Node:
        """Step down to *key*, which has to be there."""
        if key not in self.mapping():
            self.refuse(f"{key!r} is missing")
        return self._child(key, self.value[key])

    def get(self, key: str) -> Node | None:
        """Step down to *key*; None when it is not there."""
        return self[key] if key in self else None  # noqa: SIM401 - get is what is being defined

    def members(self) -> Iterator[tuple[str, Node]]:
        """Step down to each value of a mapping."""
        for key, value in self.mapping().items():
            yield key, self._child(key, value)

    def items(self) -> list[Node]:
        """Step down to each value of a list."""
        if not _is_list(self.value):
            self.refuse("a list is expected")
        return [self._child(str(index), value) for index, value in enumerate(self.value)]

    def mapping(self) -> dict[str, Any]:
        """Return the value, which has to be a mapping with text for keys."""
        if not _is_mapping(self.value):
            self.refuse("a mapping is expected")
        for key in self.value:
            if not isinstance(key, str):
                self.refuse(f"the key {key!r} is not text")
        return self.value

    def text(self) -> str:
        """Return the value, which has to be text."""
        if not isinstance(self.value, str):
            self.refuse("text is expected")
        return self.value

    def texts(self) -> list[str]:
        """Return the value, which has to be a list of texts."""
        return [item.text() for item in self.items()]

    def only(self, *keys: str) -> None:
        """Refuse every key but *keys*."""
        for key, child in self.members():
            if key not in keys:
                child.refuse(f"the generator does not know {key!r} here")

    def description(self) -> str:
        """Return what the document says about this place, as one line; nothing when it says nothing."""
        described = self.get("description")
        return "" if described is None else " ".join(described.text().split())

    def _child(self, key: str, value: Any) -> Node:
        return Node(value, f"{self.pointer}/{key.replace('~', '~0').replace('/', '~1')}")


@attrs.frozen
class Document:
    """The whole description."""

    root: Node

    def follow(self, node: Node) -> Node:
        """Return what *node* refers to, or *node* itself when it is no reference."""
        reference = node.get("$ref") if isinstance(node.value, dict) else None
        if reference is None:
            return node
        target, *steps = reference.text().split("/")
        if target != "#":
            reference.refuse("only references into this document are known")
        found = self.root
        for step in steps:
            if not isinstance(found.value, dict) or step not in found:
                reference.refuse(f"{reference.text()} leads nowhere")
            found = found[step]
        return found

    def schema_name(self, node: Node) -> str:
        """Return the name of the schema that the reference *node* points at."""
        reference = node["$ref"]
        name = reference.text().removeprefix(_SCHEMAS)
        if name == reference.text() or "/" in name:
            reference.refuse(f"a reference to {_SCHEMAS}… is expected")
        self.follow(node)
        return name


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_mapping(value: object) -> TypeGuard[dict[Any, Any]]:
    return isinstance(value, dict)


_SCHEMAS: Final = "#/components/schemas/"


class _Loader(yaml.SafeLoader):
    """YAML in which no key may stand twice, and dates stay text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                msg = f"line {key.start_mark.line + 1}: the key {key.value!r} stands twice"
                raise RefusalError(msg)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse(text: str) -> Document:
    """Read the YAML in *text*; raises `RefusalError`."""
    try:
        value = yaml.load(text, _Loader)  # noqa: S506 - a subclass of SafeLoader
    except yaml.YAMLError as error:
        msg = f"not YAML: {error}"
        raise RefusalError(msg) from error
    root = Node(value, "#")
    if not (version := root["openapi"].text()).startswith("3.1"):
        root["openapi"].refuse(f"OpenAPI 3.1 is expected, not {version}")
    return Document(root)


def load(path: Path) -> Document:
    """Read the description in the file at *path*; raises `RefusalError`."""
    return parse(path.read_text(encoding="utf-8"))
