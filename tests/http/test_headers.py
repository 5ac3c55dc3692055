"""Retry-After in all its forms: what is asked is never cut short, and nothing that a server sends can raise."""

from __future__ import annotations

import math
import time
from email.utils import formatdate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from tripwire_async._http.headers import header, parse_retry_after

NOW = 1_790_000_000.0


def asked(value: str, **more: str) -> float | None:
    return parse_retry_after({"Retry-After": value, **more}, wall_now=lambda: NOW)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("+7", 7.0),
        ("1.5", 1.5),
        (".25", 0.25),
        ("2.", 2.0),
        ("1e2", 100.0),
        ("-3", 0.0),
        ("-0.5", 0.0),
        ("86401", 86_401.0),
    ],
)
def test_seconds_are_taken_whole_or_broken_and_the_past_is_zero(value: str, seconds: float) -> None:
    """Numbers are seconds; negative ones ask for nothing."""
    assert seconds == asked(value)


@pytest.mark.parametrize(
    "value",
    ["", " ", "nan", "inf", "-inf", "Infinity", "1e999", "soon", "1_000", "٣", "5, 10", "0x10", "1h", "\x00", "--1"],
)
def test_rubbish_asks_nothing(value: str) -> None:
    """What cannot be understood, or waited for, is as good as absent."""
    assert asked(value) is None


def test_without_the_header_nothing_is_asked() -> None:
    """No header, no wait."""
    assert parse_retry_after({}) is None


@pytest.mark.parametrize(
    "date",
    ["Mon, 21 Sep 2026 14:13:20 GMT", "Monday, 21-Sep-26 14:13:20 GMT", "Mon Sep 21 14:13:20 2026"],
)
def test_a_date_in_any_of_the_three_forms_counts_from_our_clock(date: str) -> None:
    """IMF-fixdate, RFC 850 and asctime all name the same second; without a Date header ours is the clock."""
    assert parse_retry_after({"Retry-After": date}, wall_now=lambda: NOW - 30.0) == 30.0


def test_a_date_without_a_zone_is_utc_wherever_this_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the local zone is nine hours ahead, asctime's form is still in UTC."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert asked("Mon Sep 21 14:13:50 2026") == 30.0
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_date_counts_from_the_date_of_the_answer() -> None:
    """With our clock an hour wrong, the service's own two dates still tell the right wait."""
    wrong = NOW - 3_600.0
    headers = {"Retry-After": formatdate(NOW + 20, usegmt=True), "Date": formatdate(NOW, usegmt=True)}
    assert parse_retry_after(headers, wall_now=lambda: wrong) == 20.0


@pytest.mark.parametrize("date", ["Thu, 01 Jan 1970 00:00:00 GMT", "yesterday", ""])
def test_an_absurd_date_of_the_answer_is_ignored(date: str) -> None:
    """A Date that is unreadable or more than a day away would turn a wait of seconds into one of decades."""
    assert asked(formatdate(NOW + 20, usegmt=True), Date=date) == 20.0


def test_a_date_in_the_past_is_zero() -> None:
    """A moment that has passed asks for no wait."""
    assert asked(formatdate(NOW - 20, usegmt=True)) == 0.0


def test_the_wall_clock_is_the_default() -> None:
    """Without a clock of the caller's, a date far in the past is still in the past."""
    assert parse_retry_after({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}) == 0.0


@pytest.mark.parametrize("name", ["Retry-After", "retry-after", "RETRY-AFTER"])
def test_the_name_is_found_in_any_case(name: str) -> None:
    """In a plain dict as well as in the transport's own mapping."""
    assert parse_retry_after({"X-Other": "1", name: "3"}) == 3.0
    assert parse_retry_after(CIMultiDictProxy(CIMultiDict({name: "3"}))) == 3.0
    assert header({"X-Other": "1"}, name) is None


@given(st.floats(min_value=0, allow_nan=False, allow_infinity=False))
def test_never_shorter_than_asked(seconds: float) -> None:
    """Every finite number of seconds comes back as it was asked."""
    assert seconds == asked(repr(seconds))


@given(
    st.text() | st.from_regex(r"[+-]?[0-9.eE+-]{1,12}") | st.from_regex(r"\w{3}, \d+ (Jan|Feb) \d+ \d+:\d+:\d+ \S+"),
    st.text() | st.from_regex(r"\w{3}, \d+ (Jan|Feb) \d+ \d+:\d+:\d+ \S+"),
)
@example("Mon, 1 Jan 99999999999999999999 0:0:0 GMT", "")
@example("Mon, 1 Jan 1 0:0:0 +9999", "Mon, 1 Jan 1 0:0:0")
@example("9" * 5_000, "")
@example("a" * 5_000 + " 1 Jan " + "9" * 5_000, "")
def test_nothing_that_a_server_sends_raises_or_waits_for_ever(value: str, date: str) -> None:
    """Any two texts give None or a finite number that is not negative."""
    seconds = asked(value, Date=date)
    assert seconds is None or (seconds >= 0.0 and math.isfinite(seconds))
