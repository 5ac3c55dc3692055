"""All scenarios, and the public coroutines that must occur in one of them."""

from __future__ import annotations

import functools
import importlib
import inspect
from typing import TYPE_CHECKING, Any, Final

from tripwire_async import FOIL, TRIPWIRE, AsyncTripwire
from tripwire_async.resources.pagination import Listing

from . import deliveries, journals, servers
from .scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

_MODULES: Final = (
    "tripwire_async",
    "tripwire_async.deliveries",
    "tripwire_async.gate_delivery",
    "tripwire_async.journal",
    "tripwire_async.middleware",
    "tripwire_async.receiver",
    "tripwire_async.reports",
    "tripwire_async.sealed_tokens",
    "tripwire_async.testing",
)
_RESOURCES: Final = ("sessions", "fingerprints", "organizations", "webhooks", "gate")
_ONLY_FOIL: Final = ("attach_client_user", "clear_client_user")
_SPECIAL: Final = {"__await__", "__aiter__", "__anext__", "__aenter__", "__aexit__"}

ARGUMENTS: Final[dict[str, Any]] = {
    "account_name": "ci",
    "ack_token": "gtack_1",
    "agent_token": "gtagent_1",
    "client_user_id": "user-1",
    "code": "code-1",
    "description": "A service.",
    "endpoint_id": "we_" + 32 * "0",
    "event_id": "wevt_" + 32 * "0",
    "event_types": ["session.result.persisted"],
    "gate_session_id": "gate_" + 32 * "0",
    "id": "acme-prod",
    "key_id": "key_" + 26 * "0",
    "name": "A name",
    "organization_id": "org_" + 26 * "0",
    "poll_token": "gtpoll_1",
    "service_id": "acme-prod",
    "session_id": "sid_" + 26 * "0",
    "slug": "a-name",
    "url": "https://example.com/hook",
    "visitor_id": "vid_" + 26 * "0",
    "webhook_endpoint_id": "we_" + 32 * "0",
    "website": "https://example.com",
}
"""A value for each required argument of a method."""

ELSEWHERE: Final = {
    "webhooks.loopback_endpoint",
    "webhooks.resume",
    "webhooks.resume_tests",
    "webhooks.send_tests",
    "gate.sessions.follow",
}
"""Methods that request nothing; the coroutines of their results have their own scenarios."""

NOT_INTERRUPTED: Final = {
    "BearerAuth.__call__": "a part of every call",
    "Metrics.__call__": "a part of every call",
    "RateLimit.__call__": "a part of every call",
    "RecordingProxy.__aenter__": "starts a server as `TripwireServer` does",
    "RecordingProxy.__aexit__": "closes a server as `TripwireServer` does",
    "RedisStore.exchange_page": "runs the script as `exchange` does",
    "RedisStore.exchange_window": "runs the script as `exchange` does",
    "Rule.act": "a part of the test server",
    "TripwireServer.handler": "a part of the test server",
    "RequestLog.__call__": "a part of every call",
    "Retry.__call__": "a part of every call",
    "Tracing.__call__": "a part of every call",
    "check_journal": "checks a journal, which suspends in the journal's own coroutines",
}
"""Public coroutines without a separate scenario, with the reason."""


def _methods(owner: object, prefix: str) -> Iterator[str]:
    for name, member in inspect.getmembers_static(type(owner)):
        if name.startswith("_"):
            continue
        if isinstance(member, functools.cached_property):
            yield from _methods(getattr(owner, name), f"{prefix}{name}.")
        elif inspect.isfunction(member):
            yield f"{prefix}{name}"


def _resource_methods() -> Iterator[str]:
    client = AsyncTripwire("sk_live_" + 32 * "0")
    for name in _RESOURCES:
        yield from _methods(getattr(client, name), f"{name}.")
    yield from _methods(client.with_raw_response, "with_raw_response.")


def _suspends(function: object) -> bool:
    """Return whether *function* is a coroutine function, an asynchronous generator, or returns an awaitable."""
    returns = str(getattr(function, "__annotations__", {}).get("return", ""))
    return (
        inspect.iscoroutinefunction(function)
        or inspect.isasyncgenfunction(function)
        or (
            inspect.isfunction(function)
            and returns.startswith(("Awaitable[", "Coroutine[", "AsyncGenerator[", "AsyncIterator["))
        )
    )


def public_coroutines() -> set[str]:
    """Return the names of all public coroutines, awaitables, iterations and blocks, methods with their class."""
    found = {name for name in _resource_methods() if name not in ELSEWHERE}
    for module in map(importlib.import_module, _MODULES):
        for name in module.__all__:
            public = getattr(module, name)
            if getattr(public, "_is_protocol", False):
                continue
            members = inspect.getmembers_static(public) if inspect.isclass(public) else [("", public)]
            for member_name, member in members:
                function = inspect.unwrap(getattr(member, "__func__", member)) if callable(member) else member
                if (_suspends(function) and (not member_name.startswith("_") or member_name == "__call__")) or (
                    member_name in _SPECIAL
                ):
                    found.add(f"{name}.{member_name}".rstrip("."))
    return found


def _resolve(client: AsyncTripwire, name: str) -> Any:
    return functools.reduce(getattr, name.split("."), client)


def _call(name: str) -> Scenario:
    """Return the scenario of one method of a resource, with recorded responses."""

    async def run(world: World) -> object:
        method = _resolve(world.client, name)
        required = [each.name for each in inspect.signature(method).parameters.values() if each.default is each.empty]
        # A change needs at least one new value.
        changes = ["name"] if ".update" in name else []
        result = method(**{each: ARGUMENTS[each] for each in [*required, *changes]})
        if isinstance(result, Listing):
            return await result
        if inspect.isasyncgen(result) or hasattr(result, "__aiter__"):
            return [item async for item in result]
        return await result

    return Scenario(name=name, covers=(name,), run=run, recorded=FOIL if name.endswith(_ONLY_FOIL) else TRIPWIRE)


def scenarios() -> list[Scenario]:
    """Return all scenarios."""
    calls = [_call(name) for name in sorted(_resource_methods()) if name not in ELSEWHERE]
    return [*calls, *deliveries.SCENARIOS, *servers.SCENARIOS, *journals.SCENARIOS]
