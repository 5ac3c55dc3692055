"""Sending tests, each of them once, also when the answer is lost.

There is no idempotency key, so a test send whose answer was lost must not simply be repeated: the service may have
worked on it. But it leaves a trace there: an event for that endpoint, which was not there before.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Final, cast, final
from weakref import WeakValueDictionary

from tripwire_async._generated.operations import webhooks as operations
from tripwire_async.errors import ResponseDecodeError, ServerError, TransportError, TripwireError

from ._server_clock import ServiceTime, latest
from ._settle_times import SettleTimes
from .delivery_poller import PAGE, Watcher, read_event
from .pending import DEFAULT_SCHEDULE, PendingDelivery
from .reference import Ticket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._concurrency.polling import PollSchedule
    from tripwire_async._http.caller import Caller
    from tripwire_async._http.messages import Lane, Trace
    from tripwire_async.models import Event, WebhookDelivery

_SENDS: Final = 3
"""How often a test is sent whose answers are lost again and again without a trace at the service."""

_PAUSES: Final = (0.25, 0.75, 2.0)
"""Seconds before each look at the events: the service may still be at work, or show an event a moment late."""

_LOOKED_AT: Final = 20
"""Events that a look reads; all of a page where they are not enough."""

_ROUND: Final = 0.1
"""Seconds between two looks at whether other sends to the endpoint have been answered."""

_REMEMBERED: Final = 4096


class _CannotTellError(Exception):
    """Nothing says whether an event is older than the request, or there is no time to find out."""


@final
class Sender:
    """Sends the tests of one client, and makes the handles for what comes of them.

    Args:
        call: What calls the operations.
        clock: What the waits are measured on.
    """

    def __init__(self, call: Caller, clock: Clock) -> None:
        self._call = call
        self._clock = clock
        self.times = SettleTimes()
        self._service_time = ServiceTime()
        self._watchers: WeakValueDictionary[str, Watcher] = WeakValueDictionary()
        self._unanswered: dict[object, str] = {}  # sends on their way, and the endpoint of each
        self._ours: deque[str] = deque(maxlen=_REMEMBERED)  # looked through only after a lost answer

    def watcher(self, organization_id: str) -> Watcher:
        """Return what settles the deliveries of an organization; it lives as long as somebody holds it."""
        watcher = self._watchers.get(organization_id)
        if watcher is None:
            watcher = self._watchers[organization_id] = Watcher(self._call, organization_id, self.times, self._clock)
        return watcher

    def pending(
        self,
        ticket: Ticket,
        latest: WebhookDelivery | None = None,
        request_id: str | None = None,
        schedule: PollSchedule = DEFAULT_SCHEDULE,
        since: float = -math.inf,
    ) -> PendingDelivery:
        """Return a handle that shares its reads with those of the same organization."""
        return PendingDelivery(ticket, self._read_event, latest, request_id, schedule, self._clock, self.watcher, since)

    async def _read_event(self, ticket: Ticket, limit: float | None) -> Sequence[WebhookDelivery]:
        return await read_event(self._call, self.times, ticket, limit)

    async def send(
        self,
        organization_id: str,
        endpoint_id: str,
        *,
        schedule: PollSchedule = DEFAULT_SCHEDULE,
        deadline: float | None = None,
        lane: Lane = "single",
        trace: Trace | None = None,
    ) -> PendingDelivery:
        """Send a test within *deadline* seconds.

        Raises what the call raises; after a lost answer the test may have been sent.
        """
        this = object()
        self._unanswered[this] = endpoint_id
        try:
            answer = await self._call(
                operations.SEND_TEST_WEBHOOK, organization_id, endpoint_id, deadline=deadline, lane=lane, trace=trace
            )
            test, now = answer.value.data, answer.trace.ended
            self._ours.append(test.event_id)
        finally:
            del self._unanswered[this]
        if test.latest_delivery is not None:
            self._service_time.note(answer.trace.began, now, test.latest_delivery.created_at)
        ticket = Ticket(organization_id, endpoint_id, test.event_id, test.delivery_ids)
        # Not by way of `pending`: every send comes by here.
        return PendingDelivery(
            ticket, self._read_event, test.latest_delivery, answer.request_id, schedule, self._clock, self.watcher, now
        )

    async def send_surely(
        self,
        organization_id: str,
        endpoint_id: str,
        *,
        schedule: PollSchedule = DEFAULT_SCHEDULE,
        deadline: float | None = None,
        lane: Lane = "single",
        trace: Trace | None = None,
    ) -> PendingDelivery:
        """Send a test once: after a lost answer find out what became of it, and send again only if it left no trace.

        After a 5xx, or an answer that cannot be read, the event is looked for as well, but the test not sent again.

        Raises:
            TransportError: No answer came, and the events cannot be read, or the *deadline* has come, or the answer was
                lost three times.
            TripwireError: Any other error of a send.
        """
        began = self._clock.now()
        end = math.inf if deadline is None else began + deadline
        sends = 0
        while True:
            sends += 1
            left = None if deadline is None else max(0.0, end - self._clock.now())
            try:
                return await self.send(
                    organization_id, endpoint_id, schedule=schedule, deadline=left, lane=lane, trace=trace
                )
            except (TransportError, ResponseDecodeError, ServerError) as error:
                if is_refused(error):
                    raise
                is_lost = isinstance(error, TransportError)
                try:
                    event = await self._find(organization_id, endpoint_id, began, end, looks=3 if is_lost else 1)
                except TripwireError as trouble:
                    raise error from trouble
                except _CannotTellError:
                    raise error from None
                if event is None and not (is_lost and sends < _SENDS):
                    raise
            if event is not None:
                return self._adopt(organization_id, endpoint_id, event, schedule, began)

    async def _find(
        self, organization_id: str, endpoint_id: str, since: float, end: float, *, looks: int
    ) -> Event | None:
        """Return the test event that has appeared for the endpoint *since* then and is nobody else's; None for none."""
        event, is_sure = None, True
        for pause in _PAUSES[:looks]:
            if self._clock.now() + pause >= end:
                raise _CannotTellError
            await self._clock.sleep(pause)
            event, is_sure = await self._look(organization_id, endpoint_id, since, end)
            if event is not None:
                return event
        if not is_sure:
            raise _CannotTellError
        return None

    async def _look(
        self, organization_id: str, endpoint_id: str, since: float, end: float
    ) -> tuple[Event | None, bool]:
        """Look once; return what `_find` does, and whether None is sure to mean none."""
        for count in (_LOOKED_AT, PAGE):
            events = await self._latest_events(organization_id, endpoint_id, count, end)
            earliest = self._service_time.earliest(since)
            foreign = [event for event in events if event.id not in self._ours]
            if foreign and earliest is None:
                raise _CannotTellError
            is_sure = True
            for event in foreign:
                if event.created_at.timestamp() >= cast("float", earliest):
                    # Between awaits: no other send can take the same one.
                    self._ours.append(event.id)
                    return event, True
                # In the second of the send, and dated by a service that may write whole seconds only.
                is_sure &= latest(event.created_at) < cast("float", earliest)
            if len(events) < count or (earliest is not None and latest(events[-1].created_at) < earliest):
                return None, is_sure
        return None, False

    async def _latest_events(self, organization_id: str, endpoint_id: str, count: int, end: float) -> Sequence[Event]:
        """Return the last so many test events of the endpoint, once it is known which are those of other sends."""
        began = self._clock.now()
        answer = await self._call(
            operations.LIST_EVENTS,
            organization_id,
            query={"endpoint_id": endpoint_id, "type": "webhook.test", "limit": count},
            deadline=None if end == math.inf else end - began,
            lane="poll",
        )
        self._service_time.note_headers(began, self._clock.now(), answer.headers)
        others = {send for send, endpoint in self._unanswered.items() if endpoint == endpoint_id}
        while answer.value.data and not others.isdisjoint(self._unanswered):
            # What is there may be the work of one whose answer is on its way.
            if self._clock.now() + _ROUND >= end:
                raise _CannotTellError
            await self._clock.sleep(_ROUND)
        return answer.value.data

    def _adopt(
        self, organization_id: str, endpoint_id: str, event: Event, schedule: PollSchedule, since: float
    ) -> PendingDelivery:
        ours = [delivery for delivery in event.webhook_deliveries if delivery.endpoint_id == endpoint_id]
        ticket = Ticket(
            organization_id=organization_id,
            endpoint_id=endpoint_id,
            event_id=event.id,
            delivery_ids=tuple(delivery.id for delivery in ours),
        )
        return self.pending(ticket, latest=ours[0] if len(ours) == 1 else None, schedule=schedule, since=since)


def is_refused(error: TransportError | ResponseDecodeError | ServerError) -> bool:
    """Return whether nothing can have been sent: the request did not arrive, or was turned away at the door."""
    if isinstance(error, TransportError):
        return not error.maybe_sent
    return isinstance(error, ServerError) and error.status == 503 and error.retryable is True
