"""Expected waiting time of the events that may be on a page."""

from __future__ import annotations

import pytest

from tripwire_async.deliveries._page_queue import PageDemand, PageQueue
from tripwire_async.deliveries._planned_event import PlannedEvent, PlannedWait


def queue_of(*sent_at: float) -> PageQueue:
    """Return a queue of events that end as soon as they are sent."""
    queue = PageQueue(lambda event, share: event.sent_at)
    for number, each in enumerate(sent_at):
        event = PlannedEvent(f"wevt_{number}", each, 0.0, None, is_beyond=False)
        event.add(PlannedWait(100.0))
        queue.add(event)
        queue.schedule(event, each)
    return queue


def test_the_value_of_a_page_is_the_expected_waiting_time_of_its_events() -> None:
    """An event that has probably ended ten seconds ago has waited for ten seconds, and another one not yet."""
    queue = queue_of(10.0, 30.0)
    assert 30.0 == queue.pass_steps(20.0)
    assert PageDemand(2, 10.0) == queue.demand(20.0)


@pytest.mark.parametrize(("count", "due"), [(25, 12.5), (49, 14.9), (50, 15.0), (80, 15.0)])
def test_the_first_of_fifty_events_waits_for_the_others_for_half_the_usual_duration(count: int, due: float) -> None:
    """With fewer events on the page it waits for a part of that."""
    queue = queue_of(10.0, *[30.0] * (count - 1))
    assert 30.0 == queue.pass_steps(20.0)
    assert due == queue.page_due(10.0)
