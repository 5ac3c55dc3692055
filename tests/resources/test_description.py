"""The resources against the API's description: every operation has its method, and every input its argument.

Each method is called with arguments made from the description, and what it would have sent is looked at.
"""

from __future__ import annotations

import functools
import inspect
import json
import operator
import re
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from yarl import URL

from tests.testing.document import document
from tripwire_async import FOIL, TRIPWIRE, AsyncTripwire, Profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tripwire_async.middleware import Handler, Request, Response

METHODS = {
    "listSessions": "sessions.list",
    "getSession": "sessions.get",
    "updateSession": "sessions.attach_client_user",
    "listVisitorFingerprints": "fingerprints.list",
    "getVisitorFingerprint": "fingerprints.get",
    "createOrganization": "organizations.create",
    "getOrganization": "organizations.get",
    "updateOrganization": "organizations.update",
    "listOrganizationApiKeys": "organizations.api_keys.list",
    "createOrganizationApiKey": "organizations.api_keys.create",
    "revokeOrganizationApiKey": "organizations.api_keys.revoke",
    "updateOrganizationApiKey": "organizations.api_keys.update",
    "rotateOrganizationApiKey": "organizations.api_keys.rotate",
    "listWebhookEndpoints": "webhooks.list_endpoints",
    "createWebhookEndpoint": "webhooks.create_endpoint",
    "updateWebhookEndpoint": "webhooks.update_endpoint",
    "disableWebhookEndpoint": "webhooks.disable_endpoint",
    "rotateWebhookEndpointSecret": "webhooks.rotate_secret",
    "sendTestWebhook": "webhooks.send_test",
    "listEvents": "webhooks.list_events",
    "retrieveEvent": "webhooks.retrieve_event",
    "listGateRegistryServices": "gate.registry.list",
    "getGateRegistryService": "gate.registry.get",
    "listManagedGateServices": "gate.services.list",
    "createManagedGateService": "gate.services.create",
    "getManagedGateService": "gate.services.get",
    "updateManagedGateService": "gate.services.update",
    "disableManagedGateService": "gate.services.disable",
    "createGateSession": "gate.sessions.create",
    "pollGateSession": "gate.sessions.poll",
    "acknowledgeGateSessionDelivery": "gate.sessions.acknowledge",
    "createGateLoginSession": "gate.login_sessions.create",
    "consumeGateLoginSessionCode": "gate.login_sessions.consume",
    "verifyGateAgentToken": "gate.agent_tokens.verify",
    "revokeGateAgentToken": "gate.agent_tokens.revoke",
}
"""The method of each operation, named as in the service's own synchronous client."""

BESIDES = {
    "sessions.iter",
    "sessions.clear_client_user",
    "fingerprints.iter",
    "organizations.api_keys.iter",
    "webhooks.loopback_endpoint",
    "webhooks.resume",
    "webhooks.resume_tests",
    "webhooks.send_tests",
    "gate.sessions.follow",
}
"""Methods that call an operation which also has its own method."""

OURS = {"prefetch", "poll", "reconcile"}
"""Arguments that are not sent."""

TOKENS = {"pollToken": "poll_token", "agentToken": "agent_token"}


@attrs.frozen
class Described:
    """An operation as the description has it, with a value for each of its inputs."""

    id: str
    method: str
    path: str
    ids: dict[str, str]
    query: dict[str, Any]
    schema: dict[str, Any]
    body: dict[str, Any] | None
    bearer: dict[str, str]
    profile: Profile


class Sent(Exception):  # noqa: N818 - ends a call in place of a response
    """The request that would have been sent."""

    def __init__(self, request: Request) -> None:
        self.request = request


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference, if *schema* is one."""
    if "$ref" in schema:
        return resolved(document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return schema


def sample(schema: dict[str, Any], name: str) -> Any:
    """Make a value that *schema* allows, with every property."""
    schema = resolved(schema)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][-1]
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "object":
        return {key: sample(each, key) for key, each in schema.get("properties", {"team": {}}).items()}
    if kind == "array":
        return [sample(schema["items"], name)]
    return {"integer": 7, "boolean": True, "string": text(schema, name)}[kind]


def text(schema: dict[str, Any], name: str) -> str:
    """Return a text that *schema* allows: ids by their patterns, other text by the *name* of the input."""
    pattern = schema.get("pattern", "")
    if prefixed := re.match(r"\^(\w+_)\[.*\]\{(\d+)\}\$", pattern):
        return prefixed[1] + int(prefixed[2]) * "0"
    if "color" in name:
        return "#0a84ff"
    return f"https://example.com/{name}" if schema.get("format") == "uri" else name.replace("_", "-").lower()


def snake_case(name: str) -> str:
    """Return *name* as Python would write it."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def described() -> Iterator[Described]:
    """Return every operation of the description."""
    for path, item in document()["paths"].items():
        for verb, operation in item.items():
            parameters = operation.get("parameters", [])
            content = operation.get("requestBody", {}).get("content", {})
            schema = resolved(content["application/json"]["schema"]) if content else {}
            schemes = {scheme for each in operation.get("security", []) for scheme in each}
            yield Described(
                id=operation["operationId"],
                method=verb.upper(),
                path=path,
                ids={one["name"]: sample(one["schema"], one["name"]) for one in parameters if one["in"] == "path"},
                query={one["name"]: sample(one["schema"], one["name"]) for one in parameters if one["in"] == "query"},
                schema=schema,
                body=sample(schema, "body") if schema else None,
                bearer={TOKENS[scheme]: f"{scheme}-1" for scheme in schemes & set(TOKENS)},
                # A request to create a key has a field that only Foil has.
                profile=TRIPWIRE if operation.get("x-profiles") == ["tripwire"] else FOIL,
            )


