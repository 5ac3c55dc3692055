"""The data of one server, and access to it."""

from __future__ import annotations

import secrets
from random import Random
from typing import TYPE_CHECKING, final

from .errors import forbidden, not_found
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

    Ids are random, so two servers in one test never share an id.
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
        """Add an organization."""
        id_ = organization_id or self.ids.base32_id("org")
        organization = Organization(id_, name, slug, self.calendar.timestamp())
        self.organizations[id_] = organization
        return organization

    def add_key(
        self,
        organization_id: str,
        name: str,
        *,
        scopes: Sequence[str] | None,
        secret: str = "",
        type_: str = "secret",
        client_target: str | None = None,
        environment: str = "test",
        allowed_origins: Sequence[str] | None = None,
        rate_limit: int | None = None,
    ) -> Key:
        """Add a key; without *secret* a random one is created."""
        prefix = "sk" if type_ == "secret" else "pk"
        return self.keys.add(
            Key(
                id=self.ids.base32_id("key"),
                organization_id=organization_id,
                name=name,
                secret=secret or self.ids.token(f"{prefix}_{environment}"),
                created_at=self.calendar.timestamp(),
                type=type_,
                client_target=client_target,
                environment=environment,
                scopes=None if scopes is None else list(scopes),
                allowed_origins=None if allowed_origins is None else list(allowed_origins),
                rate_limit=rate_limit,
            )
        )

    def add_endpoint(self, organization_id: str, name: str, url: str, event_types: Sequence[str]) -> Endpoint:
        """Add an endpoint with a new signing secret."""
        now = self.calendar.timestamp()
        endpoint = Endpoint(
            id=self.ids.hex_id("we"),
            organization_id=organization_id,
            name=name,
            url=url,
            event_types=list(event_types),
            signing_secret=self.ids.token("whsec"),
            created_at=now,
            updated_at=now,
        )
        self.endpoints[endpoint.id] = endpoint
        return endpoint

    def add_event(
        self,
        type_: str,
        subject: tuple[str, str],
        data: JsonObject,
        endpoints: Sequence[Endpoint],
        organization_id: str,
    ) -> Event:
        """Add an event with a delivery to each of *endpoints*; the delivery to a disabled one is skipped."""
        now = self.calendar.timestamp()
        event = Event(
            id=self.ids.hex_id("wevt"),
            organization_id=organization_id,
            type=type_,
            subject_type=subject[0],
            subject_id=subject[1],
            data=data,
            created_at=now,
        )
        for endpoint in endpoints:
            delivery = Delivery(self.ids.hex_id("wdlv"), event, endpoint, now, now)
            if endpoint.status != "active":
                delivery.status = "skipped"
                delivery.error = "The endpoint is disabled."
            event.deliveries.append(delivery)
            self.deliveries[delivery.id] = delivery
        self.events[event.id] = event
        return event

    def organization(self, request: ServiceRequest, *, missing: int = 404) -> Organization:
        """Return the organization in the path of *request*.

        Raises 403 if the key has no access to it, and *missing* (404 or 403) if it does not exist.
        """
        id_ = request.ids["organizationId"]
        organization = self.organizations.get(id_)
        if organization is None and missing == 404:
            raise not_found("organization", id_)
        if organization is None or id_ not in request.secret_key.organizations:
            raise forbidden(f"The key has no access to the organization {id_}.")
        return organization

    def endpoint(self, request: ServiceRequest) -> Endpoint:
        """Return the endpoint in the path of *request*; raise 404 if the organization does not have it."""
        organization = self.organization(request, missing=403)
        id_ = request.ids["endpointId"]
        endpoint = self.endpoints.get(id_)
        if endpoint is None or endpoint.organization_id != organization.id:
            raise not_found("webhook endpoint", id_)
        return endpoint
