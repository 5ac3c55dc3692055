"""Known state of one delivery."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.scripted_delivery import REFERENCE, delivery
from tripwire_async.deliveries._record import DeliveryRecord


@pytest.mark.parametrize(("sent_at", "located"), [(None, None), (70.0, 970.0), (105.0, 1000.0)])
def test_the_send_of_another_process_is_located_on_the_clock_of_this_one(
    sent_at: float | None, located: float | None
) -> None:
    """It was sent as many seconds ago as the Unix time states, and never in the future."""
    record = DeliveryRecord(replace(REFERENCE, sent_at=sent_at), None, None, None)
    record.locate_send(1000.0, 100.0)
    assert located == record.sent_at


def test_a_known_time_of_the_send_is_not_replaced() -> None:
    """The clock of this process is more exact than the Unix time of the token."""
    record = DeliveryRecord(replace(REFERENCE, sent_at=70.0), None, 950.0, None)
    record.locate_send(1000.0, 100.0)
    assert 950.0 == record.sent_at


def test_the_first_and_the_latest_read_are_kept() -> None:
    """A read that ends late does not count as a later attempt."""
    record = DeliveryRecord(REFERENCE, None, None, None)
    record.try_at(5.0)
    record.try_at(7.0)
    record.update([delivery("pending")], 6.0)
    assert (5.0, 7.0, 6.0) == (record.first_tried_at, record.tried_at, record.read_at)
