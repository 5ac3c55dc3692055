"""Retry-After and Date in all formats, and header lookup."""

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


def retry_after(value: str, **more: str) -> float | None:
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
def test_seconds_may_have_a_fraction_and_negative_numbers_are_zero(value: str, seconds: float) -> None:
    """Numbers are seconds."""
    assert seconds == retry_after(value)


@pytest.mark.parametrize(
    "value",
    ["", " ", "nan", "inf", "-inf", "Infinity", "1e999", "soon", "1_000", "٣", "5, 10", "0x10", "1h", "\x00", "--1"],
)
def test_an_invalid_value_is_ignored(value: str) -> None:
    """A malformed or infinite value counts as absent."""
    assert retry_after(value) is None


def test_without_the_header_there_is_no_wait() -> None:
    """The result is None."""
    assert parse_retry_after({}) is None


@pytest.mark.parametrize(
    "date",
    ["Mon, 21 Sep 2026 14:13:20 GMT", "Monday, 21-Sep-26 14:13:20 GMT", "Mon Sep 21 14:13:20 2026"],
)
def test_a_date_in_each_of_the_three_formats_is_relative_to_the_local_clock(date: str) -> None:
    """IMF-fixdate, RFC 850 and asctime; without a Date header, the local clock is used."""
    assert parse_retry_after({"Retry-After": date}, wall_now=lambda: NOW - 30.0) == 30.0


def test_a_date_without_a_zone_is_utc_in_every_local_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a local zone nine hours ahead, the format of asctime is still UTC."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert retry_after("Mon Sep 21 14:13:50 2026") == 30.0
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_date_is_relative_to_the_date_of_the_response() -> None:
    """If the local clock is an hour wrong, the two dates of the service still give the right wait."""
    wrong = NOW - 3_600.0
    headers = {"Retry-After": formatdate(NOW + 20, usegmt=True), "Date": formatdate(NOW, usegmt=True)}
    assert parse_retry_after(headers, wall_now=lambda: wrong) == 20.0


@pytest.mark.parametrize("date", ["Thu, 01 Jan 1970 00:00:00 GMT", "yesterday", ""])
def test_an_implausible_date_of_the_response_is_ignored(date: str) -> None:
    """A Date that is malformed or more than a day away would make the wait decades long."""
    assert retry_after(formatdate(NOW + 20, usegmt=True), Date=date) == 20.0


def test_a_date_in_the_past_is_zero() -> None:
    """There is no wait."""
    assert retry_after(formatdate(NOW - 20, usegmt=True)) == 0.0


def test_the_wall_clock_is_the_default() -> None:
    """Without *wall_now*, the system's clock is used."""
    assert parse_retry_after({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}) == 0.0


@pytest.mark.parametrize("name", ["Retry-After", "retry-after", "RETRY-AFTER"])
def test_the_name_is_found_in_any_case(name: str) -> None:
    """In a plain dict and in the transport's mapping."""
    assert parse_retry_after({"X-Other": "1", name: "3"}) == 3.0
    assert parse_retry_after(CIMultiDictProxy(CIMultiDict({name: "3"}))) == 3.0
    assert header({"X-Other": "1"}, name) is None


@given(st.floats(min_value=0, allow_nan=False, allow_infinity=False))
def test_the_wait_is_never_shortened(seconds: float) -> None:
    """Every finite number of seconds is returned unchanged."""
    assert seconds == retry_after(repr(seconds))


@given(
    st.text() | st.from_regex(r"[+-]?[0-9.eE+-]{1,12}") | st.from_regex(r"\w{3}, \d+ (Jan|Feb) \d+ \d+:\d+:\d+ \S+"),
    st.text() | st.from_regex(r"\w{3}, \d+ (Jan|Feb) \d+ \d+:\d+:\d+ \S+"),
)
@example("Mon, 1 Jan 99999999999999999999 0:0:0 GMT", "")
@example("Mon, 1 Jan 1 0:0:0 +9999", "Mon, 1 Jan 1 0:0:0")
@example("9" * 5_000, "")
@example("a" * 5_000 + " 1 Jan " + "9" * 5_000, "")
def test_no_header_value_raises_or_waits_infinitely(value: str, date: str) -> None:
    """The result is None or a finite number of at least zero."""
    seconds = retry_after(value, Date=date)
    assert seconds is None or (seconds >= 0.0 and math.isfinite(seconds))
