"""Search for tests that may have been sent by a worker that has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar, final

from tripwire_async._generated.operations import webhooks as operations
from tripwire_async._http.api_calls import ApiRequest
from tripwire_async.deliveries.reconcile import UncertainError
from tripwire_async.errors import RateLimitedError, ServerError, TransportError, TripwireError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._http.api_calls import Caller
    from tripwire_async.deliveries import PendingDelivery
    from tripwire_async.deliveries.sender import Sender
    from tripwire_async.models import Event

    from ._chunks import Entry
    from .records import Sending

T = TypeVar("T")

_PAGE_SIZE: Final = 200

_FIRST_PAUSES: Final = (0.25, 0.75)
"""Seconds before the first two looks at the events of an endpoint."""

_AFTER_TAKEOVER: Final = 3.0
_AFTER_RECORD: Final = 5.0
"""Seconds after the takeover and after the record of the send, before which the third look is not made."""

MAX_WORKERS: Final = 3
"""Number of workers that may end while they send one test, before it is not sent again."""

_OUTAGE_SECONDS: Final = 60.0


@final
class Recovery:
    """Finds the events of tests in doubt: first on one page for all, then each by itself.

    Args:
        sender: Makes the handles of the deliveries that are found.
        call: Reads the events.
        organization_id: The organization of the endpoints.
        clock: Measures the waits.
    """

    def __init__(self, sender: Sender, call: Caller, organization_id: str, clock: Clock) -> None:
        self._sender = sender
        self._call = call
        self._organization_id = organization_id
        self._clock = clock

    async def read_page(self) -> Sequence[Event]:
        """Return the newest test events of the organization."""
        return await self._patiently(self._read_page)

    async def find(
        self, entry: Entry, sending: Sending, page: Sequence[Event], taken_over: float, age: float
    ) -> PendingDelivery | None:
        """Return the delivery of a test in doubt; None if it was certainly not sent.

        *page* was read after the chunk was taken over, which was at *taken_over* on the clock. The record of the send
        was *age* seconds old then.

        Raises:
            TransportError: The events do not tell whether the test was sent, or too many workers have ended with it.
        """
        reconciler = self._sender.reconciler
        event = reconciler.claim_recorded(page, entry.endpoint_id, sending.not_before)
        if event is None:
            now = self._clock.now()
            # The age is negative if the clock of the journal was set back. The record is older than the takeover.
            last = taken_over + max(_AFTER_TAKEOVER, _AFTER_RECORD - max(0.0, age))
            pauses = (*_FIRST_PAUSES, max(0.0, last - now - sum(_FIRST_PAUSES)))
            try:
                event = await self._patiently(
                    lambda: reconciler.find_recorded(
                        self._organization_id, entry.endpoint_id, not_before=sending.not_before, pauses=pauses
                    )
                )
            except UncertainError:
                raise _unknown(entry, "an event of the endpoint may be older than the test or its own") from None
        if event is not None:
            entry.event_id = event.id
            return self._sender.adopt(
                self._organization_id, entry.endpoint_id, event, None, self._sent_at(event.created_at.timestamp())
            )
        if sending.sends >= MAX_WORKERS:
            raise _unknown(entry, f"{sending.sends} sends of it have ended without a response")
        return None

    def _sent_at(self, created: float) -> float:
        """Return when an event was created, on the clock of the loop."""
        now = self._clock.now()
        service_now = self._sender.reconciler.server_clock.earliest(now)
        return now - max(0.0, 0.0 if service_now is None else service_now - created)

    async def _read_page(self) -> Sequence[Event]:
        started = self._clock.now()
        response = await self._call(
            ApiRequest(
                operations.LIST_EVENTS,
                (self._organization_id,),
                query={"type": "webhook.test", "limit": _PAGE_SIZE},
                priority="poll",
            )
        )
        self._sender.reconciler.server_clock.note_headers(started, self._clock.now(), response.headers)
        return response.value.data

    async def _patiently(self, read: Callable[[], Awaitable[T]]) -> T:
        """Return what *read* returns, also if the service is away for up to a minute."""
        started, delay = self._clock.now(), 0.5
        while True:
            try:
                return await read()
            except TripwireError as error:
                may_pass = isinstance(error, (TransportError, ServerError, RateLimitedError))
                if not may_pass or self._clock.now() - started >= _OUTAGE_SECONDS:
                    raise
            await self._clock.sleep(delay)
            delay = min(5.0, 2 * delay)


def _unknown(entry: Entry, reason: str) -> TransportError:
    msg = (
        f"a worker ended while it sent the test of {entry.endpoint_id}, and it is not known whether it was sent:"
        f" {reason}; it is not sent again"
    )
    return TransportError(msg, maybe_sent=True, attempts=0)
