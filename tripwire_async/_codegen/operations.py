"""Understands the operations, and the requests that the service sends by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from .shapes import Alias, Argument, Endpoint, Named, names_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tripwire_async._operation import Authority

    from .document import Document, Node
    from .schemas import SchemaReader

_AUTHORITIES: Final[dict[str, Authority]] = {
    "secretKey": "secret",
    "pollToken": "poll_token",
    "agentToken": "agent_token",
}


@attrs.frozen
class Outgoing:
    """The schemas in the requests that the service sends to a customer's own endpoint.

    Attributes:
        received: Names of what such requests carry.
        answered: Names of what they want in return.
    """

    received: tuple[str, ...]
    answered: tuple[str, ...]


def read_operations(document: Document, schemas: SchemaReader) -> tuple[Endpoint, ...]:
    """Return the operations in the document's order; raises `RefusalError`."""
    endpoints: list[Endpoint] = []
    tags = [tag["name"].text() for tag in document.root["tags"].items()]
    for path, item in document.root["paths"].members():
        for method, node in item.members():
            if method not in ("get", "post", "put", "patch", "delete"):
                node.refuse(f"the generator does not know {method!r} here")
            endpoint = _endpoint(document, schemas, method, path, node)
            if endpoint.tag not in tags:
                node["tags"].refuse(f"there is no tag {endpoint.tag!r}")
            if endpoint.id in (other.id for other in endpoints):
                node["operationId"].refuse(f"another operation is called {endpoint.id!r}")
            endpoints.append(endpoint)
    return tuple(endpoints)


def read_outgoing(document: Document) -> Outgoing:
    """Return what the service sends by itself; raises `RefusalError`."""
    received: list[str] = []
    answered: list[str] = []
    for _, item in document.root["webhooks"].members():
        for _, node in item.members():
            received.append(_json(document, node["requestBody"]))
            answered.extend(_json(document, answer) for _, answer in node["responses"].members() if "content" in answer)
    return Outgoing(tuple(received), tuple(answered))


def _endpoint(document: Document, schemas: SchemaReader, method: str, path: str, node: Node) -> Endpoint:
    node.only(
        *("operationId", "tags", "summary", "description", "security", "x-scope", "parameters", "requestBody"),
        "responses",
    )
    tags = node["tags"].texts()
    if len(tags) != 1:
        node["tags"].refuse("an operation has exactly one tag, the module that it goes to")
    authority = _authority(node["security"])
    if ("x-scope" in node) != (authority == "secret"):
        node.refuse("x-scope belongs to the operations of a secret key, and to all of them")
    arguments = tuple(_arguments(document, schemas, path, node))
    answer, *failures = _answers(document, node["responses"])
    return Endpoint(
        id=node["operationId"].text(),
        tag=tags[0],
        method=method.upper(),
        path=path,
        arguments=arguments,
        authority=authority,
        scope=node["x-scope"].text() if "x-scope" in node else None,
        body=_json(document, node["requestBody"]) if "requestBody" in node else None,
        success=int(answer.pointer.rpartition("/")[2]),
        returns=_json(document, answer) if "content" in answer else None,
        failures=tuple(_json(document, failure) for failure in failures),
        doc=" ".join(node["summary"].text().split()),
    )


def _authority(security: Node) -> Authority:
    schemes = [name for scheme in security.items() for name in scheme.mapping()]
    if not schemes:
        return "public"
    if len(schemes) == 1 and schemes[0] in _AUTHORITIES:
        return _AUTHORITIES[schemes[0]]
    return security.refuse(f"nothing, or one of {', '.join(_AUTHORITIES)}, is expected")


def _arguments(document: Document, schemas: SchemaReader, path: str, node: Node) -> Iterator[Argument]:
    found: dict[str, Argument] = {}
    for parameter in node["parameters"].items() if "parameters" in node else []:
        described = document.follow(parameter)
        described.only("name", "in", "required", "description", "schema")
        place = described["in"].value
        if place not in ("path", "query"):
            described["in"].refuse(f"an argument in the {place} is nothing that the generator knows")
        shape = schemas.shape(described["schema"])
        name = described["name"].text()
        if place == "path" and f"{{{name}}}" not in path:
            described["name"].refuse(f"{path} has no {{{name}}}")
        found[name] = Argument(name, place, shape, _pattern(schemas, shape, described["schema"]))
    in_path = [part.removeprefix("{").removesuffix("}") for part in path.split("/") if "{" in part]
    for name in in_path:
        if name not in found or found[name].place != "path":
            node.refuse(f"nothing describes {{{name}}} in the path")
        yield found[name]
    yield from (argument for argument in found.values() if argument.place == "query")


def _pattern(schemas: SchemaReader, shape: object, node: Node) -> str | None:
    if isinstance(shape, Named) and isinstance(alias := schemas.declared[shape.name], Alias):
        return alias.pattern
    return node["pattern"].text() if "pattern" in node else None


def _answers(document: Document, responses: Node) -> list[Node]:
    """Return the answer of success, then the others."""
    answers = {status: document.follow(node) for status, node in responses.members()}
    good = [status for status in answers if status.startswith("2")]
    if len(good) != 1 or not good[0].isdecimal():
        responses.refuse("an operation has exactly one status of success")
    return [answers.pop(good[0]), *answers.values()]


def _json(document: Document, node: Node) -> str:
    """Return the name of the schema of a body."""
    content = node["content"]
    content.only("application/json")
    content["application/json"].only("schema")
    return document.schema_name(content["application/json"]["schema"])


def roots(endpoint: Endpoint) -> Iterator[str]:
    """Yield the names of the declarations that *endpoint* mentions, those of its refusals aside."""
    yield from (name for name in (endpoint.body, endpoint.returns) if name is not None)
    for argument in endpoint.arguments:
        yield from names_in(argument.shape)