DESCRIBED = {one.id: one for one in described()}


async def stop(request: Request, call_next: Handler) -> Response:
    """Show the request in the place of sending it."""
    raise Sent(request)


def method_of(operation: Described) -> Callable[..., Any]:
    """Return the method of *operation* on a client that sends nothing."""
    client = AsyncTripwire(profile=operation.profile, base_url="https://api.example", middleware=[stop])
    return operator.attrgetter(METHODS[operation.id])(client)


async def sent_by(operation: Described, ids: tuple[str, ...], arguments: dict[str, Any]) -> Request:
    """Return the request that the method of *operation* would send."""
    with pytest.raises(Sent) as caught:
        await method_of(operation)(*ids, **arguments)
    return caught.value.request


def methods(owner: object, prefix: str) -> Iterator[str]:
    """Return the names of all methods of *owner* and of its parts."""
    for name, member in inspect.getmembers_static(type(owner)):
        if name.startswith("_"):
            continue
        if isinstance(member, functools.cached_property):
            yield from methods(getattr(owner, name), f"{prefix}{name}.")
        elif inspect.isroutine(member):
            yield f"{prefix}{name}"


def test_every_operation_has_a_method_and_every_method_an_operation() -> None:
    """An operation that is added to the description fails here until it has a method."""
    client = AsyncTripwire(middleware=[stop])
    resources = ("sessions", "fingerprints", "organizations", "webhooks", "gate")
    there = {found for name in resources for found in methods(getattr(client, name), f"{name}.")}
    assert 35 == len(DESCRIBED)
    assert set(DESCRIBED) == set(METHODS)
    assert set(METHODS.values()) == there - BESIDES


def test_every_method_has_its_raw_twin() -> None:
    """Under the same name, and no others."""
    client = AsyncTripwire(middleware=[stop])
    assert {*METHODS.values(), "sessions.clear_client_user"} == set(methods(client.with_raw_response, ""))


@pytest.mark.parametrize("operation", DESCRIBED.values(), ids=DESCRIBED)
async def test_a_method_calls_its_operation_with_every_input(operation: Described) -> None:
    """Ids in their order, every query argument and every property of the body by its name, and the right token."""
    arguments = {**operation.query, **(operation.body or {}), **operation.bearer}
    request = await sent_by(operation, tuple(operation.ids.values()), arguments)
    assert (operation.id, operation.method) == (request.operation.id, request.operation.method)
    path = re.sub(r"\{(\w+)\}", lambda match: operation.ids[match[1]], operation.path)
    expected = URL(f"https://api.example{path}").with_query({name: str(it) for name, it in operation.query.items()})
    assert expected == request.url
    assert operation.body == (None if request.body is None else json.loads(request.body))
    assert next(iter(operation.bearer.values()), None) == (request.bearer and request.bearer.reveal())


@pytest.mark.parametrize("operation", DESCRIBED.values(), ids=DESCRIBED)
def test_an_argument_is_named_as_the_input(operation: Described) -> None:
    """A method takes only the inputs of its operation."""
    taken = set(inspect.signature(method_of(operation)).parameters) - OURS
    inputs = {*map(snake_case, operation.ids), *operation.query, *(operation.body or {}), *operation.bearer}
    assert inputs == taken


@pytest.mark.parametrize("operation", DESCRIBED.values(), ids=DESCRIBED)
async def test_what_is_left_out_is_not_sent(operation: Described) -> None:
    """Only what the description requires is in a request that was given no more."""
    properties = list(operation.schema.get("properties", {}))
    needed = [*operation.schema.get("required", []), *properties[: operation.schema.get("minProperties", 0)]]
    body = {name: it for name, it in (operation.body or {}).items() if name in needed}
    request = await sent_by(operation, tuple(operation.ids.values()), {**body, **operation.bearer})
    assert "" == request.url.query_string
    assert (None if operation.body is None else body) == (None if request.body is None else json.loads(request.body))


@pytest.mark.parametrize("operation", [one for one in DESCRIBED.values() if one.body], ids=lambda one: one.id)
async def test_null_is_sent_exactly_where_the_wire_takes_it(operation: Described) -> None:
    """Elsewhere None is rejected before anything is sent."""
    ids, body = tuple(operation.ids.values()), operation.body or {}
    for name, each in operation.schema["properties"].items():
        arguments = {**body, **operation.bearer, name: None}
        if "null" in resolved(each).get("type", ()):
            request = await sent_by(operation, ids, arguments)
            assert json.loads(request.body or b"")[name] is None
        else:
            with pytest.raises((ValueError, TypeError)):
                await method_of(operation)(*ids, **arguments)
