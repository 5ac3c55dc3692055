"""Waits in the order of their ends."""

from __future__ import annotations

import asyncio
import math

import pytest

from tests.support.scripted_delivery import REFERENCE
from tripwire_async.deliveries._read_plan import ReadPlan
from tripwire_async.deliveries._record import DeliveryRecord
from tripwire_async.deliveries._settle_times import SettleTimes
from tripwire_async.deliveries._waits import Wait, Waits


@pytest.mark.virtual_time
async def test_waits_are_woken_when_their_end_has_come() -> None:
    """The others are told when to look again: at the next end."""
    waits = Waits(ReadPlan(SettleTimes()))
    ended = []
    for end in (5.0, 7.0, math.inf):
        waits.add(wait := Wait(DeliveryRecord(REFERENCE, None, 0.0, None), lambda delivery: False, end), 0.0)
        waits.sleep(wait, future := asyncio.get_running_loop().create_future())
        ended.append(future)
    assert (7.0, [True, False, False]) == (waits.wake_ended(5.0), [future.done() for future in ended])
    assert (math.inf, [True, True, False]) == (waits.wake_ended(8.0), [future.done() for future in ended])


@pytest.mark.parametrize(
    ("sent_at", "is_beyond", "is_remembered"), [(0.0, True, True), (0.0, False, False), (None, True, False)]
)
def test_the_next_wait_knows_that_the_event_is_beyond_the_page(
    sent_at: float | None, is_beyond: bool, is_remembered: bool
) -> None:
    """Unless it is not known when the test was sent: it may be on the page after all."""
    plan, record = ReadPlan(SettleTimes()), DeliveryRecord(REFERENCE, None, sent_at, None)
    waits, wait = Waits(plan), Wait(record, lambda delivery: False, math.inf)
    waits.add(wait, 0.0)
    if is_beyond:
        plan.event_undecodable(wait.event_id)
    waits.release(wait)
    assert record.is_beyond_page is is_remembered
