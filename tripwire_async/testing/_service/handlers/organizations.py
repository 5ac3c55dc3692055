"""Organizations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.testing._service.checks import SLUG, body_of, one_of, optional, required, text
from tripwire_async.testing._service.messages import Reply, success
from tripwire_async.testing._service.problems import Problem
from tripwire_async.testing._service.routes import Route

if TYPE_CHECKING:
    from tripwire_async.testing._service.messages import Call
    from tripwire_async.testing._service.service import Service

_NEW: Final = {"name": required(text(1)), "slug": required(SLUG)}
_CHANGES: Final = {
    "name": optional(text(1)),
    "status": optional(one_of(("active", "suspended", "deleted"))),
}


def create_organization(service: Service, call: Call) -> Reply:
    """Make an organization, which the key that made it sees from then on."""
    body = body_of(call, _NEW)
    if any(other.slug == body["slug"] for other in service.state.organizations.values()):
        raise Problem(409, "organization.slug_taken", f"There is an organization {body['slug']} already.")
    organization = service.state.add_organization(body["name"], body["slug"])
    call.secret_key.organizations.add(organization.id)
    return success(call, organization.wire(), 201)


def get_organization(service: Service, call: Call) -> Reply:
    """Answer one organization."""
    return success(call, service.state.organization(call).wire())


def update_organization(service: Service, call: Call) -> Reply:
    """Change what the body names."""
    organization = service.state.organization(call)
    for name, value in body_of(call, _CHANGES, at_least=1).items():
        setattr(organization, name, value)
    organization.updated_at = service.state.calendar.stamp()
    return success(call, organization.wire())


_ONE: Final = "/v1/organizations/{organizationId}"

ROUTES: Final = (
    Route(
        "createOrganization",
        "POST",
        "/v1/organizations",
        "secret",
        "organizations:create",
        create_organization,
    ),
    Route("getOrganization", "GET", _ONE, "secret", "organizations:read", get_organization),
    Route("updateOrganization", "PATCH", _ONE, "secret", "organizations:update", update_organization),
)
