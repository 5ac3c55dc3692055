"""Webhook endpoints and test sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.testing._service.checks import WEBHOOK_URL, body_of, list_of, one_of, optional, required, text
from tripwire_async.testing._service.messages import Reply, listing, success
from tripwire_async.testing._service.routes import Route

if TYPE_CHECKING:
    from tripwire_async.testing._service.messages import Call
    from tripwire_async.testing._service.service import Service

EVENT_TYPES: Final = ("session.fingerprint.calculated", "session.result.persisted", "gate.session.approved")

_TYPES: Final = list_of(one_of(EVENT_TYPES), at_least=1)
_NEW: Final = {"name": required(text(1)), "url": required(WEBHOOK_URL), "event_types": required(_TYPES)}
_CHANGES: Final = {
    "name": optional(text(1)),
    "url": optional(WEBHOOK_URL),
    "status": optional(one_of(("active", "disabled"))),
    "event_types": optional(_TYPES),
}


def list_endpoints(service: Service, call: Call) -> Reply:
    """Answer all endpoints of an organization, whatever their number, oldest first."""
    organization = service.state.organization(call, absent=403)
    found = [
        endpoint.wire() for endpoint in service.state.endpoints.values() if endpoint.organization_id == organization.id
    ]
    return listing(call, found, limit=200)


def create_endpoint(service: Service, call: Call) -> Reply:
    """Make an endpoint and show its signing secret once."""
    organization = service.state.organization(call, absent=403)
    body = body_of(call, _NEW)
    endpoint = service.state.add_endpoint(organization.id, body["name"], body["url"], body["event_types"])
    return success(call, endpoint.wire(with_secret=True), 201)


def update_endpoint(service: Service, call: Call) -> Reply:
    """Change what the body names."""
    endpoint = service.state.endpoint(call)
    for name, value in body_of(call, _CHANGES).items():
        setattr(endpoint, name, value)
    endpoint.updated_at = service.state.calendar.stamp()
    return success(call, endpoint.wire())


def disable_endpoint(service: Service, call: Call) -> Reply:
    """Stop sending to an endpoint; it stays, and can be made active again."""
    endpoint = service.state.endpoint(call)
    endpoint.status = "disabled"
    endpoint.updated_at = service.state.calendar.stamp()
    return success(call, endpoint.wire())


def rotate_secret(service: Service, call: Call) -> Reply:
    """Give an endpoint a new signing secret at once, and show it once."""
    endpoint = service.state.endpoint(call)
    endpoint.signing_secret = service.state.ids.secret("whsec")
    endpoint.updated_at = service.state.calendar.stamp()
    return success(call, endpoint.wire(with_secret=True), 201)


def send_test(service: Service, call: Call) -> Reply:
    """Queue a ``webhook.test`` event for one endpoint; to one that is disabled the delivery is skipped."""
    endpoint = service.state.endpoint(call)
    event = service.state.add_event(
        "webhook.test",
        ("webhook_endpoint", endpoint.id),
        {"object": "webhook_test", "endpoint": {"id": endpoint.id}},
        (endpoint,),
        endpoint.organization_id,
    )
    [delivery] = event.deliveries
    reply = success(
        call,
        {
            "object": "webhook_test",
            "event_id": event.id,
            "delivery_ids": [delivery.id],
            "latest_delivery": delivery.wire(),
        },
        202,
    )
    service.courier.send(event)
    return reply


_LIST: Final = "/v1/organizations/{organizationId}/webhooks/endpoints"
_ONE: Final = _LIST + "/{endpointId}"

ROUTES: Final = (
    Route("listWebhookEndpoints", "GET", _LIST, "secret", "webhooks:read", list_endpoints),
    Route("createWebhookEndpoint", "POST", _LIST, "secret", "webhooks:manage", create_endpoint),
    Route("updateWebhookEndpoint", "PATCH", _ONE, "secret", "webhooks:manage", update_endpoint),
    Route("disableWebhookEndpoint", "DELETE", _ONE, "secret", "webhooks:manage", disable_endpoint),
    Route("rotateWebhookEndpointSecret", "POST", _ONE + "/rotations", "secret", "webhooks:manage", rotate_secret),
    Route("sendTestWebhook", "POST", _ONE + "/test", "secret", "webhooks:manage", send_test),
)
