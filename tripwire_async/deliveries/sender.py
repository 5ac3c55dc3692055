"""Send tests, and send each one once even if its response is lost."""

from __future__ import annotations

import functools
import math
import time
from typing import TYPE_CHECKING, Final, Protocol, final
from weakref import WeakValueDictionary

from tripwire_async._concurrency.per_loop import PerLoop
from tripwire_async._generated.operations import webhooks as operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async._http.messages import BeforeWire
from tripwire_async._http.response_ids import check_id
from tripwire_async.errors import ResponseDecodeError, ServerError, TransportError, TripwireError

from ._event_page import EVENT_ID, is_event_id
from ._outage import OutageRetries
from ._record import DeliveryRecord
from ._settle_times import SettleTimes
from .delivery_poller import DeliveryPoller
from .pending import PendingDelivery
from .reconcile import Reconciler, UncertainError, is_refused
from .reference import DeliveryReference

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._concurrency.polling import PollSchedule
    from tripwire_async._http.api_calls import Caller
    from tripwire_async._http.messages import CallStats, Priority
    from tripwire_async.models import Event, WebhookDelivery

    from ._outage import Outage
    from .sharing import Sharing

MAX_SENDS: Final = 3
"""How often a test is sent whose responses are lost again and again without a trace at the service."""


class SendRecord(BeforeWire, Protocol):
    """Hook that records each send of a test before it is on the wire."""

    def send_again(self) -> None:
        """Note that the last send had no effect, as its response was lost and its event does not exist."""
        ...


