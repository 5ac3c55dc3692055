"""Gate's public registry, and the services that organizations manage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tripwire_async.testing._service.checks import (
    BOOLEAN,
    ENDPOINT_ID,
    URL,
    checked_body,
    list_of,
    matching,
    nullable,
    object_with,
    optional,
    required,
    text,
)
from tripwire_async.testing._service.errors import FieldIssue, conflict, not_found, validation_error
from tripwire_async.testing._service.messages import ServiceResponse, data_response
from tripwire_async.testing._service.routes import Route

if TYPE_CHECKING:
    from tripwire_async.testing._service.gate_records import GateService
    from tripwire_async.testing._service.messages import ServiceRequest
    from tripwire_async.testing._service.service import Service

SERVICE_ID: Final = matching(r"[a-z0-9](?:[a-z0-9_-]{1,30}[a-z0-9])", "3 to 32 characters of a-z, 0-9, _ and -")

_COLOR: Final = matching(
    r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})", "hexadecimal CSS color such as #0a84ff"
)
_VARIABLE: Final = object_with(
    {"name": required(text()), "key": required(text()), "secret": required(BOOLEAN)}, "environment variable"
)
_SDK: Final = object_with({"label": required(text()), "install": required(text()), "url": required(URL)}, "SDK")
_BRANDING: Final = object_with(
    {
        "logo_url": optional(URL),
        "primary_color": optional(_COLOR),
        "secondary_color": optional(_COLOR),
        "ascii_art": optional(text()),
        "verified": optional(BOOLEAN),
    },
    "branding",
)
_CONSENT: Final = object_with({"terms_url": optional(URL), "privacy_url": optional(URL)}, "links for consent")
_COMMON: Final = {
    "discoverable": optional(BOOLEAN),
    "env_vars": optional(list_of(_VARIABLE)),
    "docs_url": optional(URL),
    "sdks": optional(list_of(_SDK)),
    "branding": optional(_BRANDING),
    "consent": optional(_CONSENT),
}
_NEW: Final = {
    "id": required(SERVICE_ID),
    "name": required(text()),
    "description": required(text()),
    "website": required(URL),
    "dashboard_login_url": optional(URL),
    "webhook_endpoint_id": required(ENDPOINT_ID),
    **_COMMON,
}
_CHANGES: Final = {
    "name": optional(text()),
    "description": optional(text()),
    "website": optional(URL),
    "dashboard_login_url": optional(nullable(URL)),
    "webhook_endpoint_id": optional(ENDPOINT_ID),
    **_COMMON,
}
_STORED: Final = frozenset(_CHANGES) - {"webhook_endpoint_id"}


def list_registry(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Return every discoverable service."""
    found = [entry.entry() for entry in service.state.gate.services.values() if entry.is_public]
    return data_response(request, found)


def get_entry(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Return one service, discoverable or not."""
    found = service.state.gate.services.get(request.ids["serviceId"])
    if found is None:
        raise not_found("service", request.ids["serviceId"])
    return data_response(request, found.entry())


def list_services(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Return every service of the key's organizations."""
    own = request.secret_key.organizations
    found = [owned.to_json() for owned in service.state.gate.services.values() if owned.organization_id in own]
    return data_response(request, found)


def create_service(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Create a service with an unused id and an endpoint of the organization."""
    body = checked_body(request, _NEW, is_open=True)
    if body["id"] in service.state.gate.services:
        raise conflict(f"The service id {body['id']} is taken.")
    _check_endpoint(service, request, body)
    fields = _stored(body)
    owner = request.secret_key.organization_id
    created = service.state.gate.add_service(body["id"], owner, fields, body["webhook_endpoint_id"])
    return data_response(request, created.to_json(), 201)


def get_service(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Return one service of the key's organizations."""
    return data_response(request, _service(service, request).to_json())


def update_service(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Update a service; null removes the dashboard URL."""
    owned = _service(service, request)
    body = checked_body(request, _CHANGES, is_open=True)
    if "webhook_endpoint_id" in body:
        _check_endpoint(service, request, body)
        owned.webhook_endpoint_id = body["webhook_endpoint_id"]
    fields = owned.fields | _stored(body)
    owned.fields = {name: value for name, value in fields.items() if value is not None}
    owned.updated_at = service.state.calendar.timestamp()
    return data_response(request, owned.to_json())


def disable_service(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Disable sign-ups for a service."""
    owned = _service(service, request)
    owned.status = "disabled"
    owned.updated_at = service.state.calendar.timestamp()
    return data_response(request, owned.to_json())


def _stored(body: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of *body* that a service stores; `verified` is the service's own decision."""
    fields = {name: value for name, value in body.items() if name in _STORED}
    if "branding" in fields:
        fields["branding"] = {**fields["branding"], "verified": False}
    return fields


def _service(service: Service, request: ServiceRequest) -> GateService:
    found = service.state.gate.services.get(request.ids["serviceId"])
    if found is None or found.organization_id not in request.secret_key.organizations:
        raise not_found("service", request.ids["serviceId"])
    return found


def _check_endpoint(service: Service, request: ServiceRequest, body: dict[str, Any]) -> None:
    endpoint = service.state.endpoints.get(body["webhook_endpoint_id"])
    if endpoint is None or endpoint.organization_id not in request.secret_key.organizations:
        raise validation_error(FieldIssue("webhook_endpoint_id", "unknown_endpoint"))


_REGISTRY: Final = "/v1/gate/registry"
_LIST: Final = "/v1/gate/services"
_ONE: Final = _LIST + "/{serviceId}"

ROUTES: Final = (
    Route("listGateRegistryServices", "GET", _REGISTRY, "public", "", list_registry),
    Route("getGateRegistryService", "GET", _REGISTRY + "/{serviceId}", "public", "", get_entry),
    Route("listManagedGateServices", "GET", _LIST, "secret", "gate:services:read", list_services),
    Route("createManagedGateService", "POST", _LIST, "secret", "gate:services:manage", create_service),
    Route("getManagedGateService", "GET", _ONE, "secret", "gate:services:read", get_service),
    Route("updateManagedGateService", "PATCH", _ONE, "secret", "gate:services:manage", update_service),
    Route("disableManagedGateService", "DELETE", _ONE, "secret", "gate:services:manage", disable_service),
)
