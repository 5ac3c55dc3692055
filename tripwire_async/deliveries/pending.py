"""A delivery on its way: what `send_test` returns, to be awaited."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, final

from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._concurrency.polling import PollSchedule, PollTimeout, SharedPoller
from tripwire_async.errors import (
    DeliveryError,
    DeliveryTimeoutError,
    NotFoundError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    TransportError,
    TripwireError,
)

from .delivery_poller import Watch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Sequence

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async.models import WebhookDelivery

    from .delivery_poller import Watcher
    from .reference import DeliveryReference

SETTLED: Final = frozenset({"succeeded", "failed", "skipped"})
"""The statuses that a delivery never leaves."""

DEFAULT_TIMEOUT: Final = 300.0
"""Seconds that a wait lasts when nobody says otherwise: a wait without an end would hide a fault."""

DEFAULT_SCHEDULE: Final = PollSchedule()
"""First after half a second, then ever more seldom, up to every ten seconds."""

_FRESH: Final = 30.0
"""Seconds for which an event that cannot be read yet is taken to be on its way."""

_PROGRESS: Final = {"pending": 0, "delivering": 1}


@final
class PendingDelivery:
    """A test webhook that was accepted, and the delivery that it leads to.

    ``await pending`` ends when the delivery has left ``pending``; `settled` when it has come to its end. Any number of
    tasks may wait, each with its own timeout; they share one stream of reads, and cancelling one disturbs no other.
    Nothing is read while nobody waits. Where several deliveries of one organization are awaited, they share their reads
    too, and how long deliveries usually take says when those are made.

    Attributes:
        reference: The ids that say which delivery this is.
        request_id: The service's id of the request that sent the test; None for a handle that was resumed.
    """

    __slots__ = (
        "__weakref__",
        "_asked_first",
        "_clock",
        "_last_error",
        "_latest",
        "_read",
        "_schedule",
        "_shared",
        "_since",
        "_watch",
        "_watchers",
        "reference",
        "request_id",
    )

    def __init__(  # noqa: PLR0917 - keywords would cost each send more than all the rest of this
        self,
        reference: DeliveryReference,
        read: Callable[[DeliveryReference, float | None], Awaitable[Sequence[WebhookDelivery]]],
        latest: WebhookDelivery | None = None,
        request_id: str | None = None,
        schedule: PollSchedule = DEFAULT_SCHEDULE,
        clock: Clock = LOOP_CLOCK,
        watchers: Callable[[str], Watcher] | None = None,
        since: float = -math.inf,
    ) -> None:
        self.reference = reference
        self.request_id = request_id
        self._read = read
        self._watchers = watchers
        self._since = since
        self._watch: Watch | None = None
        self._clock = clock
        self._asked_first: float | None = None
        self._last_error: TripwireError | None = None
        self._latest = latest
        self._schedule = schedule
        self._shared: SharedPoller[WebhookDelivery] | None = None

    @property
    def event_id(self) -> str:
        """The event that carries the delivery."""
        return self.reference.event_id

    @property
    def endpoint_id(self) -> str:
        """The endpoint that the test goes to."""
        return self.reference.endpoint_id

    @property
    def delivery_ids(self) -> tuple[str, ...]:
        """The deliveries that the test was queued as, usually one."""
        return self.reference.delivery_ids

    @property
    def latest(self) -> WebhookDelivery | None:
        """The delivery as it was last read; None when none is recorded yet.

        Where a test was queued as several deliveries, this is the one that has come least far.
        """
        return self._latest if self._shared is None else self._shared.latest

    @property
    def is_settled(self) -> bool:
        """Whether the delivery has come to its end, and reads ``succeeded``, ``failed`` or ``skipped``."""
        return self.latest is not None and self.latest.status in SETTLED

    def __await__(self) -> Generator[Any, None, WebhookDelivery]:
        """Wait as `wait` does."""
        return self.wait().__await__()

    async def wait(self, timeout: float | None = DEFAULT_TIMEOUT) -> WebhookDelivery:
        """Return the delivery once it has left ``pending``: the service has begun to deliver it, or has ended.

        A status that this version does not know counts as having left ``pending``. *timeout* is in seconds and bounds
        everything, the retries and cooldowns of the reads included; None waits without an end.

        Raises:
            DeliveryTimeoutError: *timeout* passed first; waiting again goes on where this wait ended.
            DeliveryError: The event never appeared.
            APIError: The service refuses to let the event be read.
            ValueError: *timeout* is not a number.
        """
        return await self._until(lambda delivery: delivery.status != "pending", "left pending", timeout)

    async def settled(self, timeout: float | None = DEFAULT_TIMEOUT) -> WebhookDelivery:
        """Return the delivery once it has ``succeeded``, ``failed`` or been ``skipped``.

        Takes *timeout* and raises as `wait` does.
        """
        return await self._until(lambda delivery: delivery.status in SETTLED, "settled", timeout)

    async def refresh(self) -> WebhookDelivery | None:
        """Read the delivery once, now; return it, or None when none is recorded yet.

        Raises:
            TripwireError: What kept it from being read, also where a wait would have gone on.
        """
        self._last_error = None
        latest = await self._poll.refresh(self._read_now)
        if self._last_error is not None:
            raise self._last_error
        return latest

    def to_token(self) -> str:
        """Return text with which another process can take the wait over, through ``client.webhooks.resume``.

        It holds ids, no secret.
        """
        return self.reference.to_token()

    def __repr__(self) -> str:
        status = "unread" if self.latest is None else str(self.latest.status)
        return f"<PendingDelivery {status} event_id={self.event_id!r} endpoint_id={self.endpoint_id!r}>"

    @property
    def _poll(self) -> SharedPoller[WebhookDelivery]:
        """The stream of reads, made when it is first wanted, as many a handle is never awaited."""
        if self._shared is None:
            self._shared = SharedPoller(latest=self._latest, schedule=self._schedule, clock=self._clock)
        return self._shared

    async def _until(
        self, done: Callable[[WebhookDelivery], bool], state: str, timeout: float | None
    ) -> WebhookDelivery:
        if timeout is not None and math.isnan(timeout):
            msg = "timeout must be a number of seconds, or None, not nan: the wait would never end"
            raise ValueError(msg)
        watch = self._watch
        if watch is None and self._watchers is not None:
            watcher = self._watchers(self.reference.organization_id)
            watch = self._watch = Watch(watcher, self.reference, self._since, self._poll.next_sequence, self._offer)
        if watch is not None:
            watch.watcher.enter(watch)
        try:
            return await self._poll.until(self._read_latest, done, timeout=timeout)
        except PollTimeout:
            latest = self.latest
            seen = "was not recorded yet" if latest is None else f"reads {latest.status} (attempts: {latest.attempts})"
            msg = (
                f"the delivery of {self.event_id} to {self.endpoint_id} had not {state} after {timeout:g} seconds:"
                f" it {seen}; wait again, or resume it elsewhere from to_token()"
            )
            raise DeliveryTimeoutError(
                msg, event_id=self.event_id, endpoint_id=self.endpoint_id, latest=latest
            ) from self._last_error
        finally:
            if watch is not None:
                watch.watcher.leave(watch)
                if not watch.waiters:
                    self._watch = None

    def _offer(self, deliveries: Sequence[WebhookDelivery], number: int) -> None:
        """Take what the watcher has read for somebody else."""
        self._last_error = None
        self._poll.publish(self._slowest(deliveries), number)

    async def _read_latest(self, limit: float | None) -> WebhookDelivery | None:
        """Read the event's deliveries when the watcher finds it time to."""
        watch = self._watch
        return await (self._read_now(limit) if watch is None else self._understand(watch.watcher.read(watch, limit)))

    async def _read_now(self, limit: float | None) -> WebhookDelivery | None:
        return await self._understand(self._read(self.reference, limit))

    async def _understand(self, reading: Awaitable[Sequence[WebhookDelivery]]) -> WebhookDelivery | None:
        """Return what *reading* tells; what may pass by itself is remembered as trouble and read again later."""
        now = self._clock.now()
        if self._asked_first is None:
            self._asked_first = now
        try:
            deliveries = await reading
        except NotFoundError as error:
            if self.latest is None and now - self._asked_first > _FRESH:
                msg = (
                    f"event {self.event_id} did not appear within {_FRESH:g} seconds; are the ids right, and is it the"
                    " organization's?"
                )
                raise DeliveryError(msg, event_id=self.event_id, endpoint_id=self.endpoint_id) from error
            self._last_error = error
            return None
        except (TransportError, RateLimitedError, ServerError) as error:
            # A read that ran out of time, as the last of a wait often does, says less than what was wrong before it.
            if self._last_error is None or not isinstance(error, RequestTimeoutError):
                self._last_error = error
            return None
        self._last_error = None
        return self._slowest(deliveries)

    def _slowest(self, deliveries: Sequence[WebhookDelivery]) -> WebhookDelivery | None:
        ids, endpoint_id = self.reference.delivery_ids, self.reference.endpoint_id
        ours = [one for one in deliveries if (one.id in ids if ids else one.endpoint_id == endpoint_id)]
        return min(ours, key=_progress, default=None)


def _progress(delivery: WebhookDelivery) -> int:
    """Return a rank of the delivery's status: the least advanced comes first."""
    return _PROGRESS.get(delivery.status, 2 + (delivery.status in SETTLED))
