"""Page of events as it is shared with other processes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import attrs
import pytest

from tests.support.scripted_delivery import EVENT, delivery
from tripwire_async._http.messages import CallStats
from tripwire_async.deliveries._event_page import EventPage, PageEvent
from tripwire_async.deliveries._shared_events import SharedEvents, decode_events, encode_events

if TYPE_CHECKING:
    from tripwire_async.models import WebhookDelivery


def shared_page(*deliveries: WebhookDelivery, stats: CallStats | None = None) -> SharedEvents:
    """Return a page of one event with *deliveries*, as another process receives it."""
    event = PageEvent("event", EVENT, deliveries)
    shared = decode_events(encode_events(EventPage([event], {}, 1), stats or CallStats()) or b"")
    assert shared is not None
    return shared


def test_the_wait_for_the_rate_limit_is_no_part_of_the_read() -> None:
    """The process that receives the page plans its own reads with both."""
    stats = CallStats(started=100.0, finished=102.0, rate_limit_wait=0.5)
    shared = shared_page(delivery("pending"), stats=stats)
    assert (1.5, 0.5) == (shared.seconds, shared.limit_wait)


@pytest.mark.parametrize(
    ("change", "is_incomplete"),
    [({}, False), ({"error": "no route"}, True), ({"response_body": "?"}, True)],
)
def test_the_reason_of_a_failure_is_read_by_the_process_that_waits_for_it(
    change: dict[str, str], is_incomplete: bool
) -> None:
    """It may be long, and contain anything."""
    shared = shared_page(attrs.evolve(delivery("failed"), **change))
    assert is_incomplete == (EVENT in shared.incomplete)


def test_a_shared_page_tells_how_long_its_deliveries_have_taken() -> None:
    """Of an open one, its age at the time of the newest change on the page."""
    sent = delivery("pending")
    ended = attrs.evolve(delivery("succeeded"), updated_at=sent.created_at + timedelta(seconds=0.75))
    assert [(EVENT, 0.75, None), (EVENT, 0.75, 0.75)] == list(shared_page(sent, ended).durations())


def test_times_are_shared_as_milliseconds_since_1970() -> None:
    """A process with another version of this package reads them too."""
    sent = delivery("pending")
    shared = shared_page(sent)
    assert sent.created_at.timestamp() * 1000 == shared.events[EVENT][0].created_at
    assert [sent] == shared.deliveries(EVENT)
