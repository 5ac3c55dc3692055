"""Page of events as it is shared with other processes."""

from __future__ import annotations

from tests.support.scripted_delivery import EVENT, delivery
from tripwire_async._http.messages import CallStats
from tripwire_async.deliveries._event_page import EventPage
from tripwire_async.deliveries._shared_events import decode_events, encode_events
from tripwire_async.models import Event, EventSubject, WebhookDeliveryEventType


def test_times_are_shared_as_milliseconds_since_1970() -> None:
    """A process with another version of this package reads them too."""
    sent = delivery("pending")
    event = Event(
        object="event",
        id=EVENT,
        type=WebhookDeliveryEventType.WEBHOOK_TEST,
        subject=EventSubject(type="webhook_endpoint", id=sent.endpoint_id),
        data={},
        webhook_deliveries=(sent,),
        created_at=sent.created_at,
    )
    shared = decode_events(encode_events(EventPage([event], {}, 1), CallStats()) or b"")
    assert shared is not None
    assert sent.created_at.timestamp() * 1000 == shared.events[EVENT][0].created_at
    assert [sent] == shared.deliveries(EVENT)
