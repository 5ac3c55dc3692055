# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Models of the tag webhooks."""

from typing import Any, Literal, TypeAlias

import attrs

from tripwire_async._codec.enums import OpenEnum
from tripwire_async._codec.fields import UNSET, Timestamp, UnsetType
from tripwire_async._generated.models.shared import (
    CursorPagination,
    ResponseMeta,
    WebhookDeliveryEventType,
    WebhookEndpointId,
    WebhookEventId,
)
from tripwire_async._secrets.secret import Secret


class WebhookEventType(OpenEnum):
    """The types of events that an endpoint can ask for.

    Tripwire only: `session.fingerprint.calculated`, `gate.session.approved`.
    """

    SESSION_FINGERPRINT_CALCULATED = "session.fingerprint.calculated"
    SESSION_RESULT_PERSISTED = "session.result.persisted"
    GATE_SESSION_APPROVED = "gate.session.approved"


@attrs.frozen(kw_only=True)
class CreateWebhookEndpointRequest:
    """The settings of a new webhook endpoint.

    Attributes:
        name: The label that people will know the endpoint by.
        url: The HTTPS address to which events are posted.
        event_types: The types of events that the endpoint is to receive.
    """

    name: str
    url: str
    event_types: tuple[WebhookEventType, ...]


@attrs.frozen(kw_only=True)
class EventSubject:
    """The thing that an event is about.

    Attributes:
        type: What kind of thing it is, as a word for programs.
        id: The id of the thing.
    """

    type: str
    id: str


WebhookDeliveryId: TypeAlias = str
"""The id of a delivery, `wdlv_` and 32 hexadecimal digits."""


class WebhookDeliveryStatus(OpenEnum):
    """How a delivery stands: from `pending` over `delivering` to `succeeded`, `failed` or
    `skipped`.
    """

    PENDING = "pending"
    DELIVERING = "delivering"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


@attrs.frozen(kw_only=True)
class WebhookDelivery:
    """The delivery of one event to one webhook endpoint.

    Attributes:
        object: Names the kind of this object, always `webhook_delivery`.
        id: The delivery's id, `wdlv_` and 32 hexadecimal digits.
        event_id: The event that is delivered.
        endpoint_id: The webhook endpoint that it is delivered to.
        event_type: The type of the event that is delivered.
        status: How the delivery stands; between attempts it can read `pending` or `delivering`
            again.
        attempts: How many times the event has been posted to the endpoint.
        response_status: The HTTP status that the endpoint answered with; null until an attempt has
            ended.
        response_body: What the endpoint answered; null until an attempt has ended.
        error: Why the last attempt failed; null until an attempt has ended, and if there is nothing
            to tell.
        created_at: When the delivery was queued.
        updated_at: When the delivery last changed.
    """

    object: Literal["webhook_delivery"]
    id: WebhookDeliveryId
    event_id: WebhookEventId
    endpoint_id: WebhookEndpointId
    event_type: WebhookDeliveryEventType
    status: WebhookDeliveryStatus
    attempts: int
    response_status: int | None
    response_body: str | None
    error: str | None
    created_at: Timestamp
    updated_at: Timestamp


@attrs.frozen(kw_only=True)
class Event:
    """Something that happened in an organization, with its deliveries to webhook endpoints.

    Attributes:
        object: Names the kind of this object, always `event`.
        id: The event's id, the same in every delivery of it.
        type: What happened, as a word for programs.
        subject: The thing that the event is about.
        data: The event's payload; its shape depends on the type.
        webhook_deliveries: How the event's delivery to each endpoint stands.
        created_at: When the event came into being.
    """

    object: Literal["event"]
    id: WebhookEventId
    type: WebhookDeliveryEventType
    subject: EventSubject
    data: dict[str, Any]
    webhook_deliveries: tuple[WebhookDelivery, ...]
    created_at: Timestamp


@attrs.frozen(kw_only=True)
class EventListResponse:
    """The newest events of an organization.

    Attributes:
        data: The events, newest first.
        pagination: How many events were asked for and whether there are more; this list takes no
            cursor.
        meta: About the answer itself: the id of its request.
    """

    data: tuple[Event, ...]
    pagination: CursorPagination
    meta: ResponseMeta


@attrs.frozen(kw_only=True)
class EventResponse:
    """The answer that carries one event.

    Attributes:
        data: The event with its deliveries so far.
        meta: About the answer itself: the id of its request.
    """

    data: Event
    meta: ResponseMeta


class WebhookEndpointStatus(OpenEnum):
    """Whether a webhook endpoint receives events."""

    ACTIVE = "active"
    DISABLED = "disabled"


@attrs.frozen(kw_only=True)
class UpdateWebhookEndpointRequest:
    """The changes to a webhook endpoint.

    What is left out stays as it is.

    Attributes:
        name: The label that people will know the endpoint by.
        url: The HTTPS address to which events are to be posted.
        status: Whether the endpoint is to receive events.
        event_types: The types of events that the endpoint is to receive, in place of the present
            ones.
    """

    name: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    status: WebhookEndpointStatus | UnsetType = UNSET
    event_types: tuple[WebhookEventType, ...] | UnsetType = UNSET


@attrs.frozen(kw_only=True)
class WebhookEndpoint:
    """An address of an organization to which events are posted.

    Attributes:
        object: Names the kind of this object, always `webhook_endpoint`.
        id: The endpoint's id, `we_` and 32 hexadecimal digits.
        name: The label that people know the endpoint by.
        url: The HTTPS address to which events are posted.
        status: Whether the endpoint receives events.
        event_types: The types of events that the endpoint receives.
        created_at: When the endpoint was created.
        updated_at: When the endpoint was last changed.
        signing_secret: The secret `whsec_…` that signs what is posted; present only when the
            endpoint was just created or its secret rotated.
    """

    object: Literal["webhook_endpoint"]
    id: WebhookEndpointId
    name: str
    url: str
    status: WebhookEndpointStatus
    event_types: tuple[WebhookEventType, ...]
    created_at: Timestamp
    updated_at: Timestamp
    signing_secret: Secret | None = None


@attrs.frozen(kw_only=True)
class WebhookEndpointListResponse:
    """The webhook endpoints of an organization.

    Attributes:
        data: The webhook endpoints of the organization.
        pagination: Where the answer stands in the list; this list takes no cursor.
        meta: About the answer itself: the id of its request.
    """

    data: tuple[WebhookEndpoint, ...]
    pagination: CursorPagination
    meta: ResponseMeta


@attrs.frozen(kw_only=True)
class WebhookEndpointResponse:
    """The answer that carries one webhook endpoint.

    Attributes:
        data: The webhook endpoint, with its signing secret if it was just created or its secret
            rotated.
        meta: About the answer itself: the id of its request.
    """

    data: WebhookEndpoint
    meta: ResponseMeta


@attrs.frozen(kw_only=True)
class WebhookTest:
    """A test event that was queued for one webhook endpoint.

    Attributes:
        object: Names the kind of this object, always `webhook_test`.
        event_id: The test event, by which its deliveries can be read.
        delivery_ids: The deliveries of the test event, usually one.
        latest_delivery: The newest delivery of the test event; null if nothing is recorded yet.
    """

    object: Literal["webhook_test"]
    event_id: WebhookEventId
    delivery_ids: tuple[WebhookDeliveryId, ...]
    latest_delivery: WebhookDelivery | None


@attrs.frozen(kw_only=True)
class WebhookTestResponse:
    """The answer to a test send.

    Attributes:
        data: The test event that was queued.
        meta: About the answer itself: the id of its request.
    """

    data: WebhookTest
    meta: ResponseMeta
