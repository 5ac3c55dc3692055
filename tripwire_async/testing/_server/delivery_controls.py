"""Control of endpoints, events and deliveries."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tripwire_async.testing._service.arguments import check_name, unknown
from tripwire_async.testing._service.seeds.payloads import payload
from tripwire_async.testing._service.webhook_sender import DeliveryOutcome

from .parts import ServerParts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tripwire_async.testing._service.keys import Key
    from tripwire_async.testing._service.records import Delivery, Endpoint, Event, JsonObject
    from tripwire_async.testing._service.webhook_sender import FinalStatus, WebhookSettings


class DeliveryControls(ServerParts):
    """Methods that add keys and endpoints, emit events, and decide how deliveries end."""

    _waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]]

    def add_key(self, scopes: Sequence[str] = ("*",), *, name: str = "test", rate_limit: int | None = None) -> Key:
        """Add a secret key with *scopes* and optionally its own rate limit; its text is the attribute `secret`."""
        for scope in scopes:
            check_name("scope", scope, self.profile.scopes)
        return self.on_loop(
            lambda: self.state.add_key(self.organization_id, name, scopes=scopes, rate_limit=rate_limit)
        )

    def add_endpoint(
        self,
        url: str,
        *,
        name: str = "test",
        event_types: Sequence[str] = ("session.result.persisted",),
        organization_id: str | None = None,
    ) -> Endpoint:
        """Add a webhook endpoint; its signing secret is the attribute `signing_secret`."""
        organization = self._organization(organization_id)
        for event_type in event_types:
            check_name("event type", event_type, self.profile.event_types | self.profile.other.event_types)
        return self.on_loop(lambda: self.state.add_endpoint(organization, name, url, event_types))

    def emit(
        self,
        event_type: str,
        data: JsonObject | None = None,
        *,
        subject: tuple[str, str] | None = None,
        organization_id: str | None = None,
    ) -> Event:
        """Send an event to every active endpoint that subscribes to *event_type*.

        Without *data* the event is about one of the seeded sessions. *subject* is the type and id of its subject.

        Raises:
            ValueError: *event_type* is unknown, exists under the other profile only, or has no default data.
        """
        if event_type in self.profile.other.event_types - self.profile.event_types:
            msg = f"{event_type} is not an event type of {self.profile.title}"
            raise ValueError(msg)
        check_name("event type", event_type, self.profile.event_types)
        organization = self._organization(organization_id)
        if data is None:
            visit = next(iter(self.state.seeds.visits.values()))
            data, subject = payload(event_type, visit), subject or ("session", visit.id)
        return self.on_loop(lambda: self._emit(event_type, subject or ("session", "unknown"), data, organization))

    @property
    def deliveries(self) -> Mapping[str, Delivery]:
        """All deliveries by id, oldest first; a copy in another thread."""
        deliveries = self.state.deliveries
        return deliveries if self._other_loop() is None else self.on_loop(lambda: dict(deliveries))

    @property
    def webhooks(self) -> WebhookSettings:
        """Settings of the webhooks sent from now on; may be set while the server runs."""
        return self._webhook_sender.settings

    @webhooks.setter
    def webhooks(self, settings: WebhookSettings) -> None:
        self._webhook_sender.settings = settings

    def set_outcome(self, outcome: DeliveryOutcome | None, *, endpoint_id: str | None = None) -> None:
        """Settle new deliveries to one endpoint, or to all if it is None, with *outcome* and without a post.

        An *outcome* of None restores normal delivery.

        Raises:
            ValueError: The server has no endpoint *endpoint_id*.
            TypeError: *outcome* is not a `DeliveryOutcome`.
        """
        if endpoint_id is not None:
            self.check_endpoint_id(endpoint_id)
        if outcome is not None and not isinstance(outcome, DeliveryOutcome):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
            msg = f"outcome must be a DeliveryOutcome or None, not {type(outcome).__name__}"
            raise TypeError(msg)
        if outcome is None:
            self._webhook_sender.outcomes.pop(endpoint_id, None)
        else:
            self._webhook_sender.outcomes[endpoint_id] = outcome

    def outcome_for(self, endpoint_id: str) -> DeliveryOutcome | None:
        """Return the outcome that `set_outcome` has set for an endpoint or for all; None if webhooks are posted."""
        return self._webhook_sender.outcome_for(endpoint_id)

    def settle(
        self,
        delivery_id: str,
        status: FinalStatus,
        *,
        response_status: int | None = None,
        response_body: str | None = None,
        error: str | None = None,
        attempts: int = 1,
    ) -> None:
        """Settle one delivery now and cancel further attempts.

        Raises:
            ValueError: The server has no delivery *delivery_id*, or an argument is invalid.
        """
        outcome = DeliveryOutcome(status, response_status, response_body, error, attempts)
        if delivery_id not in self.state.deliveries:
            raise unknown("delivery id", delivery_id, self.state.deliveries)
        self.on_loop(lambda: self._webhook_sender.settle(self.state.deliveries[delivery_id], outcome))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* is true; it is evaluated at each request, fault and change of a delivery."""
        self.require_own_loop()
        if condition():
            return
        waiter = (condition, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            await waiter[1]
        finally:
            self._waiters.remove(waiter)

    async def delivered(self) -> None:
        """Wait until no delivery is in progress."""
        await self.until(lambda: not self._webhook_sender.in_progress)

    def check_endpoint_id(self, endpoint_id: str) -> None:
        """Raise ValueError if the server has no endpoint *endpoint_id*."""
        if endpoint_id in self.state.endpoints:
            return
        if not self.state.endpoints:
            msg = f"unknown endpoint id {endpoint_id!r}: the server has no endpoints yet. Add one with add_endpoint"
            raise ValueError(msg)
        raise unknown("endpoint id", endpoint_id, self.state.endpoints)

    def _emit(self, event_type: str, subject: tuple[str, str], data: JsonObject, organization_id: str) -> Event:
        endpoints = [
            endpoint
            for endpoint in self.state.endpoints.values()
            if endpoint.organization_id == organization_id
            and endpoint.status == "active"
            and event_type in endpoint.event_types
        ]
        event = self.state.add_event(event_type, subject, data, endpoints, organization_id)
        self._webhook_sender.send(event)
        return event

    def _organization(self, organization_id: str | None) -> str:
        if organization_id is None:
            return self.organization_id
        check_name("organization id", organization_id, self.state.organizations)
        return organization_id

    def _notify(self) -> None:
        self._on_change()
        for condition, woken in self._waiters:
            if not woken.done() and condition():
                woken.set_result(None)
