"""Handle for a delivery in progress: `send_test` returns it, and it can be awaited."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn, final

from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._concurrency.durations import to_optional_seconds
from tripwire_async._concurrency.polling import PollTimeout
from tripwire_async.errors import DeliveryTimeoutError

from ._record import SETTLED, DeliveryRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

    from tripwire_async._concurrency.clock import Clock
    from tripwire_async._concurrency.durations import Duration
    from tripwire_async.models import WebhookDelivery

    from .delivery_poller import DeliveryPoller
    from .reference import DeliveryReference

DEFAULT_TIMEOUT: Final = 300.0
"""Default seconds of a wait: one without an end would hide a fault."""


@final
class PendingDelivery:
    """A test webhook that was accepted, and its delivery.

    ``await pending`` ends when the delivery has left ``pending``; `settled` ends when it has succeeded, failed or been
    skipped. Any number of tasks may wait, each with its own timeout, on any event loop and in any thread. All waits for
    deliveries of one organization on one event loop share their reads, and cancelling one does not affect the others.
    Nothing is read while nothing waits.

    Attributes:
        request_id: The service's id of the request that sent the test; None for a handle that was resumed.
    """

    __slots__ = ("__weakref__", "_clock", "_poller", "_record", "_token", "request_id")

    def __init__(
        self,
        record: DeliveryRecord,
        poller: Callable[[str], DeliveryPoller],
        request_id: str | None = None,
        clock: Clock = LOOP_CLOCK,
    ) -> None:
        self._record = record
        self._poller = poller
        self._clock = clock
        self._token: str | None = None
        self.request_id = request_id

    @property
    def reference(self) -> DeliveryReference:
        """The ids that identify the delivery."""
        return self._record.reference

    @property
    def event_id(self) -> str:
        """The event that carries the delivery."""
        return self._record.reference.event_id

    @property
    def endpoint_id(self) -> str:
        """The endpoint that the test is sent to."""
        return self._record.reference.endpoint_id

    @property
    def delivery_ids(self) -> tuple[str, ...]:
        """The deliveries that the test was queued as, usually one."""
        return self._record.reference.delivery_ids

    @property
    def latest(self) -> WebhookDelivery | None:
        """The delivery as it was last read; None while none is recorded.

        If a test was queued as several deliveries, this is the least advanced one.
        """
        return self._record.latest

    @property
    def is_settled(self) -> bool:
        """True if the delivery has ended: it is ``succeeded``, ``failed`` or ``skipped``."""
        latest = self._record.latest
        return latest is not None and latest.status in SETTLED

    def __await__(self) -> Generator[Any, None, WebhookDelivery]:
        """Wait as `wait` does."""
        return self.wait().__await__()

    async def wait(self, timeout: Duration | None = DEFAULT_TIMEOUT) -> WebhookDelivery:
        """Return the delivery once it has left ``pending``: the service has started to deliver it, or has ended.

        A status that this version does not know counts as having left ``pending``. *timeout* is in seconds or a
        timedelta, and bounds everything, the retries and cooldowns of the reads included; None waits without an end.

        Raises:
            DeliveryTimeoutError: *timeout* has passed. Waiting again continues where this wait ended.
            DeliveryError: The event did not appear, or it was deleted.
            APIError: The service does not let the event be read.
            ResponseDecodeError: The event was read three times and is not what the API describes.
            ValueError: *timeout* is not a number.
        """
        seconds = to_optional_seconds("timeout", timeout)
        try:
            return await self._wait(_has_left_pending, seconds)
        except PollTimeout as error:
            raise self._timeout_error("left pending", seconds) from error.__cause__

    async def settled(self, timeout: Duration | None = DEFAULT_TIMEOUT) -> WebhookDelivery:
        """Return the delivery once it has ``succeeded``, ``failed`` or been ``skipped``.

        Takes *timeout* and raises as `wait` does.
        """
        seconds = to_optional_seconds("timeout", timeout)
        try:
            return await self._wait(_has_settled, seconds)
        except PollTimeout as error:
            raise self._timeout_error("settled", seconds) from error.__cause__

    async def refresh(self) -> WebhookDelivery | None:
        """Read the delivery once, now; return it, or None while none is recorded.

        Raises:
            TripwireError: The read failed, also for a reason with which a wait would continue.
        """
        await self._poller(self._record.reference.organization_id).refresh(self._record)
        return self._record.latest

    def to_token(self) -> str:
        """Return text with which another process can continue the wait, through ``client.webhooks.resume``.

        It holds ids and the time of the send, no secret.
        """
        if self._token is None:
            self._token = self._record.reference.to_token()
        return self._token

    def __reduce__(self) -> NoReturn:
        msg = "a PendingDelivery cannot be pickled: send to_token(), and continue with webhooks.resume(token)"
        raise TypeError(msg)

    def __repr__(self) -> str:
        latest = self._record.latest
        status = "unread" if latest is None else str(latest.status)
        return f"<PendingDelivery {status} event_id={self.event_id!r} endpoint_id={self.endpoint_id!r}>"

    def _wait(
        self, done: Callable[[WebhookDelivery], bool], seconds: float | None
    ) -> Coroutine[Any, Any, WebhookDelivery]:
        # Not a coroutine of its own, which would be one more object for the garbage collector in each wait.
        record = self._record
        end = math.inf if seconds is None else self._clock.now() + seconds
        record.locate_send(self._clock.now(), time.time())
        return self._poller(record.reference.organization_id).wait(record, done, end)

    def _timeout_error(self, state: str, timeout: float | None) -> DeliveryTimeoutError:
        record, latest = self._record, self._record.latest
        age = None if record.read_at is None else max(0.0, self._clock.now() - record.read_at)
        seen = "was not recorded yet" if latest is None else f"reads {latest.status} (attempts: {latest.attempts})"
        when = "not read since the test was sent" if age is None else f"last read {age:.1f} seconds before the timeout"
        msg = (
            f"the delivery of {self.event_id} to {self.endpoint_id} had not {state} after {timeout:g} seconds:"
            f" it {seen}, {when}; wait again, or resume it elsewhere from to_token()"
        )
        return DeliveryTimeoutError(
            msg,
            event_id=self.event_id,
            endpoint_id=self.endpoint_id,
            latest=latest,
            read_at=None if age is None else datetime.now(UTC) - timedelta(seconds=age),
        )


def _has_left_pending(delivery: WebhookDelivery) -> bool:
    return delivery.status != "pending"


def _has_settled(delivery: WebhookDelivery) -> bool:
    return delivery.status in SETTLED
