# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Operations of the tag webhooks."""

import re
from typing import Final

from tripwire_async._generated.models.webhooks import (
    CreateWebhookEndpointRequest,
    EventListResponse,
    EventResponse,
    UpdateWebhookEndpointRequest,
    WebhookEndpointListResponse,
    WebhookEndpointResponse,
    WebhookTestResponse,
)
from tripwire_async._operation import Operation, PathArgument

_ORGANIZATION_ID: Final = re.compile(r"^org_[0123456789abcdefghjkmnpqrstvwxyz]{26}$")
_WEBHOOK_ENDPOINT_ID: Final = re.compile(r"^we_[0-9a-f]{32}$")
_WEBHOOK_EVENT_ID: Final = re.compile(r"^wevt_[0-9a-f]{32}$")

LIST_WEBHOOK_ENDPOINTS: Final[Operation[WebhookEndpointListResponse]] = Operation(
    id="listWebhookEndpoints",
    method="GET",
    path="/v1/organizations/{organizationId}/webhooks/endpoints",
    path_arguments=(PathArgument(name="organizationId", argument="organization_id", pattern=_ORGANIZATION_ID),),
    authority="secret",
    scope="webhooks:read",
    success=200,
    returns=WebhookEndpointListResponse,
)
"""List an organization's webhook endpoints."""

CREATE_WEBHOOK_ENDPOINT: Final[Operation[WebhookEndpointResponse]] = Operation(
    id="createWebhookEndpoint",
    method="POST",
    path="/v1/organizations/{organizationId}/webhooks/endpoints",
    path_arguments=(PathArgument(name="organizationId", argument="organization_id", pattern=_ORGANIZATION_ID),),
    authority="secret",
    scope="webhooks:manage",
    body=CreateWebhookEndpointRequest,
    success=201,
    returns=WebhookEndpointResponse,
)
"""Create a webhook endpoint."""

UPDATE_WEBHOOK_ENDPOINT: Final[Operation[WebhookEndpointResponse]] = Operation(
    id="updateWebhookEndpoint",
    method="PATCH",
    path="/v1/organizations/{organizationId}/webhooks/endpoints/{endpointId}",
    path_arguments=(
        PathArgument(name="organizationId", argument="organization_id", pattern=_ORGANIZATION_ID),
        PathArgument(name="endpointId", argument="endpoint_id", pattern=_WEBHOOK_ENDPOINT_ID),
    ),
    authority="secret",
    scope="webhooks:manage",
    body=UpdateWebhookEndpointRequest,
    success=200,
    returns=WebhookEndpointResponse,
)
"""Change a webhook endpoint."""

DISABLE_WEBHOOK_ENDPOINT: Final[Operation[WebhookEndpointResponse]] = Operation(
    id="disableWebhookEndpoint",
    method="DELETE",
    path="/v1/organizations/{organizationId}/webhooks/endpoints/{endpointId}",
    path_arguments=(
        PathArgument(name="organizationId", argument="organization_id", pattern=_ORGANIZATION_ID),
        PathArgument(name="endpointId", argument="endpoint_id", pattern=_WEBHOOK_ENDPOINT_ID),
    ),
    authority="secret",
    scope="webhooks:manage",
    success=200,
    returns=WebhookEndpointResponse,
)
"""Disable a webhook endpoint."""

ROTATE_WEBHOOK_ENDPOINT_SECRET: Final[Operation[WebhookEndpointResponse]] = Operation(
    id="rotateWebhookEndpointSecret",
    method="POST",
    path="/v1/organizations/{organizationId}/webhooks/endpoints/{endpointId}/rotations",
    path_arguments=(
        PathArgument(name="organizationId", argument="organization_id", pattern=_ORGANIZATION_ID),
        PathArgument(name="endpointId", argument="endpoint_id", pattern=_WEBHOOK_ENDPOINT_ID),
    ),
    authority="secret",
    scope="webhooks:manage",
    success=201,
    returns=WebhookEndpointResponse,
)
"""Give a webhook endpoint a new signing secret."""

SEND_TEST_WEBHOOK: Final[Operation[WebhookTestResponse]] = Operation(
    id="sendTestWebhook",
    method="POST",
    path="/v1/organizations/{organizationId}/webhooks/endpoints/{endpointId}/test",
    path_arguments=(
        PathArgument(name="organizationId", argument="organization_id", pattern=_ORGANIZATION_ID),
        PathArgument(name="endpointId", argument="endpoint_id", pattern=_WEBHOOK_ENDPOINT_ID),
    ),
    authority="secret",
    scope="webhooks:manage",
    success=202,
    returns=WebhookTestResponse,
)
"""Queue a test event for one webhook endpoint."""

LIST_EVENTS: Final[Operation[EventListResponse]] = Operation(
    id="listEvents",
    method="GET",
    path="/v1/organizations/{organizationId}/events",
    path_arguments=(PathArgument(name="organizationId", argument="organization_id", pattern=_ORGANIZATION_ID),),
    query=("endpoint_id", "type", "limit"),
    authority="secret",
    scope="webhooks:read",
    success=200,
    returns=EventListResponse,
)
"""List an organization's events, newest first."""

RETRIEVE_EVENT: Final[Operation[EventResponse]] = Operation(
    id="retrieveEvent",
    method="GET",
    path="/v1/organizations/{organizationId}/events/{eventId}",
    path_arguments=(
        PathArgument(name="organizationId", argument="organization_id", pattern=_ORGANIZATION_ID),
        PathArgument(name="eventId", argument="event_id", pattern=_WEBHOOK_EVENT_ID),
    ),
    authority="secret",
    scope="webhooks:read",
    success=200,
    returns=EventResponse,
)
"""Read one event with its deliveries."""
