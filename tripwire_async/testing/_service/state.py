"""All that the server remembers, in memory, and who may see it."""

from __future__ import annotations

import secrets
from random import Random
from typing import TYPE_CHECKING, final

from .errors import ServiceError, not_found
from .gate import Gate
from .ids import Ids
from .keys import Key, KeyStore
from .records import Delivery, Endpoint, Event, Organization
from .seeds import Seeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tripwire_async.testing.clock import Calendar

    from .messages import ServiceRequest
    from .records import JsonObject


@final
class State:
    """The records of one server.

    Ids are drawn anew for each server, so that two servers in one test never share one.
    """

    def __init__(self, calendar: Calendar, seed: int) -> None:
        self.calendar = calendar
        self.ids = Ids(Random(secrets.randbits(64)))  # noqa: S311 - test data
        self.seeds = Seeds(seed)
        self.gate = Gate(self.ids, calendar)
        self.keys = KeyStore()
        self.organizations: dict[str, Organization] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.events: dict[str, Event] = {}
        self.deliveries: dict[str, Delivery] = {}

    def add_organization(self, name: str, slug: str, organization_id: str = "") -> Organization:
        """Remember a new organization."""
        identifier = organization_id or self.ids.base32_id("org")
        organization = Organization(identifier, name, slug, self.calendar.timestamp())
        self.organizations[identifier] = organization
        return organization

    def add_key(
        self,
        organization_id: str,
        name: str,
        *,
        scopes: Sequence[str] | None,
        secret: str = "",
        kind: str = "secret",
        environment: str = "test",
        allowed_origins: Sequence[str] | None = None,
        rate_limit: int | None = None,
    ) -> Key:
        """Remember a new key; without *secret* one is made."""
        prefix = "sk" if kind == "secret" else "pk"
        return self.keys.add(
            Key(
                id=self.ids.base32_id("key"),
                organization_id=organization_id,
                name=name,
                secret=secret or self.ids.token(f"{prefix}_{environment}"),
                created_at=self.calendar.timestamp(),
                type=kind,
                environment=environment,
                scopes=None if scopes is None else list(scopes),
                allowed_origins=None if allowed_origins is None else list(allowed_origins),
                rate_limit=rate_limit,
            )
        )

    def add_endpoint(self, organization_id: str, name: str, url: str, event_types: Sequence[str]) -> Endpoint:
        """Remember a new endpoint, with a new signing secret."""
        stamp = self.calendar.timestamp()
        endpoint = Endpoint(
            id=self.ids.hex_id("we"),
            organization_id=organization_id,
            name=name,
            url=url,
            event_types=list(event_types),
            signing_secret=self.ids.token("whsec"),
            created_at=stamp,
            updated_at=stamp,
        )
        self.endpoints[endpoint.id] = endpoint
        return endpoint

    def add_event(
        self, kind: str, subject: tuple[str, str], data: JsonObject, endpoints: Sequence[Endpoint], organization_id: str
    ) -> Event:
        """Remember a new event with a delivery to each of *endpoints*; one that is disabled is skipped."""
        stamp = self.calendar.timestamp()
        event = Event(
            id=self.ids.hex_id("wevt"),
            organization_id=organization_id,
            type=kind,
            subject_type=subject[0],
            subject_id=subject[1],
            data=data,
            created_at=stamp,
        )
        for endpoint in endpoints:
            delivery = Delivery(self.ids.hex_id("wdlv"), event, endpoint, stamp, stamp)
            if endpoint.status != "active":
                delivery.status = "skipped"
                delivery.error = "The endpoint is disabled."
            event.deliveries.append(delivery)
            self.deliveries[delivery.id] = delivery
        self.events[event.id] = event
        return event

    def organization(self, request: ServiceRequest, *, absent: int = 404) -> Organization:
        """Return the organization in the path of *request*; raise *absent* when its key does not see one there."""
        identifier = request.ids["organizationId"]
        if identifier not in request.secret_key.organizations:
            if absent == 403:
                raise ServiceError(403, "auth.organization_forbidden", f"This key does not see {identifier}.")
            raise not_found("organization", identifier)
        return self.organizations[identifier]

    def endpoint(self, request: ServiceRequest) -> Endpoint:
        """Return the endpoint in the path of *request*; raise 404 when its organization has none like it."""
        organization = self.organization(request)
        identifier = request.ids["endpointId"]
        endpoint = self.endpoints.get(identifier)
        if endpoint is None or endpoint.organization_id != organization.id:
            raise not_found("webhook endpoint", identifier)
        return endpoint
