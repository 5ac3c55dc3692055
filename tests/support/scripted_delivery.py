"""A delivery whose reads follow a script."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import attrs

from tripwire_async import PendingDelivery, PollSchedule
from tripwire_async._concurrency.clock import LOOP_CLOCK
from tripwire_async._http.api_calls import ApiRequest, ApiResponse, Caller
from tripwire_async._http.messages import CallStats
from tripwire_async.deliveries._record import DeliveryRecord
from tripwire_async.deliveries._settle_times import SettleTimes
from tripwire_async.deliveries.delivery_poller import DeliveryPoller
from tripwire_async.deliveries.reference import DeliveryReference
from tripwire_async.models import (
    Event,
    EventResponse,
    EventSubject,
    ResponseMeta,
    WebhookDelivery,
    WebhookDeliveryEventType,
    WebhookDeliveryStatus,
)

EVENT = "wevt_" + "1" * 32
ENDPOINT = "we_" + "2" * 32
DELIVERY = "wdlv_" + "3" * 32
OTHER = "wdlv_" + "4" * 32
REFERENCE = DeliveryReference(
    organization_id="org_" + "0" * 26, endpoint_id=ENDPOINT, event_id=EVENT, delivery_ids=(DELIVERY,)
)

_SCHEDULE = PollSchedule(jitter=0.0)


def delivery(status: str, *, delivery_id: str = DELIVERY, endpoint_id: str = ENDPOINT) -> WebhookDelivery:
    timestamp = datetime(2026, 3, 24, 20, tzinfo=UTC)
    return WebhookDelivery(
        object="webhook_delivery",
        id=delivery_id,
        event_id=EVENT,
        endpoint_id=endpoint_id,
        event_type=WebhookDeliveryEventType.WEBHOOK_TEST,
        status=WebhookDeliveryStatus(status),
        attempts=1,
        response_status=None,
        response_body=None,
        error=None,
        created_at=timestamp,
        updated_at=timestamp,
    )


@attrs.define
class Script:
    """Calls of an API whose reads of the event find one thing after the other; the last is found again and again."""

    finds: list[str | Exception | list[WebhookDelivery]]
    seconds: list[float] = attrs.field(factory=list)
    reads: int = 0
    deadlines: list[float | None] = attrs.field(factory=list)

    async def __call__(self, request: ApiRequest[Any]) -> ApiResponse[Any]:
        self.reads += 1
        self.deadlines.append(request.deadline)
        seconds = self.seconds.pop(0) if self.seconds else None
        found = self.finds.pop(0) if len(self.finds) > 1 else self.finds[0]
        if seconds is not None:
            await asyncio.sleep(seconds)
        if isinstance(found, Exception):
            raise found
        event = Event(
            object="event",
            id=EVENT,
            type=WebhookDeliveryEventType.WEBHOOK_TEST,
            subject=EventSubject(type="webhook_endpoint", id=ENDPOINT),
            data={},
            webhook_deliveries=(delivery(found),) if isinstance(found, str) else tuple(found),
            created_at=datetime(2026, 3, 24, 20, tzinfo=UTC),
        )
        response = EventResponse(data=event, meta=ResponseMeta(request_id="req_1"))
        return ApiResponse(response, 200, {}, b"", "req_1", CallStats())


def handle_of(
    script: Caller,
    latest: str | None = "pending",
    *,
    reference: DeliveryReference = REFERENCE,
    schedule: PollSchedule = _SCHEDULE,
) -> PendingDelivery:
    """Return a handle whose reads follow *script*, by default on the default schedule without jitter."""
    record = DeliveryRecord(reference, None if latest is None else delivery(latest), None, schedule)
    pollers: list[DeliveryPoller] = []

    def poller(organization_id: str) -> DeliveryPoller:
        pollers.extend([] if pollers else [DeliveryPoller(script, organization_id, SettleTimes(), LOOP_CLOCK)])
        return pollers[0]

    return PendingDelivery(record, poller)


def pending(*finds: str | Exception | list[WebhookDelivery], latest: str | None = "pending") -> PendingDelivery:
    return handle_of(Script(list(finds)), latest)
