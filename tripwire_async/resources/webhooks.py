"""Webhook endpoints, the events that go to them, and test sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tripwire_async._codec.fields import UNSET, UnsetType
from tripwire_async._concurrency.durations import to_optional_seconds
from tripwire_async._generated.models.shared import WebhookDeliveryEventType
from tripwire_async._generated.models.webhooks import (
    CreateWebhookEndpointRequest,
    UpdateWebhookEndpointRequest,
    WebhookEndpointStatus,
    WebhookEventType,
)
from tripwire_async._generated.operations import webhooks as operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async.deliveries.reference import DeliveryReference
from tripwire_async.deliveries.sender import Sender

from .arguments import check_page_size, enum_value, enum_values
from .base import Resource
from .pagination import Listing
from .raw import RawResource, raw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._concurrency.durations import Duration
    from tripwire_async._generated.models.shared import WebhookDeliveryEventTypeValue
    from tripwire_async._generated.models.webhooks import (
        Event,
        WebhookEndpoint,
        WebhookEndpointStatusValue,
        WebhookEventTypeValue,
    )
    from tripwire_async._http.api_calls import Caller
    from tripwire_async.deliveries import PendingDelivery, PollSchedule
    from tripwire_async.deliveries.loopback import LoopbackEndpoint
    from tripwire_async.deliveries.outcomes import Until
    from tripwire_async.deliveries.run_options import RunOptions
    from tripwire_async.deliveries.run_work import RunWork
    from tripwire_async.deliveries.sharing import Sharing
    from tripwire_async.deliveries.test_run import TestRun
    from tripwire_async.journal import Journal
    from tripwire_async.middleware import RateLimitState, RateLimitStore


@final
class Webhooks(Resource):
    """Webhook endpoints of an organization, and the deliveries to them.

    Each method names the scope that the secret key needs. An invalid argument raises ValueError before anything is
    sent. An error response raises `APIError`, and a missing response raises `TransportError`.
    """

    def __init__(
        self,
        call: Caller,
        clock: Clock,
        limits: Callable[[], RateLimitState | None] = lambda: None,
        base_url: str = "",
        store: RateLimitStore | None = None,
    ) -> None:
        self._call = call
        self._base_url = base_url
        self._clock = clock
        self._limits = limits
        self._sender = Sender(call, clock, _sharing(store, base_url))

    def list_endpoints(self, organization_id: str) -> Listing[WebhookEndpoint]:
        """List the endpoints of an organization, disabled ones included, in one page.

        Scope ``webhooks:read``.
        """
        return Listing(self._call, ApiRequest(operations.LIST_WEBHOOK_ENDPOINTS, (organization_id,)))

    async def create_endpoint(
        self,
        organization_id: str,
        *,
        name: str,
        url: str,
        event_types: Iterable[WebhookEventType | WebhookEventTypeValue],
    ) -> WebhookEndpoint:
        """Create an endpoint: an HTTPS *url* that receives the given *event_types*, at least one.

        Store the ``signing_secret`` of the result, which no later response contains. Scope ``webhooks:manage``. Not
        retried after a lost response, because the endpoint may exist.
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
        status: WebhookEndpointStatus | WebhookEndpointStatusValue | UnsetType = UNSET,
        event_types: Iterable[WebhookEventType | WebhookEventTypeValue] | UnsetType = UNSET,
    ) -> WebhookEndpoint:
        """Change the given fields of an endpoint and keep the rest.

        A *status* of ``active`` enables a disabled endpoint. Scope ``webhooks:manage``.
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
        """Stop deliveries to an endpoint; nothing is deleted. Scope ``webhooks:manage``."""
        response = await self._call(ApiRequest(operations.DISABLE_WEBHOOK_ENDPOINT, (organization_id, endpoint_id)))
        return response.value.data

    async def rotate_secret(self, organization_id: str, endpoint_id: str) -> WebhookEndpoint:
        """Give an endpoint a new signing secret, which no later response contains.

        Let the receiver accept both secrets as long as webhooks signed with the old one may arrive. Scope
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
        type: WebhookDeliveryEventType | WebhookDeliveryEventTypeValue | None = None,  # noqa: A002 - named as on the wire
        limit: int | None = None,
    ) -> Listing[Event]:
        """List an organization's latest events with their deliveries, newest first, in one page.

        Scope ``webhooks:read``. The list has no cursor.

        Args:
            organization_id: The organization.
            endpoint_id: Only events for this endpoint.
            type: Only events of this type.
            limit: Largest number of events, from 1 to 200; the service's default is 50.
        """
        query = {
            "endpoint_id": endpoint_id,
            "type": None if type is None else enum_value(WebhookDeliveryEventType, type),
            "limit": check_page_size(limit),
        }
        return Listing(self._call, ApiRequest(operations.LIST_EVENTS, (organization_id,), query=query))

    async def retrieve_event(self, organization_id: str, event_id: str) -> Event:
        """Read one event with its deliveries. Scope ``webhooks:read``.

        A new event may not be visible at once: `NotFoundError` then means *not yet*.
        """
        response = await self._call(ApiRequest(operations.RETRIEVE_EVENT, (organization_id, event_id)))
        return response.value.data

    async def send_test(
        self, organization_id: str, endpoint_id: str, *, poll: PollSchedule | None = None, reconcile: bool = False
    ) -> PendingDelivery:
        """Send a ``webhook.test`` event to an endpoint; returns once the service has accepted it.

        Await the `PendingDelivery` for the delivery itself. *poll* is the schedule of its reads. By default they
        depend on the durations of earlier deliveries. Scopes ``webhooks:manage``, and ``webhooks:read`` to wait.

        Not retried after a lost response, because the test may have been sent. With *reconcile*, the events of the
        endpoint are read in that case. An event that has appeared since is the test; without one, the test is sent
        again.
        """
        if reconcile:
            return await self._sender.send_once(organization_id, endpoint_id, schedule=poll)
        return await self._sender.send(organization_id, endpoint_id, schedule=poll)

    def send_tests(
        self,
        organization_id: str,
        endpoint_ids: Iterable[str] | None = None,
        *,
        until: Until = "settled",
        in_flight: int = 200,
        timeout: Duration | None = None,
        journal: Journal | None = None,
    ) -> TestRun:
        """Send a test to each of many endpoints, all active ones by default, and follow each delivery.

        ``await run`` returns one `TestOutcome` per endpoint. ``async with run: async for outcome in run`` yields each
        as soon as it is known. A failure at one endpoint is in its outcome and does not affect the others. A lost
        response is reconciled, see `send_test`. Scopes ``webhooks:manage``, and ``webhooks:read`` to list endpoints, to
        wait and to reconcile.

        Args:
            organization_id: The organization that owns the endpoints.
            endpoint_ids: The endpoints, each once; None means all active ones.
            until: ``settled`` to wait for the deliveries, or ``sent`` to stop when the tests are accepted.
            in_flight: Largest number of tests between their send and their end. Up to 200 share a single read.
            timeout: Seconds for the whole run, or a timedelta; None means no limit but 300 seconds for each delivery.
            journal: Journal that keeps the run, so that it can be continued after its process has ended and shared by
                several workers. The same call again continues the run. None keeps it in memory.

        Raises:
            ValueError: An argument is invalid, for example an endpoint occurs twice; nothing was sent.
        """
        from tripwire_async.deliveries.listed_tests import ListedTests  # noqa: PLC0415 - not needed for a single test
        from tripwire_async.deliveries.run_options import RunOptions, check_endpoint_ids  # noqa: PLC0415 - not needed for a single test
        from tripwire_async.deliveries.test_run import TestRun  # noqa: PLC0415 - not needed for a single test

        seconds = to_optional_seconds("timeout", timeout)
        options = RunOptions(organization_id=organization_id, until=until, in_flight=in_flight, timeout=seconds)
        ids = None if endpoint_ids is None else check_endpoint_ids(endpoint_ids)
        if journal is None:
            work: RunWork = ListedTests(self._sender, self._call, options, ids, self._clock)
        else:
            work = self._journal_run(journal, options, ids, starts=True)
        return TestRun(work, self._sender.times, clock=self._clock, limits=self._limits)

    def resume_tests(self, journal: Journal, *, in_flight: int = 200, timeout: Duration | None = None) -> TestRun:
        """Continue the run of *journal*, also while other workers work on it.

        It is what `send_tests` with this journal returns, but the run must exist: the organization, the endpoints and
        *until* are those of its start. If the run is finished, its outcomes are read from the journal, without a
        request. Scopes as for `send_tests`.

        Args:
            journal: The journal of the run.
            in_flight: Largest number of tests between their send and their end, of all workers together.
            timeout: Seconds for this worker's part in the run, or a timedelta; None means no limit.

        Raises:
            ValueError: An argument is invalid.
        """
        from tripwire_async.deliveries.run_options import RunOptions  # noqa: PLC0415 - not needed for a single test
        from tripwire_async.deliveries.test_run import TestRun  # noqa: PLC0415 - not needed for a single test

        seconds = to_optional_seconds("timeout", timeout)
        options = RunOptions(organization_id="", until="settled", in_flight=in_flight, timeout=seconds)
        work = self._journal_run(journal, options, None, starts=False)
        return TestRun(work, self._sender.times, clock=self._clock, limits=self._limits)

    def _journal_run(
        self, journal: Journal, options: RunOptions, ids: tuple[str, ...] | None, *, starts: bool
    ) -> RunWork:
        from tripwire_async.journal.journal_run import JournalRun  # noqa: PLC0415 - most programs have no journal

        if not callable(getattr(journal, "exchange", None)):
            msg = f"journal must be a journal, such as SqliteJournal(path), not {type(journal).__name__}"
            raise ValueError(msg)  # noqa: TRY004 - every invalid argument of a run is a ValueError
        return JournalRun(
            journal,
            self._sender,
            self._call,
            options,
            base_url=self._base_url,
            ids=ids,
            starts=starts,
            clock=self._clock,
        )

    def loopback_endpoint(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        tolerance: float = 300.0,
        now: Callable[[], float] | None = None,
    ) -> LoopbackEndpoint:
        """Return an endpoint in this process; within ``async with``, its `test_and_receive` sends and receives a test.

        It is for endpoints whose URL leads to this process.

        Args:
            host: The address to listen on.
            port: The port to listen on, 0 for a free one. Every path is accepted.
            tolerance: Largest accepted age of a webhook, in seconds.
            now: Function that returns the time in Unix seconds; None means the system clock.
        """
        from tripwire_async.deliveries.loopback import LoopbackEndpoint  # noqa: PLC0415 - few programs receive their own tests

        return LoopbackEndpoint(self._sender, host, port, tolerance=tolerance, now=now, clock=self._clock)

    def resume(self, token: str, *, poll: PollSchedule | None = None) -> PendingDelivery:
        """Return the pending delivery of a *token* from `PendingDelivery.to_token`, also in another process.

        Raises ValueError for any other text. Nothing is requested before the delivery is awaited.
        """
        return self._sender.pending(DeliveryReference.from_token(token), schedule=poll)


def _sharing(store: RateLimitStore | None, base_url: str) -> Sharing | None:
    if store is None:
        return None
    from tripwire_async.deliveries.sharing import Sharing  # noqa: PLC0415 - most programs are one process

    return Sharing(store, base_url)


@final
class RawWebhooks(RawResource[Webhooks]):
    """The methods of `Webhooks`, each returning a `RawResponse`."""

    list_endpoints = raw(Webhooks.list_endpoints)
    create_endpoint = raw(Webhooks.create_endpoint)
    update_endpoint = raw(Webhooks.update_endpoint)
    disable_endpoint = raw(Webhooks.disable_endpoint)
    rotate_secret = raw(Webhooks.rotate_secret)
    list_events = raw(Webhooks.list_events)
    retrieve_event = raw(Webhooks.retrieve_event)
    send_test = raw(Webhooks.send_test)
