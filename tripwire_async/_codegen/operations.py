"""Interpretation of the operations and webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from . import profiles
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
class WebhookSchemas:
    """Names of the schemas of webhooks, which the service sends to a customer's endpoint.

    Attributes:
        requests: Schemas of the request bodies.
        responses: Schemas of the responses that the service expects.
    """

    requests: tuple[str, ...]
    responses: tuple[str, ...]


def read_operations(document: Document, schemas: SchemaReader) -> tuple[Endpoint, ...]:
    """Return the operations in document order; raise `DescriptionError`."""
    endpoints: list[Endpoint] = []
    tags = [tag["name"].text() for tag in document.root["tags"].items()]
    for path, item in document.root["paths"].members():
        for method, node in item.members():
            if method not in ("get", "post", "put", "patch", "delete"):
                node.error(f"method {method!r} is not supported")
            endpoint = _endpoint(document, schemas, method, path, node)
            if endpoint.tag not in tags:
                node["tags"].error(f"tag {endpoint.tag!r} is not declared")
            if endpoint.id in (other.id for other in endpoints):
                node["operationId"].error(f"duplicate operation id {endpoint.id!r}")
            endpoints.append(endpoint)
    return tuple(endpoints)


def read_webhooks(document: Document) -> WebhookSchemas:
    """Return the schemas of the webhooks; raise `DescriptionError`."""
    requests: list[str] = []
    responses: list[str] = []
    for _, item in document.root["webhooks"].members():
        for method, node in item.members():
            if method == "x-profiles":
                continue
            requests.append(_json(document, node["requestBody"]))
            responses.extend(_json(document, each) for _, each in node["responses"].members() if "content" in each)
    return WebhookSchemas(tuple(requests), tuple(responses))


def _endpoint(document: Document, schemas: SchemaReader, method: str, path: str, node: Node) -> Endpoint:
    node.only(
        *("operationId", "x-profiles", "tags", "summary", "description", "security", "x-scope", "parameters"),
        *("requestBody", "responses"),
    )
    tags = node["tags"].texts()
    if len(tags) != 1:
        node["tags"].error("an operation needs exactly one tag, which names its module")
    authority = _authority(node["security"])
    if ("x-scope" in node) != (authority == "secret"):
        node.error("operations that use a secret key need x-scope, and no others have it")
    arguments = tuple(_arguments(document, schemas, path, node))
    success, *errors = _responses(document, node["responses"])
    return Endpoint(
        id=node["operationId"].text(),
        tag=tags[0],
        method=method.upper(),
        path=path,
        arguments=arguments,
        authority=authority,
        scope=node["x-scope"].text() if "x-scope" in node else None,
        body=_json(document, node["requestBody"]) if "requestBody" in node else None,
        success=int(success.pointer.rpartition("/")[2]),
        returns=_json(document, success) if "content" in success else None,
        error_models=tuple(_json(document, error) for error in errors),
        doc=" ".join(filter(None, (*node["summary"].text().split(), profiles.note(profiles.of(node))))),
        profiles=profiles.of(node),
    )


def _authority(security: Node) -> Authority:
    schemes = [name for scheme in security.items() for name in scheme.mapping()]
    if not schemes:
        return "public"
    if len(schemes) == 1 and schemes[0] in _AUTHORITIES:
        return _AUTHORITIES[schemes[0]]
    return security.error(f"expected no scheme or one of {', '.join(_AUTHORITIES)}")


def _arguments(document: Document, schemas: SchemaReader, path: str, node: Node) -> Iterator[Argument]:
    found: dict[str, Argument] = {}
    for parameter in node["parameters"].items() if "parameters" in node else []:
        described = document.follow(parameter)
        described.only("name", "in", "required", "description", "schema")
        place = described["in"].value
        if place not in ("path", "query"):
            described["in"].error(f"parameters in {place!r} are not supported")
        shape = schemas.shape(described["schema"])
        name = described["name"].text()
        if place == "path" and f"{{{name}}}" not in path:
            described["name"].error(f"{path} has no placeholder {{{name}}}")
        found[name] = Argument(name, place, shape, _pattern(schemas, shape, described["schema"]))
    in_path = [part.removeprefix("{").removesuffix("}") for part in path.split("/") if "{" in part]
    for name in in_path:
        if name not in found or found[name].place != "path":
            node.error(f"path parameter {{{name}}} is not declared")
        yield found[name]
    yield from (argument for argument in found.values() if argument.place == "query")


def _pattern(schemas: SchemaReader, shape: object, node: Node) -> str | None:
    if isinstance(shape, Named) and isinstance(alias := schemas.declared[shape.name], Alias):
        return alias.pattern
    return node["pattern"].text() if "pattern" in node else None


def _responses(document: Document, responses: Node) -> list[Node]:
    """Return the successful response, then the errors."""
    by_status = {status: document.follow(node) for status, node in responses.members()}
    successful = [status for status in by_status if status.startswith("2")]
    if len(successful) != 1 or not successful[0].isdecimal():
        responses.error("an operation needs exactly one successful status")
    return [by_status.pop(successful[0]), *by_status.values()]


def _json(document: Document, node: Node) -> str:
    """Return the schema name of a JSON body."""
    content = node["content"]
    content.only("application/json")
    content["application/json"].only("schema")
    return document.schema_name(content["application/json"]["schema"])


def referenced_schemas(endpoint: Endpoint) -> Iterator[str]:
    """Yield the names of the declarations that *endpoint* refers to, except in its error responses."""
    yield from (name for name in (endpoint.body, endpoint.returns) if name is not None)
    for argument in endpoint.arguments:
        yield from names_in(argument.shape)
