"""Understands the schemas: each becomes a declaration, inline objects and enumerations too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from . import names, profiles
from .shapes import (
    ANY,
    NULL,
    Alias,
    Constant,
    Declaration,
    DiscriminatedUnion,
    Enumeration,
    Field,
    ListOf,
    MapOf,
    Model,
    Named,
    Scalar,
    Shape,
    Union,
)

if TYPE_CHECKING:
    from .document import Document, Node

_ANNOTATIONS: Final = ("description", "x-class", "default", "x-profiles", "readOnly")
_STRING: Final = (*_ANNOTATIONS, "type", "format", "pattern", "minLength", "maxLength", "x-secret")
_NUMBER: Final = (*_ANNOTATIONS, "type", "minimum", "maximum")
_LIST: Final = (*_ANNOTATIONS, "type", "items", "minItems", "maxItems")
# if, then and else relate several arguments to each other; the service validates such rules.
_OBJECT: Final = (
    *_ANNOTATIONS,
    *("type", "properties", "required", "additionalProperties", "minProperties", "if", "then", "else"),
)


def read_schemas(document: Document) -> dict[str, Declaration]:
    """Return the declarations of *document* by name, in document order; raise `DescriptionError`."""
    reader = SchemaReader(document)
    for name, node in document.root["components"]["schemas"].members():
        reader.declare(name, node)
    return reader.declared


@attrs.frozen
class SchemaReader:
    """Interprets schemas one by one and collects their declarations.

    Attributes:
        document: The document that references point into.
        declared: The declarations found so far, by name.
    """

    document: Document
    declared: dict[str, Declaration] = attrs.field(factory=dict)

    def declare(self, name: str, node: Node) -> None:
        """Add the declaration of a named schema."""
        names.class_(name, node)
        if "allOf" in node:
            self._add(self._extension(name, node), node)
        elif "enum" in node:
            self._add(_enumeration(name, node), node)
        elif "properties" in node:
            self._add(self._model(name, node), node)
        else:
            self._add(Alias(name, self.shape(node), _pattern(node), _doc(node), node.pointer), node)

    def shape(self, node: Node) -> Shape:
        """Return the shape of the values that the schema *node* allows."""
        special = {
            "$ref": self._reference,
            "anyOf": self._any_of,
            "enum": self._inline_enumeration,
            "const": _constant,
        }
        for keyword, read in special.items():
            if keyword in node:
                return read(node)
        kind = node["type"]
        kinds = kind.texts() if isinstance(kind.value, list) else [kind.text()]
        return union(*(self._of_type(each, node) for each in kinds))

    def _of_type(self, kind: str, node: Node) -> Shape:
        read = {
            "array": self._list,
            "boolean": _boolean,
            "integer": _number,
            "null": _null,
            "number": _number,
            "object": self._object,
            "string": _text,
        }.get(kind)
        if read is None:
            return node["type"].error(f"type {kind!r} is not supported")
        return read(node, kind)

    def _list(self, node: Node, _: str) -> Shape:
        _only(node, *_LIST)
        return ListOf(self.shape(node["items"]))

    def _reference(self, node: Node) -> Shape:
        node.only("$ref", "description", "x-secret", "x-profiles")
        name = self.document.schema_name(node)
        if "x-secret" in node and "x-secret" not in self.document.follow(node):
            node["x-secret"].error(f"{name} is marked x-secret here but not in its own schema")
        return Named(name)

    def _any_of(self, node: Node) -> Shape:
        node.only("anyOf", "description", "x-discriminator", "x-profiles")
        options = [self.shape(option) for option in node["anyOf"].items()]
        objects = [option for option in options if isinstance(option, Named | MapOf)]
        if len(objects) > 1 and "x-discriminator" not in node:
            node.error("a union of several objects needs x-discriminator")
        return union(*options)

    def _object(self, node: Node, _: str) -> Shape:
        if "properties" in node:
            if "x-class" not in node:
                node.error("an inline object needs x-class, the name of its class")
            name = names.class_(node["x-class"].text(), node["x-class"])
            self._add(self._model(name, node), node)
            return Named(name)
        node.only(*_ANNOTATIONS, "type", "additionalProperties")
        more = node["additionalProperties"]
        if more.value is True:
            return MapOf(ANY)
        return MapOf(self.shape(more))

    def _inline_enumeration(self, node: Node) -> Shape:
        if "x-class" not in node:
            node.error("an inline enumeration needs x-class, the name of its class")
        name = names.class_(node["x-class"].text(), node["x-class"])
        self._add(_enumeration(name, node), node)
        return Named(name)

    def _model(self, name: str, node: Node) -> Model:
        node.only(*_OBJECT)
        if node["type"].value != "object":
            node["type"].error("properties are only supported for type 'object'")
        if "additionalProperties" in node and node["additionalProperties"].value is not True:
            node["additionalProperties"].error("only true is supported together with properties")
        required = node["required"].texts() if "required" in node else []
        for each in required:
            if each not in node["properties"]:
                node["required"].error(f"{each!r} is required but is not a property")
        fields = [
            self._field(name, field, schema, required=field in required)
            for field, schema in node["properties"].members()
        ]
        return Model(name, tuple(fields), _doc(node), node.pointer)

    def _field(self, owner: str, name: str, node: Node, *, required: bool) -> Field:
        shape: Shape
        if "const" in node and name not in ("object", "type") and node["type"].value == "string":
            # The service may add values, as for an enumeration. An `object` or `type` marker stays constant.
            name_of_class = node["x-class"].text() if "x-class" in node else owner + names.pascal_case(name)
            self._add(_enumeration(names.class_(name_of_class, node), node), node)
            shape = Named(name_of_class)
        else:
            shape = self.shape(node)
        return Field(
            name=names.field(name, node),
            shape=shape,
            required=required,
            doc=_doc(node),
            discriminator=self._discriminator(node),
            profiles=profiles.of(node),
            read_only="readOnly" in node and node["readOnly"].value is True,
        )

    def _discriminator(self, node: Node) -> DiscriminatedUnion | None:
        discriminator = node.get("x-discriminator")
        if discriminator is None:
            return None
        discriminator.only("property", "mapping")
        models = tuple((value, model.text()) for value, model in discriminator["mapping"].members())
        options = {self.document.schema_name(option) for option in node["anyOf"].items()}
        if options != {model for _, model in models}:
            discriminator["mapping"].error("mapping and anyOf must name the same schemas")
        return DiscriminatedUnion(discriminator["property"].text(), models)

    def _extension(self, name: str, node: Node) -> Model:
        node.only("allOf", "description", "x-profiles")
        fields: dict[str, Field] = {}
        bases: list[str] = []
        for part in node["allOf"].items():
            if "$ref" in part:
                bases.append(self.document.schema_name(part))
            for field in self._model(bases[-1] if "$ref" in part else name, self._extensible(part)).fields:
                inherited = fields.get(field.name)
                fields[field.name] = attrs.evolve(
                    field,
                    required=field.required or (inherited is not None and inherited.required),
                    doc=field.doc or (inherited.doc if inherited else ""),
                )
        return Model(name, tuple(fields.values()), _doc(node), node.pointer, tuple(bases))

    def _extensible(self, part: Node) -> Node:
        whole = self.document.follow(part)
        if "properties" not in whole:
            part.error("allOf is only supported for objects with properties")
        return whole

    def _add(self, declaration: Declaration, node: Node) -> None:
        known = self.declared.setdefault(declaration.name, declaration)
        if known != declaration or (node.pointer != known.pointer and _is_component(node, known)):
            node.error(f"{declaration.name} is already declared differently at {known.pointer}")


def union(*options: Shape) -> Shape:
    """Return the flat union of *options* without duplicates, null last."""
    flat: list[Shape] = []
    for option in options:
        flat.extend(option.options if isinstance(option, Union) else [option])
    unique = sorted(dict.fromkeys(flat), key=lambda option: option == NULL)
    return unique[0] if len(unique) == 1 else Union(tuple(unique))


def _is_component(node: Node, known: Declaration) -> bool:
    """Return whether two named schemas share one name."""
    return node.pointer.count("/") == known.pointer.count("/") == 3


def _only(node: Node, *keys: str) -> None:
    """Raise for keywords that no type of *node* supports; with several types, each adds its own."""
    if isinstance(node["type"].value, list):
        node.only(*_STRING, *_NUMBER, *_LIST)
    else:
        node.only(*keys)


def _text(node: Node, _: str) -> Scalar:
    _only(node, *_STRING)
    if "x-secret" in node:
        return Scalar("Secret")
    match node["format"].value if "format" in node else None:
        case "date-time":
            return Scalar("Timestamp")
        case None | "uri":
            return Scalar("str")
        case unknown:
            return node["format"].error(f"format {unknown!r} is not supported")


def _number(node: Node, kind: str) -> Scalar:
    _only(node, *_NUMBER)
    return Scalar("int" if kind == "integer" else "float")


def _boolean(node: Node, _: str) -> Scalar:
    _only(node, *_ANNOTATIONS, "type")
    return Scalar("bool")


def _null(node: Node, _: str) -> Scalar:
    _only(node, *_ANNOTATIONS, "type")
    return NULL


def _doc(node: Node) -> str:
    """Return the description of *node*, with a note if only one profile has it."""
    return " ".join(filter(None, (node.description(), profiles.note(profiles.of(node)))))


def _pattern(node: Node) -> str | None:
    return node["pattern"].text() if "pattern" in node else None


def _constant(node: Node) -> Constant:
    node.only(*_ANNOTATIONS, "type", "const")
    value = node["const"].value
    if type(value) not in (str, int) or node["type"].value != ("string" if isinstance(value, str) else "integer"):
        node["const"].error("const must be a string or an integer and match its type")
    return Constant(value)


def _enumeration(name: str, node: Node) -> Enumeration:
    node.only(*_ANNOTATIONS, "type", "enum", "const", "x-value-profiles")
    if node["type"].value != "string":
        node["type"].error("only string enumerations are supported")
    values = node["enum"].items() if "enum" in node else [node["const"]]
    members = tuple((names.member(value), value.text()) for value in values)
    if len({member for member, _ in members}) != len(members):
        node.error("two values have the same Python name")
    return Enumeration(name, members, _doc(node), node.pointer, profiles.of_values(node))
