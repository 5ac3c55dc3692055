"""Expected waiting time of the events that may be on a page."""

from __future__ import annotations

from tripwire_async.deliveries._page_queue import PageDemand, PageQueue
from tripwire_async.deliveries._planned_event import PlannedEvent, PlannedWait


def test_the_value_of_a_page_is_the_expected_waiting_time_of_its_events() -> None:
    """An event that has probably ended ten seconds ago has waited for ten seconds, and another one not yet."""
    queue = PageQueue(lambda event, share: event.sent_at)
    for sent_at in (10.0, 30.0):
        event = PlannedEvent(f"wevt_{sent_at}", sent_at, 0.0, None, is_beyond=False)
        event.waits.add(PlannedWait(event, 0.0, 100.0))
        queue.add(event)
        queue.schedule(event, sent_at)
    assert 30.0 == queue.pass_steps(20.0)
    assert PageDemand(2, 10.0) == queue.demand(20.0)
