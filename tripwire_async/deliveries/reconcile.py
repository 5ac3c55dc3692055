"""Find the event of a test send whose response was lost.

There is no idempotency key, so a test send without a response must not simply be sent again: the service may have
processed it. In that case the service has recorded an event for the endpoint that was not there before.
"""

from __future__ import annotations

import contextlib
import math
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple, cast, final

from tripwire_async._generated.operations import webhooks as operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async._http.response_ids import check_id
from tripwire_async.errors import ResponseDecodeError, ServerError, TransportError

from ._event_page import EVENT_ID, PAGE_SIZE
from ._server_clock import ServerClock, latest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.api_calls import Caller
    from tripwire_async.models import Event

_PAUSES: Final = (0.25, 0.75, 2.0)
"""Seconds before each look at the events: the service may still be processing, or show an event a moment late."""

_FIRST_COUNT: Final = 20
"""Events read by a look; a full page is read where they are not enough."""

_RECHECK_INTERVAL: Final = 0.1
"""Seconds between two checks whether other sends to the endpoint have received their responses."""

_MAX_REMEMBERED: Final = 4096


class UncertainError(Exception):
    """The events do not tell whether the test was sent, or there is no time left to find out."""


class ReconcilerStatistics(NamedTuple):
    """Number of sends that wait for their response, and of events that belong to a send of this client."""

    unanswered: int
    claimed: int