@final
class Sender:
    """Sends the tests of one client and makes the handles of their deliveries.

    Args:
        call: Calls the operations.
        clock: Measures the waits.
        sharing: Shares pages and the window of sends with other processes; None without a store for that.
    """

    def __init__(self, call: Caller, clock: Clock, sharing: Sharing | None = None) -> None:
        self._call = call
        self._clock = clock
        self.sharing = sharing
        self.times = SettleTimes()
        self.reconciler = Reconciler(call, clock)
        self._pollers: PerLoop[WeakValueDictionary[str, DeliveryPoller]] = PerLoop(WeakValueDictionary)
        # A bound method is an object of its own: one for all handles.
        self._find_poller = self.poller

    def poller(self, organization_id: str) -> DeliveryPoller:
        """Return the poller of an organization on the running loop; it lives as long as it is referenced."""
        pollers = self._pollers.get()
        poller = pollers.get(organization_id)
        if poller is None:
            exchange = None if self.sharing is None else self.sharing.page_exchange(organization_id, self._clock)
            poller = DeliveryPoller(self._call, organization_id, self.times, self._clock, exchange)
            pollers[organization_id] = poller
        return poller

    def pending(
        self,
        reference: DeliveryReference,
        latest: WebhookDelivery | None = None,
        request_id: str | None = None,
        schedule: PollSchedule | None = None,
        sent_at: float | None = None,
    ) -> PendingDelivery:
        """Return a handle; *sent_at* is on the clock of the loop."""
        record = DeliveryRecord(reference, latest, sent_at, schedule)
        return PendingDelivery(record, self._find_poller, request_id, self._clock)

    async def send(
        self,
        organization_id: str,
        endpoint_id: str,
        *,
        schedule: PollSchedule | None = None,
        deadline: float | None = None,
        priority: Priority = "interactive",
        stats: CallStats | None = None,
        before_wire: SendRecord | None = None,
    ) -> PendingDelivery:
        """Send a test within *deadline* seconds; *before_wire* is called before each attempt.

        Raises what the call raises. After a lost response the test may have been sent.
        """
        reconciler = self.reconciler
        send, event_id = reconciler.start(endpoint_id), None
        try:
            response = await self._call(
                ApiRequest(
                    operations.SEND_TEST_WEBHOOK,
                    (organization_id, endpoint_id),
                    deadline=deadline,
                    priority=priority,
                    stats=stats,
                    before_wire=before_wire,
                )
            )
            test, now = response.value.data, response.stats.finished
            if not is_event_id(test.event_id):
                check_id(test.event_id, EVENT_ID, operations.SEND_TEST_WEBHOOK, response, "$.data.event_id")
            event_id = test.event_id
        finally:
            reconciler.finish(send, event_id)
        latest = test.latest_delivery
        if latest is not None:
            reconciler.server_clock.note(response.stats.started, now, latest.created_at)
        reference = DeliveryReference(organization_id, endpoint_id, test.event_id, test.delivery_ids, time.time())
        # Not through `pending`: every send passes here.
        record = DeliveryRecord(reference, latest, now, schedule)
        return PendingDelivery(record, self._find_poller, response.request_id, self._clock)

    async def send_once(
        self,
        organization_id: str,
        endpoint_id: str,
        *,
        schedule: PollSchedule | None = None,
        deadline: float | None = None,
        priority: Priority = "interactive",
        stats: CallStats | None = None,
        outage: Outage | None = None,
        before_wire: SendRecord | None = None,
    ) -> PendingDelivery:
        """Send a test; after a lost response look for its event, and send again only if it does not exist.

        After a 5xx status or a response that cannot be read, the events are searched too, but the test is not sent
        again. With *outage*, requests that cannot reach the service are retried. *before_wire* is called before each
        attempt, and its `send_again` before another send.

        Raises:
            TransportError: The response was lost, and the events cannot be read, or the *deadline* has come, or it was
                the third response that was lost.
            TripwireError: Any other error of a send.
        """
        started = self._clock.now()
        end = math.inf if deadline is None else started + deadline
        losses, retries = 0, OutageRetries(outage, started)
        while True:
            left = None if deadline is None else max(0.0, end - self._clock.now())
            try:
                pending = await self.send(
                    organization_id,
                    endpoint_id,
                    schedule=schedule,
                    deadline=left,
                    priority=priority,
                    stats=stats,
                    before_wire=before_wire,
                )
            except (TransportError, ResponseDecodeError, ServerError) as error:
                if is_refused(error):
                    if _may_pass(error) and await retries.wait():
                        continue
                    raise
                find = functools.partial(
                    self.reconciler.find,
                    organization_id,
                    endpoint_id,
                    since=started,
                    end=end,
                    looks=3 if isinstance(error, TransportError) else 1,
                )
                event = await _find_after(error, find, OutageRetries(outage, started))
                if event is not None:
                    return self.adopt(organization_id, endpoint_id, event, schedule, started)
                losses += 1
                if losses == MAX_SENDS or not isinstance(error, TransportError):
                    raise
                if before_wire is not None:
                    before_wire.send_again()
            else:
                return pending

    def adopt(
        self, organization_id: str, endpoint_id: str, event: Event, schedule: PollSchedule | None, sent_at: float
    ) -> PendingDelivery:
        """Return the handle of an event that was found after its response was lost.

        *sent_at* is on the clock of the loop.
        """
        deliveries = [delivery for delivery in event.webhook_deliveries if delivery.endpoint_id == endpoint_id]
        reference = DeliveryReference(
            organization_id=organization_id,
            endpoint_id=endpoint_id,
            event_id=event.id,
            delivery_ids=tuple(delivery.id for delivery in deliveries),
            sent_at=time.time() - (self._clock.now() - sent_at),
        )
        latest = deliveries[0] if len(deliveries) == 1 else None
        return self.pending(reference, latest=latest, schedule=schedule, sent_at=sent_at)


def _may_pass(error: TripwireError) -> bool:
    return not isinstance(error, TransportError) or error.retryable


async def _find_after(
    error: TripwireError, find: Callable[[], Awaitable[Event | None]], retries: OutageRetries
) -> Event | None:
    """Return what *find* does, also if the service is away for some time; raise *error* if it cannot tell."""
    try:
        while True:
            try:
                return await find()
            except UncertainError:
                raise error from None
            except TripwireError as cause:
                if not (isinstance(cause, (TransportError, ServerError)) and _may_pass(cause) and await retries.wait()):
                    raise error from cause
    finally:
        # Otherwise the exception, its traceback and this frame would keep each other alive.
        del error
