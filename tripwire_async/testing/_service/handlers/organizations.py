"""Organizations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.testing._service.checks import SLUG, checked_body, one_of, optional, required, text
from tripwire_async.testing._service.errors import conflict
from tripwire_async.testing._service.messages import ServiceResponse, data_response
from tripwire_async.testing._service.routes import Route

if TYPE_CHECKING:
    from tripwire_async.testing._service.messages import ServiceRequest
    from tripwire_async.testing._service.service import Service

_NEW: Final = {"name": required(text(1)), "slug": required(SLUG)}
_CHANGES: Final = {
    "name": optional(text(1)),
    "status": optional(one_of(("active", "suspended", "deleted"))),
}


def create_organization(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Create an organization, to which the key then has access."""
    body = checked_body(request, _NEW)
    if any(other.slug == body["slug"] for other in service.state.organizations.values()):
        raise conflict(f"The slug {body['slug']} is taken.")
    organization = service.state.add_organization(body["name"], body["slug"])
    request.secret_key.organizations.add(organization.id)
    return data_response(request, organization.to_json(), 201)


def get_organization(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Return one organization."""
    return data_response(request, service.state.organization(request).to_json())


def update_organization(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Update an organization."""
    organization = service.state.organization(request)
    for name, value in checked_body(request, _CHANGES, min_fields=1).items():
        setattr(organization, name, value)
    organization.updated_at = service.state.calendar.timestamp()
    return data_response(request, organization.to_json())


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
