"""Records of the service: organizations, endpoints, events and deliveries, and their JSON."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import attrs

JsonObject: TypeAlias = dict[str, Any]
DeliveryStatus: TypeAlias = Literal["pending", "delivering", "succeeded", "failed", "skipped"]


@attrs.define(eq=False)
class Organization:
    """An organization."""

    id: str
    name: str
    slug: str
    created_at: str
    status: str = "active"
    updated_at: str | None = None

    def to_json(self) -> JsonObject:
        """Return the organization as the API shows it."""
        return {
            "object": "organization",
            "id": self.id,
            "name": self.name,
            "slug": self.slug,
            "status": self.status,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


@attrs.define(eq=False)
class Endpoint:
    """A webhook endpoint."""

    id: str
    organization_id: str
    name: str
    url: str
    event_types: list[str]
    signing_secret: str = attrs.field(repr=False)
    created_at: str
    updated_at: str
    status: str = "active"

    def to_json(self, *, with_secret: bool = False) -> JsonObject:
        """Return the endpoint as the API shows it; *with_secret* right after creation or rotation."""
        fields: JsonObject = {
            "object": "webhook_endpoint",
            "id": self.id,
            "name": self.name,
            "url": self.url,
            "status": self.status,
            "event_types": self.event_types,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }
        if with_secret:
            fields["signing_secret"] = self.signing_secret
        return fields


@attrs.define(eq=False)
class Delivery:
    """The delivery of one event to one endpoint."""

    id: str
    event: Event = attrs.field(repr=False)
    endpoint: Endpoint = attrs.field(repr=False)
    created_at: str
    updated_at: str
    status: DeliveryStatus = "pending"
    attempts: int = 0
    response_status: int | None = None
    response_body: str | None = None
    error: str | None = None
    latency: float | None = None
    """Duration of the last attempt in seconds of real time; None if nothing was posted."""

    @property
    def is_settled(self) -> bool:
        """True if the delivery has a final state."""
        return self.status in {"succeeded", "failed", "skipped"}

    def to_json(self) -> JsonObject:
        """Return the delivery as the API shows it."""
        return {
            "object": "webhook_delivery",
            "id": self.id,
            "event_id": self.event.id,
            "endpoint_id": self.endpoint.id,
            "event_type": self.event.type,
            "status": self.status,
            "attempts": self.attempts,
            "response_status": self.response_status,
            "response_body": self.response_body,
            "error": self.error,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


@attrs.define(eq=False)
class Event:
    """An event with its deliveries."""

    id: str
    organization_id: str
    type: str
    subject_type: str
    subject_id: str
    data: JsonObject
    created_at: str
    deliveries: list[Delivery] = attrs.field(factory=list[Delivery])

    def to_json(self) -> JsonObject:
        """Return the event as the API shows it."""
        return {
            "object": "event",
            "id": self.id,
            "type": self.type,
            "subject": {"type": self.subject_type, "id": self.subject_id},
            "data": self.data,
            "webhook_deliveries": [delivery.to_json() for delivery in self.deliveries],
            "created_at": self.created_at,
        }

    def envelope(self) -> JsonObject:
        """Return the webhook body that endpoints receive."""
        return {
            "id": self.id,
            "object": "webhook_event",
            "type": self.type,
            "created": self.created_at,
            "data": self.data,
        }
