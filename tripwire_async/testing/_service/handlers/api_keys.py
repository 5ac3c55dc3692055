"""API keys: create, list, update, rotate and revoke."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tripwire_async.profiles import FOIL
from tripwire_async.testing._service.checks import (
    LIMIT,
    URL,
    Check,
    checked_body,
    checked_query,
    list_of,
    one_of,
    optional,
    required,
    text,
)
from tripwire_async.testing._service.errors import FieldIssue, not_found, validation_error
from tripwire_async.testing._service.messages import ServiceResponse, data_response
from tripwire_async.testing._service.pages import page
from tripwire_async.testing._service.routes import Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tripwire_async.testing._service.keys import Key
    from tripwire_async.testing._service.messages import ServiceRequest
    from tripwire_async.testing._service.service import Service

_CLIENT_TARGETS: Final = ("browser", "native-ios", "native-android")


def list_keys(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Return a page of an organization's keys, oldest first."""
    organization = service.state.organization(request)
    query = checked_query(request, {"limit": LIMIT, "cursor": text(1)})
    keys = [key for key in service.state.keys.by_id.values() if key.organization_id == organization.id]
    return page(request, query, [_to_json(service, key) for key in keys])


def create_key(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Create a key; the response reveals it.

    A key without a type is a secret one with the scopes of the caller's key.
    """
    organization = service.state.organization(request)
    fields = {
        "name": required(text(1)),
        "type": optional(one_of(("publishable", "secret"))),
        "environment": optional(one_of(("live", "test"))),
        "allowed_origins": optional(list_of(URL)),
        "scopes": optional(_scopes(service)),
    }
    if service.profile == FOIL:
        fields["client_target"] = optional(one_of(_CLIENT_TARGETS))
    body = checked_body(request, fields)
    type_ = body.get("type", "secret")
    if ("scopes" in body) != (body.get("type") == "secret"):
        raise validation_error(FieldIssue("scopes", "conflicts_with_type", "given exactly when type is secret"))
    if "client_target" in body and type_ == "secret":
        raise validation_error(FieldIssue("client_target", "conflicts_with_type", "given for publishable keys only"))
    key = service.state.add_key(
        organization.id,
        body["name"],
        scopes=_granted_scopes(request, body, type_),
        type_=type_,
        client_target=body.get("client_target", "browser") if type_ == "publishable" else None,
        environment=body.get("environment", "test"),
        allowed_origins=body.get("allowed_origins"),
    )
    return data_response(request, _to_json(service, key, revealed=True), 201)


def update_key(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Update a key."""
    key = _key(service, request)
    fields = {
        "name": optional(text()),
        "allowed_origins": optional(list_of(URL)),
        "scopes": optional(_scopes(service)),
    }
    body = checked_body(request, fields, min_fields=1)
    if "scopes" in body and key.type != "secret":
        raise validation_error(FieldIssue("scopes", "conflicts_with_type", "given for secret keys only"))
    for name, value in body.items():
        setattr(key, name, value)
    return data_response(request, _to_json(service, key))


def revoke_key(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Revoke a key; repeating it has no effect."""
    key = _key(service, request)
    key.revoked_at = key.revoked_at or service.state.calendar.timestamp()
    return data_response(request, _to_json(service, key))


def rotate_key(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Give a key a new secret, which the response reveals; the previous one stays valid for the grace period."""
    key = _key(service, request)
    if key.revoked_at is not None:
        raise not_found("active API key", key.id)
    now = service.state.calendar.unix_time()
    secret = service.state.ids.token(f"{'sk' if key.type == 'secret' else 'pk'}_{key.environment}")
    service.state.keys.rotate(key, secret, now=now, grace=service.grace)
    return data_response(request, _to_json(service, key, revealed=True), 201)


def _scopes(service: Service) -> Check:
    return list_of(one_of(sorted(service.profile.scopes)), min_items=1)


def _granted_scopes(request: ServiceRequest, body: dict[str, Any], type_: str) -> Sequence[str] | None:
    if type_ == "publishable":
        return None
    return body.get("scopes", request.secret_key.scopes)


def _to_json(service: Service, key: Key, *, revealed: bool = False) -> dict[str, Any]:
    now = service.state.calendar.unix_time()
    return key.to_json(now, revealed=revealed, with_client_target=service.profile == FOIL)


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
