"""Handlers of the operations, one module per resource, and the route tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.testing._service.routes import Routes

from . import (
    api_keys,
    events,
    fingerprints,
    gate_agents,
    gate_services,
    gate_sessions,
    organizations,
    sessions,
    webhooks,
)

if TYPE_CHECKING:
    from tripwire_async.profiles import Profile

ALL: Final = (
    *sessions.ROUTES,
    *fingerprints.ROUTES,
    *organizations.ROUTES,
    *api_keys.ROUTES,
    *webhooks.ROUTES,
    *events.ROUTES,
    *gate_services.ROUTES,
    *gate_sessions.ROUTES,
    *gate_agents.ROUTES,
)


def routes_of(profile: Profile) -> Routes:
    """Return the routes of *profile*."""
    return Routes(route for route in ALL if route.operation in profile.operations)
