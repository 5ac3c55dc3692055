"""Gate's registry, which anybody may read, and the services behind it, which their owners keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tripwire_async.testing._service.checks import (
    BOOLEAN,
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
from tripwire_async.testing._service.errors import FieldIssue, ServiceError, not_found, validation_error
from tripwire_async.testing._service.messages import ServiceResponse, data_response, encode
from tripwire_async.testing._service.routes import Route

if TYPE_CHECKING:
    from tripwire_async.testing._service.gate_records import GateService
    from tripwire_async.testing._service.messages import ServiceRequest
    from tripwire_async.testing._service.service import Service

SERVICE_ID: Final = matching(r"[a-z0-9](?:[a-z0-9_-]{1,30}[a-z0-9])", "3 to 32 of a-z, 0-9, _ and -")

_COLOUR: Final = matching(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})", "a colour as #rrggbb")
_VARIABLE: Final = object_with(
    {"name": required(text()), "key": required(text()), "secret": required(BOOLEAN)}, "a variable"
)
_SDK: Final = object_with({"label": required(text()), "install": required(text()), "url": required(URL)}, "an SDK")
_BRANDING: Final = object_with(
    {
        "logo_url": optional(URL),
        "primary_color": optional(_COLOUR),
        "secondary_color": optional(_COLOUR),
        "ascii_art": optional(text()),
        "verified": required(BOOLEAN),
    },
    "branding",
)
_CONSENT: Final = object_with({"terms_url": optional(URL), "privacy_url": optional(URL)}, "links for consent")
_ENDPOINT_ID: Final = matching(r"we_[0-9a-f]{32}", "an endpoint's id")
_EITHER: Final = {
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
    "webhook_endpoint_id": required(_ENDPOINT_ID),
    **_EITHER,
}
_CHANGES: Final = {
    "name": optional(text()),
    "description": optional(text()),
    "website": optional(URL),
    "dashboard_login_url": optional(nullable(URL)),
    "webhook_endpoint_id": optional(_ENDPOINT_ID),
    **_EITHER,
}
_KEPT: Final = frozenset(_CHANGES) - {"webhook_endpoint_id"}


def list_registry(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Answer every service that wants to be found."""
    found = [entry.entry() for entry in service.state.gate.services.values() if entry.is_public]
    return _all(request, found)


def get_entry(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Answer one service, whether it wants to be found or not."""
    found = service.state.gate.services.get(request.ids["serviceId"])
    if found is None:
        raise not_found("service", request.ids["serviceId"])
    return data_response(request, found.entry())


def list_services(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Answer every service of the key's organizations."""
    mine = request.secret_key.organizations
    found = [owned.to_json() for owned in service.state.gate.services.values() if owned.organization_id in mine]
    return _all(request, found)


def create_service(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Make a service; its id must be free, and its endpoint one of the organization's."""
    body = checked_body(request, _NEW, is_open=True)
    if body["id"] in service.state.gate.services:
        raise ServiceError(409, "gate.service_taken", f"There is a service {body['id']} already.")
    _check_endpoint(service, request, body)
    fields = {name: value for name, value in body.items() if name in _KEPT}
    owner = request.secret_key.organization_id
    made = service.state.gate.add_service(body["id"], owner, fields, body["webhook_endpoint_id"])
    return data_response(request, made.to_json(), 201)


def get_service(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Answer one service of the key's organizations."""
    return data_response(request, _service(service, request).to_json())


def update_service(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Change what the body names; null takes the dashboard's address away."""
    owned = _service(service, request)
    body = checked_body(request, _CHANGES, is_open=True)
    if "webhook_endpoint_id" in body:
        _check_endpoint(service, request, body)
        owned.webhook_endpoint_id = body["webhook_endpoint_id"]
    fields = owned.fields | {name: value for name, value in body.items() if name in _KEPT}
    owned.fields = {name: value for name, value in fields.items() if value is not None}
    owned.updated_at = service.state.calendar.timestamp()
    return data_response(request, owned.to_json())


def disable_service(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Take no more sign-ups for a service; it stays."""
    owned = _service(service, request)
    owned.status = "disabled"
    owned.updated_at = service.state.calendar.timestamp()
    return data_response(request, owned.to_json())


def _all(request: ServiceRequest, found: list[dict[str, Any]]) -> ServiceResponse:
    """Answer a list that knows no pages at all."""
    return ServiceResponse(200, encode({"data": found, "meta": {"request_id": request.request_id}}))


def _service(service: Service, request: ServiceRequest) -> GateService:
    found = service.state.gate.services.get(request.ids["serviceId"])
    if found is None or found.organization_id not in request.secret_key.organizations:
        raise not_found("service", request.ids["serviceId"])
    return found


def _check_endpoint(service: Service, request: ServiceRequest, body: dict[str, Any]) -> None:
    endpoint = service.state.endpoints.get(body["webhook_endpoint_id"])
    if endpoint is None or endpoint.organization_id not in request.secret_key.organizations:
        raise validation_error(FieldIssue("webhook_endpoint_id", "is not an endpoint of this organization"))


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
