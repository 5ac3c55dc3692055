"""API keys: issued, changed, rotated with a grace period, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.testing._service.checks import (
    LIMIT,
    URL,
    body_of,
    list_of,
    one_of,
    optional,
    query_of,
    required,
    text,
)
from tripwire_async.testing._service.keys import SCOPES
from tripwire_async.testing._service.messages import Reply, success
from tripwire_async.testing._service.pages import page
from tripwire_async.testing._service.problems import FieldIssue, invalid, not_found
from tripwire_async.testing._service.routes import Route

if TYPE_CHECKING:
    from tripwire_async.testing._service.keys import Key
    from tripwire_async.testing._service.messages import Call
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


def list_keys(service: Service, call: Call) -> Reply:
    """Answer a page of an organization's keys, oldest first."""
    organization = service.state.organization(call)
    query = query_of(call, {"limit": LIMIT, "cursor": text(1)})
    now = service.state.calendar.unix()
    found = [key.wire(now) for key in service.state.keys.by_id.values() if key.organization_id == organization.id]
    return page(call, query, found)


def create_key(service: Service, call: Call) -> Reply:
    """Issue a key, publishable unless it says secret, and reveal it once."""
    organization = service.state.organization(call)
    body = body_of(call, _NEW)
    kind = body.get("type", "publishable")
    if ("scopes" in body) != (kind == "secret"):
        raise invalid(FieldIssue("scopes", "is given exactly when type is secret"))
    key = service.state.add_key(
        organization.id,
        body["name"],
        scopes=body.get("scopes"),
        kind=kind,
        environment=body.get("environment", "test"),
        allowed_origins=body.get("allowed_origins"),
    )
    return success(call, key.wire(service.state.calendar.unix(), revealed=True), 201)


def update_key(service: Service, call: Call) -> Reply:
    """Change what the body names."""
    key = _key(service, call)
    body = body_of(call, _CHANGES, at_least=1)
    if "scopes" in body and key.type != "secret":
        raise invalid(FieldIssue("scopes", "belongs to secret keys only"))
    for name, value in body.items():
        setattr(key, name, value)
    return success(call, key.wire(service.state.calendar.unix()))


def revoke_key(service: Service, call: Call) -> Reply:
    """End a key at once; ending it again changes nothing."""
    key = _key(service, call)
    key.revoked_at = key.revoked_at or service.state.calendar.stamp()
    return success(call, key.wire(service.state.calendar.unix()))


def rotate_key(service: Service, call: Call) -> Reply:
    """Give a key a new secret and reveal it once; the one that it had works on for a while."""
    key = _key(service, call)
    if key.revoked_at is not None:
        raise not_found("active API key", key.id)
    now = service.state.calendar.unix()
    secret = service.state.ids.secret(f"{'sk' if key.type == 'secret' else 'pk'}_{key.environment}")
    service.state.keys.rotate(key, secret, now=now, grace=service.grace)
    return success(call, key.wire(now, revealed=True), 201)


def _key(service: Service, call: Call) -> Key:
    organization = service.state.organization(call)
    key = service.state.keys.by_id.get(call.ids["keyId"])
    if key is None or key.organization_id != organization.id:
        raise not_found("API key", call.ids["keyId"])
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
