"""What time it is at the service."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from tripwire_async.deliveries._server_clock import ServerClock, latest

BEGINNING = datetime(2026, 3, 24, 20, tzinfo=UTC).timestamp()


def dated(seconds: float) -> datetime:
    return datetime.fromtimestamp(BEGINNING + seconds, UTC)


def test_nothing_is_known_before_an_answer_has_told() -> None:
    """Then nothing can be said about any event."""
    assert ServerClock().earliest(5.0) is None


def test_what_was_dated_lies_between_the_request_and_its_answer() -> None:
    """The service's clock is ahead by at least what its date is ahead of the answer."""
    times = ServerClock()
    times.note(10.0, 10.2, dated(100.1))
    earliest = times.earliest(12.0)
    assert earliest is not None
    assert 101.9 - 0.01 < earliest - BEGINNING <= 101.9


def test_the_best_of_the_answers_counts_until_it_is_old() -> None:
    """A slow answer tells less; but clocks part in time, and in the end it tells more than an old one."""
    times = ServerClock()
    times.note(10.0, 10.01, dated(100.0))
    times.note(11.0, 13.0, dated(101.0))
    assert times.earliest(10.0) == pytest.approx(BEGINNING + 99.99, abs=0.01)
    times.note(5000.0, 5002.0, dated(5091.0))
    assert times.earliest(5002.0) == pytest.approx(BEGINNING + 5091.0, abs=0.01)


def test_a_date_in_the_headers_will_do() -> None:
    """It knows whole seconds; one that makes no sense says nothing."""
    times = ServerClock()
    times.note_headers(1.0, 1.5, {"date": "rubbish"})
    times.note_headers(1.0, 1.5, {})
    assert times.earliest(1.0) is None
    times.note_headers(1.0, 1.5, {"date": "Tue, 24 Mar 2026 20:00:09 GMT"})
    assert times.earliest(1.5) == pytest.approx(BEGINNING + 9.0, abs=0.01)


@pytest.mark.parametrize(
    "number", ["Tue, 24 Mar 99999999999999999999 20:00:00", "Tue, 24 Mar 2026 20:00:00 +" + 30 * "9"]
)
def test_a_date_beyond_all_dates_says_nothing(number: str) -> None:
    """And raises nothing."""
    times = ServerClock()
    times.note_headers(1.0, 1.5, {"Date": number})
    assert times.earliest(1.0) is None


@pytest.mark.parametrize("zone", ["GMT", "-0000", ""])
def test_a_date_of_an_unknown_zone_is_not_our_local_time(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's clock is in UTC wherever this machine is."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    times = ServerClock()
    times.note_headers(1.0, 1.5, {"Date": f"Tue, 24 Mar 2026 20:00:09 {zone}"})
    monkeypatch.undo()
    time.tzset()
    assert times.earliest(1.5) == pytest.approx(BEGINNING + 9.0, abs=0.01)


def test_a_whole_second_may_stand_for_any_moment_in_it() -> None:
    """Some services cut the fraction off; one that is there is exact."""
    assert BEGINNING + 1.0 == latest(dated(0.0))
    assert pytest.approx(BEGINNING + 0.501) == latest(dated(0.5))
