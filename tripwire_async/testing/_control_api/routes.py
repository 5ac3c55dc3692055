"""Routes of the control API, for the dispatch and for its description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from tripwire_async.testing._service.arguments import near_matches
from tripwire_async.testing._service.errors import ServiceError

from . import actions, commands

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tripwire_async.testing._service.records import JsonObject

Action: TypeAlias = "Callable[..., Awaitable[JsonObject | None]]"


@attrs.frozen
class Route:
    """One action: its path has at most one placeholder, ``{id}``, which is the argument after the server."""

    method: str
    path: str
    operation: str
    action: Action
    command: type[commands.Command] | None = None
    status: int = 200

    def match(self, path: str) -> list[str] | None:
        """Return the values of the placeholders in *path*, or None."""
        parts, wanted = path.split("/"), self.path.split("/")
        if len(parts) != len(wanted):
            return None
        values = [part for part, name in zip(parts, wanted, strict=True) if name == "{id}"]
        same = all(name in {part, "{id}"} for part, name in zip(parts, wanted, strict=True))
        return values if same else None


ROUTES: Final = (
    Route("POST", "/_test/send", "controlSend", actions.send, commands.Send, 202),
    Route("POST", "/_test/emit", "controlEmit", actions.emit, commands.Emit, 202),
    Route("POST", "/_test/faults", "controlAddFault", actions.add_fault, commands.NewFault, 201),
    Route("DELETE", "/_test/faults/{id}", "controlRemoveFault", actions.remove_fault, None, 204),
    Route("POST", "/_test/outcomes", "controlSetOutcome", actions.set_outcome, commands.NewOutcome),
    Route("POST", "/_test/endpoints", "controlAddEndpoint", actions.add_endpoint, commands.NewEndpoint, 201),
    Route("POST", "/_test/scenarios", "controlStartScenario", actions.start_scenario, commands.StartScenario, 201),
    Route("GET", "/_test/deliveries/{id}", "controlGetDelivery", actions.show_delivery),
    Route("POST", "/_test/deliveries/{id}/settle", "controlSettle", actions.settle, commands.Settle),
    Route("POST", "/_test/clock", "controlAdvanceClock", actions.advance, commands.Advance),
    Route("POST", "/_test/reset", "controlReset", actions.reset),
    Route("GET", "/_test/health", "controlHealth", actions.health),
    Route("GET", "/_test/state", "controlState", actions.show_state),
)

# The application responds to these itself.
OTHER_PATHS: Final = ("/", "/_test/events", "/_test/openapi.json")


def find(method: str, path: str) -> tuple[Route, list[Any]]:
    """Return the route for *method* and *path* with the values of its placeholders; raise 404 or 405."""
    allowed: list[str] = []
    for route in ROUTES:
        values = route.match(path)
        if values is not None and route.method == method:
            return route, values
        if values is not None:
            allowed.append(route.method)
    if path in OTHER_PATHS:
        allowed.append("GET")
    if allowed:
        methods = ", ".join(sorted(allowed))
        raise ServiceError(405, "request.method_not_allowed", f"{path} supports {methods}.", headers={"Allow": methods})
    known = sorted({*(route.path for route in ROUTES), *OTHER_PATHS})
    advice = " or ".join(near_matches(path, known)) or ", ".join(known)
    raise ServiceError(404, "request.not_found", f"The control API has no {path}. Try {advice}.")