@final
class Reconciler:
    """Finds the events of test sends whose responses were lost, and gives no event to two sends.

    Args:
        call: Calls the operations.
        clock: Measures the waits.
    """

    def __init__(self, call: Caller, clock: Clock) -> None:
        self._call = call
        self._clock = clock
        self._unanswered: dict[object, str] = {}  # sends without a response yet, and the endpoint of each
        self._claimed: deque[str] = deque(maxlen=_MAX_REMEMBERED)  # searched only after a lost response
        self.server_clock = ServerClock()

    def start(self, endpoint_id: str) -> object:
        """Note that a send to the endpoint is on its way; pass the result to `finish`."""
        send = object()
        self._unanswered[send] = endpoint_id
        return send

    def finish(self, send: object, event_id: str | None) -> None:
        """Note that a send has received its response, and claim its event, or that it has failed, without an event."""
        del self._unanswered[send]
        if event_id is not None:
            self._claimed.append(event_id)

    def claim(self, event_id: str) -> None:
        """Note that an event belongs to a send of this client."""
        self._claimed.append(event_id)

    def release(self, event_id: str) -> None:
        """Note that an event belongs to no send of this client any more: a search may find it again."""
        with contextlib.suppress(ValueError):
            self._claimed.remove(event_id)

    def release_all(self) -> None:
        """Forget which events belong to sends of this client."""
        self._claimed.clear()

    def statistics(self) -> ReconcilerStatistics:
        """Return the state of the reconciler, for tests and debugging."""
        return ReconcilerStatistics(unanswered=len(self._unanswered), claimed=len(self._claimed))

    async def learn_time(self, organization_id: str) -> float:
        """Learn the time of the server's clock before the first send; return a time of it that has passed.

        At most one request. The newest test event has a date that has passed as well. Without that event, and without
        the date of a response, the result is 0.
        """
        known = self.server_clock.earliest(self._clock.now())
        if known is not None:
            return known
        started = self._clock.now()
        response = await self._call(
            ApiRequest(
                operations.LIST_EVENTS,
                (organization_id,),
                query={"type": "webhook.test", "limit": 1},
                priority="poll",
            )
        )
        self.server_clock.note_headers(started, self._clock.now(), response.headers)
        known = self.server_clock.earliest(self._clock.now())
        return max(0.0 if known is None else known, *(latest(event.created_at) for event in response.value.data), 0.0)

    async def find(
        self, organization_id: str, endpoint_id: str, *, since: float, end: float, looks: int = len(_PAUSES)
    ) -> Event | None:
        """Claim and return the endpoint's test event that appeared after *since*; None if it certainly does not exist.

        *since* and *end* are times of the clock. The events are read up to *looks* times.

        Raises:
            UncertainError: An event may be older than the send, or *end* is too near for another look.
            TripwireError: The events cannot be read.
        """
        return await self._find(
            organization_id, endpoint_id, lambda: self.server_clock.earliest(since), _PAUSES[:looks], end
        )

    async def find_recorded(
        self, organization_id: str, endpoint_id: str, *, not_before: float, pauses: Sequence[float]
    ) -> Event | None:
        """Claim and return the endpoint's test event with a date of *not_before* or later; None without one.

        *not_before* is a time of the server's clock. The events are read after each of the *pauses*. Raises as `find`.
        """
        return await self._find(organization_id, endpoint_id, lambda: not_before, pauses, math.inf)

    def claim_recorded(self, events: Iterable[Event], endpoint_id: str, not_before: float) -> Event | None:
        """Claim and return the event of *events* that `find_recorded` would; None without one."""
        for event in events:
            is_ours = any(delivery.endpoint_id == endpoint_id for delivery in event.webhook_deliveries)
            if is_ours and event.id not in self._claimed and event.created_at.timestamp() >= not_before:
                self.claim(event.id)
                return event
        return None

    async def _find(
        self,
        organization_id: str,
        endpoint_id: str,
        earliest: Callable[[], float | None],
        pauses: Sequence[float],
        end: float,
    ) -> Event | None:
        event, is_certain = None, True
        for pause in pauses:
            if self._clock.now() + pause >= end:
                raise UncertainError
            await self._clock.sleep(pause)
            event, is_certain = await self._look(organization_id, endpoint_id, earliest, end)
            if event is not None:
                return event
        if not is_certain:
            raise UncertainError
        return None

    async def _look(
        self, organization_id: str, endpoint_id: str, earliest_date: Callable[[], float | None], end: float
    ) -> tuple[Event | None, bool]:
        """Read the events once; return the result of `find`, and whether a None is certain."""
        for count in (_FIRST_COUNT, PAGE_SIZE):
            events = await self._latest_events(organization_id, endpoint_id, count, end)
            earliest = earliest_date()
            unclaimed = [event for event in events if event.id not in self._claimed]
            if unclaimed and earliest is None:
                raise UncertainError
            is_certain = True
            for event in unclaimed:
                if event.created_at.timestamp() >= cast("float", earliest):
                    # There is no await since the check above, so no other send can claim the same event.
                    self.claim(event.id)
                    return event, True
                # It may date from the second of the send, if the service writes whole seconds only.
                is_certain &= latest(event.created_at) < cast("float", earliest)
            if len(events) < count or (earliest is not None and latest(events[-1].created_at) < earliest):
                return None, is_certain
        return None, False

    async def _latest_events(self, organization_id: str, endpoint_id: str, count: int, end: float) -> Sequence[Event]:
        """Return the latest test events of the endpoint, once the responses of other sends to it have arrived."""
        started = self._clock.now()
        response = await self._call(
            ApiRequest(
                operations.LIST_EVENTS,
                (organization_id,),
                query={"endpoint_id": endpoint_id, "type": "webhook.test", "limit": count},
                deadline=None if end == math.inf else end - started,
                priority="poll",
            )
        )
        for index, event in enumerate(response.value.data):
            check_id(event.id, EVENT_ID, operations.LIST_EVENTS, response, f"$.data[{index}].id")
        self.server_clock.note_headers(started, self._clock.now(), response.headers)
        others = {send for send, endpoint in self._unanswered.items() if endpoint == endpoint_id}
        while response.value.data and not others.isdisjoint(self._unanswered):
            # An event on the page may belong to a send whose response is on its way.
            if self._clock.now() + _RECHECK_INTERVAL >= end:
                raise UncertainError
            await self._clock.sleep(_RECHECK_INTERVAL)
        return response.value.data


def is_refused(error: TransportError | ResponseDecodeError | ServerError) -> bool:
    """Return whether the request had no effect: it never arrived, or the service rejected it unprocessed."""
    if isinstance(error, TransportError):
        return not error.maybe_sent
    return isinstance(error, ServerError) and error.status == 503 and error.retryable is True
