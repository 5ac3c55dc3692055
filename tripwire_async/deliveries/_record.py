"""Known state of one delivery."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import msgspec

from tripwire_async._concurrency.polling import PollSchedule
from tripwire_async.errors import TripwireError
from tripwire_async.models import WebhookDelivery

from .reference import DeliveryReference

if TYPE_CHECKING:
    from collections.abc import Iterable


SETTLED: Final = frozenset({"succeeded", "failed", "skipped"})
"""The statuses that a delivery never leaves."""


# A struct, because every send makes one, and a class of Python code would take two more calls.
class DeliveryRecord(msgspec.Struct, eq=False):
    """Known state of one delivery: the only state that a handle and the pollers share.

    A handle owns its record, and the pollers write to it. All times are those of the event loop's clock, in seconds.

    Attributes:
        reference: The ids of the delivery.
        latest: The delivery as it was last read; None while none is recorded.
        sent_at: When the response to the send came; None while that is unknown.
        schedule: The poll intervals of the caller; None for the estimated times.
        read_at: When the request of the last successful read was sent; None before.
        tried_at: When the last read was started, successful or not; minus infinity before.
        first_tried_at: When the first read was started; None before.
        is_beyond_page: Whether the page of the newest events does not reach the event any more.
        error: The error of the last single read of this event; None after a successful one.
        missing_since: When the first of the reads was started that have not found the event since the last successful
            read; None if there were none.
        missing_reads: Number of these reads.
    """

    reference: DeliveryReference
    latest: WebhookDelivery | None
    sent_at: float | None
    schedule: PollSchedule | None
    read_at: float | None = None
    tried_at: float = -math.inf
    first_tried_at: float | None = None
    is_beyond_page: bool = False
    error: TripwireError | None = None
    missing_since: float | None = None
    missing_reads: int = 0

    def locate_send(self, now: float, unix_time: float) -> None:
        """Work out when the test was sent, if another process has sent it; both arguments are the present."""
        if self.sent_at is None and self.reference.sent_at is not None:
            self.sent_at = now - max(0.0, unix_time - self.reference.sent_at)

    def try_at(self, now: float) -> None:
        """Note that a read is started *now*."""
        self.tried_at = now
        if self.first_tried_at is None:
            self.first_tried_at = now

    def miss(self, started: float) -> None:
        """Note that a read, *started* at that time, has not found the event."""
        self.missing_reads += 1
        if self.missing_since is None:
            self.missing_since = started

    def update(self, deliveries: Iterable[WebhookDelivery], read_at: float) -> None:
        """Store the event's deliveries from a read; *read_at* is when its request was sent.

        Where a test was queued as several deliveries, the least advanced one counts. The response to a slow
        read does not overwrite a later read.
        """
        if self.read_at is not None and read_at < self.read_at:
            return
        ids, endpoint_id = self.reference.delivery_ids, self.reference.endpoint_id
        ours = [each for each in deliveries if (each.id in ids if ids else each.endpoint_id == endpoint_id)]
        self.error = self.missing_since = None
        self.missing_reads = 0
        self.read_at = read_at
        self.tried_at = max(self.tried_at, read_at)
        if ours:
            self.latest = ours[0] if len(ours) == 1 else min(ours, key=_progress)


def _progress(delivery: WebhookDelivery) -> tuple[bool, bool]:
    return delivery.status in SETTLED, delivery.status != "pending"
