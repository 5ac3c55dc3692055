"""Webhook endpoints and test sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async.testing._service.checks import (
    WEBHOOK_URL,
    Check,
    checked_body,
    list_of,
    one_of,
    optional,
    required,
    text,
)
from tripwire_async.testing._service.messages import ServiceResponse, data_response, list_response
from tripwire_async.testing._service.routes import Route

if TYPE_CHECKING:
    from tripwire_async.testing._service.messages import ServiceRequest
    from tripwire_async.testing._service.records import Endpoint, JsonObject
    from tripwire_async.testing._service.service import Service

_TEST_EVENT: Final = "webhook.test"


def _event_types(service: Service) -> Check:
    """Expect a list of the types that an endpoint can subscribe to."""
    return list_of(one_of(sorted(service.profile.event_types - {_TEST_EVENT})), min_items=1)


def list_endpoints(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Return all endpoints of an organization, oldest first."""
    organization = service.state.organization(request, missing=403)
    found = [
        endpoint.to_json()
        for endpoint in service.state.endpoints.values()
        if endpoint.organization_id == organization.id
    ]
    return list_response(request, found, limit=200)


def create_endpoint(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Create an endpoint; the response contains its signing secret."""
    organization = service.state.organization(request, missing=403)
    fields = {
        "name": required(text(1)),
        "url": required(WEBHOOK_URL),
        "event_types": required(_event_types(service)),
    }
    body = checked_body(request, fields)
    endpoint = service.state.add_endpoint(organization.id, body["name"], body["url"], body["event_types"])
    return data_response(request, endpoint.to_json(with_secret=True), 201)


def update_endpoint(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Update an endpoint; `event_types` replaces the whole list."""
    endpoint = service.state.endpoint(request)
    fields = {
        "name": optional(text(1)),
        "url": optional(WEBHOOK_URL),
        "status": optional(one_of(("active", "disabled"))),
        "event_types": optional(_event_types(service)),
    }
    for name, value in checked_body(request, fields).items():
        setattr(endpoint, name, value)
    endpoint.updated_at = service.state.calendar.timestamp()
    return data_response(request, endpoint.to_json())


def disable_endpoint(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Disable an endpoint; it can be enabled again."""
    endpoint = service.state.endpoint(request)
    endpoint.status = "disabled"
    endpoint.updated_at = service.state.calendar.timestamp()
    return data_response(request, endpoint.to_json())


def rotate_secret(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Replace the signing secret of an endpoint; the response contains the new one."""
    endpoint = service.state.endpoint(request)
    endpoint.signing_secret = service.state.ids.token("whsec")
    endpoint.updated_at = service.state.calendar.timestamp()
    return data_response(request, endpoint.to_json(with_secret=True), 201)


def send_test(service: Service, request: ServiceRequest) -> ServiceResponse:
    """Queue a ``webhook.test`` event; the delivery to a disabled endpoint is skipped."""
    return data_response(request, queue_test(service, service.state.endpoint(request)), 202)


def queue_test(service: Service, endpoint: Endpoint) -> JsonObject:
    """Queue a ``webhook.test`` event for *endpoint*; return the ids and the delivery as it is before it is sent."""
    event = service.state.add_event(
        _TEST_EVENT,
        ("webhook_endpoint", endpoint.id),
        {"object": "webhook_test", "endpoint": {"id": endpoint.id}},
        (endpoint,),
        endpoint.organization_id,
    )
    [delivery] = event.deliveries
    queued = {
        "object": "webhook_test",
        "event_id": event.id,
        "delivery_ids": [delivery.id],
        "latest_delivery": delivery.to_json(),
    }
    service.webhook_sender.send(event)
    return queued


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
