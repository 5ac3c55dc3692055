"""What answers each operation, one module a resource, and the table of them all."""

from __future__ import annotations

from typing import Final

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
ROUTES: Final = Routes(ALL)
