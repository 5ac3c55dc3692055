"""API keys: issued, changed, rotated with a grace period, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.testing._service.checks import (
    LIMIT,
    URL,
    checked_body,
    checked_query,
    list_of,
    one_of,
    optional,
    required,
    text,
)
from tripwire_async.testing._service.errors import FieldIssue, not_found, validation_error
from tripwire_async.testing._service.keys import SCOPES
from tripwire_async.testing._service.messages import ServiceResponse, data_response
from tripwire_async.testing._service.pages import page
from tripwire_async.testing._service.routes import Route

if TYPE_CHECKING:
    from tripwire_async.testing._service.keys import Key
    from tripwire_async.testing._service.messages import ServiceRequest
    from tripwire_async.testing._service.service import Service

_SCOPES: Final = list_of(one_of(SCOPES), at_least=1)
_NEW: Final = {
    "name": required(text(1)),
    "type": optional(one_of(("publishable", "secret"))),
    "environment": optional(one_of(("live", "test"))),
    "allowed_origins": optional(list_of(URL)),
    "scopes": optional(_SCOPES),
}
_CHANGES: Final = {
    "name": optional(text()),
    "allowed_origins": optional(list_of(URL)),
    "scopes": optional(_SCOPES),
}


def list_keys(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Answer a page of an organization's keys, oldest first."""
    organization = service.state.organization(request)
    query = checked_query(request, {"limit": LIMIT, "cursor": text(1)})
    now = service.state.calendar.unix_time()
    found = [key.to_json(now) for key in service.state.keys.by_id.values() if key.organization_id == organization.id]
    return page(request, query, found)


def create_key(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Issue a key, publishable unless it says secret, and reveal it once."""
    organization = service.state.organization(request)
    body = checked_body(request, _NEW)
    kind = body.get("type", "publishable")
    if ("scopes" in body) != (kind == "secret"):
        raise validation_error(FieldIssue("scopes", "is given exactly when type is secret"))
    key = service.state.add_key(
        organization.id,
        body["name"],
        scopes=body.get("scopes"),
        kind=kind,
        environment=body.get("environment", "test"),
        allowed_origins=body.get("allowed_origins"),
    )
    return data_response(request, key.to_json(service.state.calendar.unix_time(), revealed=True), 201)


def update_key(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Change what the body names."""
    key = _key(service, request)
    body = checked_body(request, _CHANGES, at_least=1)
    if "scopes" in body and key.type != "secret":
        raise validation_error(FieldIssue("scopes", "belongs to secret keys only"))
    for name, value in body.items():
        setattr(key, name, value)
    return data_response(request, key.to_json(service.state.calendar.unix_time()))


def revoke_key(service: Service, request: ServiceRequest) -> ServiceResponse:
    """End a key at once; ending it again changes nothing."""
    key = _key(service, request)
    key.revoked_at = key.revoked_at or service.state.calendar.timestamp()
    return data_response(request, key.to_json(service.state.calendar.unix_time()))


def rotate_key(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Give a key a new secret and reveal it once; the one that it had works on for a while."""
    key = _key(service, request)
    if key.revoked_at is not None:
        raise not_found("active API key", key.id)
    now = service.state.calendar.unix_time()
    secret = service.state.ids.token(f"{'sk' if key.type == 'secret' else 'pk'}_{key.environment}")
    service.state.keys.rotate(key, secret, now=now, grace=service.grace)
    return data_response(request, key.to_json(now, revealed=True), 201)


def _key(service: Service, request: ServiceRequest) -> Key:
    organization = service.state.organization(request)
    key = service.state.keys.by_id.get(request.ids["keyId"])
    if key is None or key.organization_id != organization.id:
        raise not_found("API key", request.ids["keyId"])
    return key


_LIST: Final = "/v1/organizations/{organizationId}/api-keys"
_ONE: Final = _LIST + "/{keyId}"

ROUTES: Final = (
    Route("listOrganizationApiKeys", "GET", _LIST, "secret", "api_keys:read", list_keys),
    Route("createOrganizationApiKey", "POST", _LIST, "secret", "api_keys:manage", create_key),
    Route("updateOrganizationApiKey", "PATCH", _ONE, "secret", "api_keys:manage", update_key),
    Route("revokeOrganizationApiKey", "DELETE", _ONE, "secret", "api_keys:manage", revoke_key),
    Route("rotateOrganizationApiKey", "POST", _ONE + "/rotations", "secret", "api_keys:manage", rotate_key),
)
