# Generated from openapi.yaml by `python -m tripwire_async._codegen`. Do not edit.
"""Models of the tag webhooks."""

from typing import Any, Literal, TypeAlias

import attrs

from tripwire_async._codec.enums import OpenEnum
from tripwire_async._codec.fields import UNSET, Timestamp, UnsetType
from tripwire_async._codec.model import Model
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


WebhookEventTypeValue: TypeAlias = Literal[
    "session.fingerprint.calculated",
    "session.result.persisted",
    "gate.session.approved",
]
"""The values of `WebhookEventType` as text, which an argument accepts as well."""


@attrs.frozen(kw_only=True, repr=False)
class CreateWebhookEndpointRequest(Model):
    """The settings of a new webhook endpoint.

    Attributes:
        name: The label that people will know the endpoint by.
        url: The HTTPS address to which events are posted.
        event_types: The types of events that the endpoint is to receive.
    """

    name: str
    url: str
    event_types: tuple[WebhookEventType, ...]


@attrs.frozen(kw_only=True, repr=False)
class EventSubject(Model):
    """The subject of an event.

    Attributes:
        type: Kind of the subject.
        id: The id of the thing.
    """

    type: str
    id: str


WebhookDeliveryId: TypeAlias = str
"""The id of a delivery, `wdlv_` and 32 hexadecimal digits."""


class WebhookDeliveryStatus(OpenEnum):
    """Status of a delivery: `pending`, then `delivering`, then `succeeded`, `failed` or `skipped`."""

    PENDING = "pending"
    DELIVERING = "delivering"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


@attrs.frozen(kw_only=True, repr=False)
class WebhookDelivery(Model):
    """The delivery of one event to one webhook endpoint.

    Attributes:
        object: Names the kind of this object, always `webhook_delivery`.
        id: The delivery's id, `wdlv_` and 32 hexadecimal digits.
        event_id: The event that is delivered.
        endpoint_id: The webhook endpoint that it is delivered to.
        event_type: The type of the event that is delivered.
        status: Status of the delivery; between attempts it can be `pending` or `delivering` again.
        attempts: Number of times the event was posted to the endpoint.
        response_status: The HTTP status of the endpoint's response; null until an attempt has
            ended.
        response_body: The body of the endpoint's response; null until an attempt has ended.
        error: Reason of the last failed attempt; null until an attempt has ended, and if it has no
            reason.
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


@attrs.frozen(kw_only=True, repr=False)
class Event(Model):
    """Something that happened in an organization, with its deliveries to webhook endpoints.

    Attributes:
        object: Names the kind of this object, always `event`.
        id: The event's id, the same in every delivery of it.
        type: Type of the event.
        subject: The thing that the event is about.
        data: The event's payload; its shape depends on the type.
        webhook_deliveries: Delivery of the event to each endpoint.
        created_at: When the event was created.
    """

    object: Literal["event"]
    id: WebhookEventId
    type: WebhookDeliveryEventType
    subject: EventSubject
    data: dict[str, Any]
    webhook_deliveries: tuple[WebhookDelivery, ...]
    created_at: Timestamp


@attrs.frozen(kw_only=True, repr=False)
class EventListResponse(Model):
    """The newest events of an organization.

    Attributes:
        data: The events, newest first.
        pagination: Requested number of events, and whether there are more; this list has no cursor.
        meta: Metadata of the response: the request id.
    """

    data: tuple[Event, ...]
    pagination: CursorPagination
    meta: ResponseMeta


@attrs.frozen(kw_only=True, repr=False)
class EventResponse(Model):
    """Response with one event.

    Attributes:
        data: The event with its deliveries so far.
        meta: Metadata of the response: the request id.
    """

    data: Event
    meta: ResponseMeta


class WebhookEndpointStatus(OpenEnum):
    """Whether a webhook endpoint receives events."""

    ACTIVE = "active"
    DISABLED = "disabled"


WebhookEndpointStatusValue: TypeAlias = Literal["active", "disabled"]
"""The values of `WebhookEndpointStatus` as text, which an argument accepts as well."""


@attrs.frozen(kw_only=True, repr=False)
class UpdateWebhookEndpointRequest(Model):
    """The changes to a webhook endpoint.

    Missing fields keep their values.

    Attributes:
        name: The label that people will know the endpoint by.
        url: The HTTPS URL that receives the events.
        status: Whether the endpoint is to receive events.
        event_types: The types of events that the endpoint is to receive, in place of the present
            ones.
    """

    name: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    status: WebhookEndpointStatus | UnsetType = UNSET
    event_types: tuple[WebhookEventType, ...] | UnsetType = UNSET


@attrs.frozen(kw_only=True, repr=False)
class WebhookEndpoint(Model):
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
        signing_secret: The secret `whsec_…` that signs the webhooks; present only when the endpoint
            was just created or its secret rotated.
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


@attrs.frozen(kw_only=True, repr=False)
class WebhookEndpointListResponse(Model):
    """The webhook endpoints of an organization.

    Attributes:
        data: The webhook endpoints of the organization.
        pagination: Position of the response in the list; this list has no cursor.
        meta: Metadata of the response: the request id.
    """

    data: tuple[WebhookEndpoint, ...]
    pagination: CursorPagination
    meta: ResponseMeta


@attrs.frozen(kw_only=True, repr=False)
class WebhookEndpointResponse(Model):
    """Response with one webhook endpoint.

    Attributes:
        data: The webhook endpoint, with its signing secret if it was just created or its secret
            rotated.
        meta: Metadata of the response: the request id.
    """

    data: WebhookEndpoint
    meta: ResponseMeta


@attrs.frozen(kw_only=True, repr=False)
class WebhookTest(Model):
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


@attrs.frozen(kw_only=True, repr=False)
class WebhookTestResponse(Model):
    """Response to a test send.

    Attributes:
        data: The test event that was queued.
        meta: Metadata of the response: the request id.
    """

    data: WebhookTest
    meta: ResponseMeta
