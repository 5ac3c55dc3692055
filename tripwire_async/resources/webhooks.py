"""Webhook endpoints, the events that go to them, and test sends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, final

from tripwire_async._codec.fields import UNSET, UnsetType
from tripwire_async._generated.models.shared import WebhookDeliveryEventType
from tripwire_async._generated.models.webhooks import (
    CreateWebhookEndpointRequest,
    UpdateWebhookEndpointRequest,
    WebhookEndpointStatus,
    WebhookEventType,
)
from tripwire_async._generated.operations import webhooks as operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async.deliveries.pending import DEFAULT_SCHEDULE
from tripwire_async.deliveries.reference import DeliveryReference
from tripwire_async.deliveries.sender import Sender

from .arguments import check_page_size, enum_value, enum_values
from .pagination import Listing
from .raw import RawResource, raw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._generated.models.webhooks import Event, WebhookEndpoint
    from tripwire_async._http.api_calls import Caller
    from tripwire_async.deliveries import PendingDelivery, PollSchedule
    from tripwire_async.deliveries.loopback import LoopbackEndpoint
    from tripwire_async.deliveries.outcomes import Until
    from tripwire_async.deliveries.test_run import TestRun
    from tripwire_async.middleware import RateLimitState


@final
class Webhooks:
    """The webhook endpoints of an organization and what is delivered to them.

    Each method names the scope that a secret key needs for it. An id that cannot be one is a ValueError before anything
    is sent; a refusal of the service is an `APIError`, and no answer a `TransportError`.
    """

    def __init__(self, call: Caller, clock: Clock, limits: Callable[[], RateLimitState | None] = lambda: None) -> None:
        self._call = call
        self._clock = clock
        self._limits = limits
        self._sender = Sender(call, clock)

    def list_endpoints(self, organization_id: str) -> Listing[WebhookEndpoint]:
        """List the endpoints of an organization, disabled ones included, in one page.

        Scope ``webhooks:read``.
        """
        return Listing(self._call, ApiRequest(operations.LIST_WEBHOOK_ENDPOINTS, (organization_id,)))

    async def create_endpoint(
        self, organization_id: str, *, name: str, url: str, event_types: Iterable[WebhookEventType | str]
    ) -> WebhookEndpoint:
        """Add an endpoint: an HTTPS *url* that takes the *event_types* named, at least one.

        The endpoint's ``signing_secret`` is in this answer and in no later one: store it. Scope ``webhooks:manage``.
        Not repeated by itself after a lost answer, as the endpoint may be there.
        """
        body = CreateWebhookEndpointRequest(name=name, url=url, event_types=enum_values(WebhookEventType, event_types))
        response = await self._call(ApiRequest(operations.CREATE_WEBHOOK_ENDPOINT, (organization_id,), body=body))
        return response.value.data

    async def update_endpoint(
        self,
        organization_id: str,
        endpoint_id: str,
        *,
        name: str | UnsetType = UNSET,
        url: str | UnsetType = UNSET,
        status: WebhookEndpointStatus | str | UnsetType = UNSET,
        event_types: Iterable[WebhookEventType | str] | UnsetType = UNSET,
    ) -> WebhookEndpoint:
        """Change what is given of an endpoint and leave the rest.

        A *status* of ``active`` brings a disabled endpoint back. Scope ``webhooks:manage``.
        """
        body = UpdateWebhookEndpointRequest(
            name=name,
            url=url,
            status=enum_value(WebhookEndpointStatus, status),
            event_types=enum_values(WebhookEventType, event_types),
        )
        response = await self._call(
            ApiRequest(operations.UPDATE_WEBHOOK_ENDPOINT, (organization_id, endpoint_id), body=body)
        )
        return response.value.data

    async def disable_endpoint(self, organization_id: str, endpoint_id: str) -> WebhookEndpoint:
        """Stop deliveries to an endpoint; nothing is erased. Scope ``webhooks:manage``."""
        response = await self._call(ApiRequest(operations.DISABLE_WEBHOOK_ENDPOINT, (organization_id, endpoint_id)))
        return response.value.data

    async def rotate_secret(self, organization_id: str, endpoint_id: str) -> WebhookEndpoint:
        """Give an endpoint a new signing secret, which is in this answer and in no later one.

        Let the receiver accept both secrets while webhooks signed with the old one may be on their way. Scope
        ``webhooks:manage``.
        """
        response = await self._call(
            ApiRequest(operations.ROTATE_WEBHOOK_ENDPOINT_SECRET, (organization_id, endpoint_id))
        )
        return response.value.data

    def list_events(
        self,
        organization_id: str,
        *,
        endpoint_id: str | None = None,
        type: WebhookDeliveryEventType | str | None = None,  # noqa: A002 - named as on the wire
        limit: int | None = None,
    ) -> Listing[Event]:
        """List an organization's latest events with their deliveries, newest first, in one page.

        Only those that go to *endpoint_id* and only those of one *type*, where given; at most *limit*, from 1 to 200,
        the service's own choice being 50. The list takes no cursor. Scope ``webhooks:read``.
        """
        query = {
            "endpoint_id": endpoint_id,
            "type": None if type is None else enum_value(WebhookDeliveryEventType, type),
            "limit": check_page_size(limit),
        }
        return Listing(self._call, ApiRequest(operations.LIST_EVENTS, (organization_id,), query=query))

    async def retrieve_event(self, organization_id: str, event_id: str) -> Event:
        """Read one event with its deliveries. Scope ``webhooks:read``.

        An event just created may not be there for a moment: `NotFoundError` then means *not yet*.
        """
        response = await self._call(ApiRequest(operations.RETRIEVE_EVENT, (organization_id, event_id)))
        return response.value.data

    async def send_test(
        self, organization_id: str, endpoint_id: str, *, poll: PollSchedule | None = None, reconcile: bool = False
    ) -> PendingDelivery:
        """Send a ``webhook.test`` event to an endpoint; returns once the service has accepted it.

        Await the `PendingDelivery` for the delivery itself. *poll* says how often to read it while at most two
        deliveries are awaited; where more are, they share their reads. Scopes ``webhooks:manage``, and
        ``webhooks:read`` to wait.

        Not repeated by itself after a lost answer, as the test may have been sent. With *reconcile* the endpoint's
        events are read then: the one that has appeared since is taken for the answer, and only if there is none, the
        test is sent again.
        """
        send = self._sender.send_once if reconcile else self._sender.send
        return await send(organization_id, endpoint_id, schedule=poll or DEFAULT_SCHEDULE)

    def send_tests(
        self,
        organization_id: str,
        endpoint_ids: Iterable[str] | None = None,
        *,
        until: Until = "settled",
        in_flight: int = 200,
        timeout: float | None = None,
    ) -> TestRun:
        """Send a test to each of many endpoints, all active ones when none are named, and see what becomes of them.

        ``async for`` over the result gives one `TestOutcome` per endpoint, as they come; ``await`` gives all of them.
        Whatever happens to one test is in its outcome and never ends the others; a lost answer is reconciled as
        `send_test` can do it. Scopes ``webhooks:manage``, and ``webhooks:read`` to list endpoints, to wait and to
        reconcile.

        Args:
            organization_id: Whose endpoints they are.
            endpoint_ids: The endpoints, each once.
            until: ``settled`` to wait for the deliveries, or ``sent`` to have them accepted only.
            in_flight: How many tests are sent or on their way at once. Up to 200 are followed with one read together.
            timeout: Seconds for the whole run; None for no limit but that of 300 seconds for each delivery.

        Raises:
            ValueError: An argument that cannot work, such as an endpoint named twice; nothing was sent.
        """
        from tripwire_async.deliveries.test_run import TestRun  # noqa: PLC0415 - one test does without it

        return TestRun(
            self._sender,
            self._call,
            organization_id,
            endpoint_ids,
            until=until,
            in_flight=in_flight,
            timeout=timeout,
            clock=self._clock,
            limits=self._limits,
        )

    def loopback_endpoint(
        self, host: str = "127.0.0.1", port: int = 0, *, tolerance: float = 300.0, now: Callable[[], float] = time.time
    ) -> LoopbackEndpoint:
        """Return a receiver to be the endpoint with: within ``async with``, its `test_and_receive` sees a test arrive.

        It listens on *host* and *port*, 0 for a free one, under every path, and is for endpoints whose URL leads to
        this process. *tolerance* is in seconds and bounds the age of what it takes; *now* returns the Unix time.
        """
        from tripwire_async.deliveries.loopback import LoopbackEndpoint  # noqa: PLC0415 - few programs are both ends

        return LoopbackEndpoint(self._sender, host, port, tolerance=tolerance, now=now, clock=self._clock)

    def resume(self, token: str, *, poll: PollSchedule | None = None) -> PendingDelivery:
        """Take over a wait from the text that `PendingDelivery.to_token` gave, perhaps in another process.

        Raises ValueError for any other text. Nothing is requested before the delivery is awaited.
        """
        return self._sender.pending(DeliveryReference.from_token(token), schedule=poll or DEFAULT_SCHEDULE)


@final
class RawWebhooks(RawResource[Webhooks]):
    """The methods of `Webhooks`, each of which gives a `RawResponse`."""

    list_endpoints = raw(Webhooks.list_endpoints)
    create_endpoint = raw(Webhooks.create_endpoint)
    update_endpoint = raw(Webhooks.update_endpoint)
    disable_endpoint = raw(Webhooks.disable_endpoint)
    rotate_secret = raw(Webhooks.rotate_secret)
    list_events = raw(Webhooks.list_events)
    retrieve_event = raw(Webhooks.retrieve_event)
    send_test = raw(Webhooks.send_test)
