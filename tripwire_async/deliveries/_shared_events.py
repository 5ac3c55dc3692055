"""Events of a page as processes share them: ids, status and times, without the contents of deliveries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias, final

import msgspec

from tripwire_async._generated.models.shared import WebhookDeliveryEventType
from tripwire_async._generated.models.webhooks import WebhookDelivery, WebhookDeliveryStatus

from ._record import SETTLED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tripwire_async._http.messages import CallStats

    from ._event_page import EventPage

MAX_BODY: Final = 65_536
"""Bytes of the largest page that is shared."""

_Milliseconds: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]
"""Up to the end of the year 9999, after which there is no `datetime`."""

_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class SharedDelivery(msgspec.Struct, array_like=True, frozen=True):
    """A delivery without its response body and error; times are milliseconds since 1970."""

    id: str
    endpoint_id: str
    status: str
    attempts: int
    response_status: int | None
    created_at: _Milliseconds
    updated_at: _Milliseconds


@final
class SharedEvents(msgspec.Struct, array_like=True, frozen=True):
    """The events of a page that another process has read.

    Attributes:
        events: The deliveries of each event.
        incomplete: Events whose own process has to read them: a delivery has failed, and its response body or error is
            not shared, or the event could not be decoded.
        is_full: Whether the page had no room for more events.
        seconds: Seconds that the read took.
        limit_wait: Seconds that it waited for the rate limit before.
    """

    events: dict[str, tuple[SharedDelivery, ...]]
    incomplete: set[str]
    is_full: bool
    seconds: float
    limit_wait: float

    def durations(self) -> Iterator[tuple[str, float, float | None]]:
        """Yield event id, age and duration in seconds of each delivery; the duration of an open one is None."""
        times = [time for each in self.events.values() for one in each for time in (one.created_at, one.updated_at)]
        newest = max(times, default=0)
        for event_id, deliveries in self.events.items():
            for each in deliveries:
                has_ended = each.status in SETTLED
                end = each.updated_at if has_ended else newest
                seconds = max(0.0, (end - each.created_at) / 1000)
                yield event_id, seconds, seconds if has_ended else None

    def deliveries(self, event_id: str) -> Sequence[WebhookDelivery]:
        """Return the deliveries of an event of this page."""
        return [
            WebhookDelivery(
                object="webhook_delivery",
                id=each.id,
                event_id=event_id,
                endpoint_id=each.endpoint_id,
                event_type=WebhookDeliveryEventType("webhook.test"),
                status=WebhookDeliveryStatus(each.status),
                attempts=each.attempts,
                response_status=each.response_status,
                response_body=None,
                error=None,
                created_at=_START + each.created_at * _MILLISECOND,
                updated_at=_START + each.updated_at * _MILLISECOND,
            )
            for each in self.events[event_id]
        ]


def encode_events(page: EventPage, stats: CallStats) -> bytes | None:
    """Return *page*, whose read has *stats*, without contents of deliveries; None if it is too large to be shared."""
    incomplete = {event.id for event in page.events if any(map(_is_incomplete, event.webhook_deliveries))}
    events = {event.id: tuple(map(_shared, event.webhook_deliveries)) for event in page.events}
    limit_wait = stats.rate_limit_wait
    seconds = max(0.0, stats.finished - stats.started - limit_wait)
    incomplete.update(page.undecodable)
    body = msgspec.json.encode(SharedEvents(events, incomplete, page.is_full, seconds, limit_wait))
    return body if len(body) <= MAX_BODY else None


def decode_events(body: bytes | str) -> SharedEvents | None:
    """Return the events of a shared page; None if *body* is something else."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


_decoder: Final = msgspec.json.Decoder(SharedEvents)


def _is_incomplete(delivery: WebhookDelivery) -> bool:
    return delivery.status == "failed" and bool(delivery.response_body or delivery.error)


def _shared(delivery: WebhookDelivery) -> SharedDelivery:
    return SharedDelivery(
        id=delivery.id,
        endpoint_id=delivery.endpoint_id,
        status=str(delivery.status),
        attempts=delivery.attempts,
        response_status=delivery.response_status,
        created_at=_milliseconds(delivery.created_at),
        updated_at=_milliseconds(delivery.updated_at),
    )


def _milliseconds(time: datetime) -> int:
    # A division of two durations takes longer, and a page has 400 of these times.
    since = time - _START
    return 86_400_000 * since.days + 1000 * since.seconds + since.microseconds // 1000
