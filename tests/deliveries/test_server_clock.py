"""Estimate of the time of the server's clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from tripwire_async.deliveries._server_clock import ServerClock, latest

BEGINNING = datetime(2026, 3, 24, 20, tzinfo=UTC).timestamp()


def dated(seconds: float) -> datetime:
    return datetime.fromtimestamp(BEGINNING + seconds, UTC)


def test_without_a_response_the_time_is_unknown() -> None:
    """No event can be classified then."""
    assert ServerClock().earliest(5.0) is None


def test_a_date_lies_between_the_request_and_its_response() -> None:
    """The server's clock is ahead by at least the difference between its date and the end of the response."""
    times = ServerClock()
    times.note(10.0, 10.2, dated(100.1))
    earliest = times.earliest(12.0)
    assert earliest is not None
    assert 101.9 - 0.01 < earliest - BEGINNING <= 101.9


def test_the_most_exact_response_counts_until_it_is_old() -> None:
    """A slow response is less exact. But clocks drift apart, and in the end it is more exact than an old one."""
    times = ServerClock()
    times.note(10.0, 10.01, dated(100.0))
    times.note(11.0, 13.0, dated(101.0))
    assert times.earliest(10.0) == pytest.approx(BEGINNING + 99.99, abs=0.01)
    times.note(5000.0, 5002.0, dated(5091.0))
    assert times.earliest(5002.0) == pytest.approx(BEGINNING + 5091.0, abs=0.01)


def test_a_date_with_a_fraction_is_more_exact_than_a_whole_second() -> None:
    """A whole second may have been truncated, however fast the response was."""
    times = ServerClock()
    times.note(10.0, 10.1, dated(100.0))
    times.note(11.0, 11.5, dated(101.3))
    assert times.earliest(11.5) == pytest.approx(BEGINNING + 101.3, abs=0.01)


def test_the_date_header_is_used() -> None:
    """It has whole seconds only. A malformed one is ignored."""
    times = ServerClock()
    times.note_headers(1.0, 1.5, {"date": "yesterday"})
    times.note_headers(1.0, 1.5, {})
    assert times.earliest(1.0) is None
    times.note_headers(1.0, 1.5, {"date": "Tue, 24 Mar 2026 20:00:09 GMT"})
    assert times.earliest(1.5) == pytest.approx(BEGINNING + 9.0, abs=0.01)


@pytest.mark.parametrize(
    "number", ["Tue, 24 Mar 99999999999999999999 20:00:00", "Tue, 24 Mar 2026 20:00:00 +" + 30 * "9"]
)
def test_a_date_out_of_range_is_ignored(number: str) -> None:
    """It raises no error."""
    times = ServerClock()
    times.note_headers(1.0, 1.5, {"Date": number})
    assert times.earliest(1.0) is None


@pytest.mark.parametrize("zone", ["GMT", "-0000", ""])
def test_a_date_without_a_known_zone_is_not_local_time(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's clock is in UTC, wherever this machine is."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    times = ServerClock()
    times.note_headers(1.0, 1.5, {"Date": f"Tue, 24 Mar 2026 20:00:09 {zone}"})
    monkeypatch.undo()
    time.tzset()
    assert times.earliest(1.5) == pytest.approx(BEGINNING + 9.0, abs=0.01)


def test_a_whole_second_may_have_been_truncated() -> None:
    """Some servers omit the fraction. A fraction that is present is exact."""
    assert BEGINNING + 1.0 == latest(dated(0.0))
    assert pytest.approx(BEGINNING + 0.501) == latest(dated(0.5))
