"""Tests of the admission rules: what a rejection means, how many may be in flight, and when a slot is free again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from tripwire_async.middleware.rate_limit._admission import LimitModel
from tripwire_async.middleware.rate_limit._cooldown import MAX_COOLDOWN
from tripwire_async.middleware.rate_limit._flight import FlightLimit
from tripwire_async.middleware.rate_limit._window import Window

if TYPE_CHECKING:
    from collections.abc import Iterable


def model(limit: int = 10, length: float = 60.0, used: int = 5) -> LimitModel:
    """Return a model that knows limit and length, with *used* requests accepted at time 0."""
    known = LimitModel(lambda: 0.0)
    known.window.merge(0.0, limit, length)
    for permit in [known.window.send(0.0) for _ in range(used)]:
        known.window.accept(permit, 0.1, limit, limit - used)
    return known


def rejected(
    known: LimitModel, now: float, retry_after: float | None, limit: int | None, remaining: int | None
) -> None:
    """Send a request at *now* and have it rejected at once."""
    known.reject(known.take(now, "interactive"), now, retry_after, limit, remaining)


# -- rule 1: what a rejection means -----------------------------------------------------------------------------------


def test_a_rejection_with_requests_remaining_changes_neither_limit_nor_window() -> None:
    """Another rule rejected it. It counts, as its headers show, and starts a cooldown."""
    known = model(used=5)
    length = known.window.length
    rejected(known, 1.0, 3.0, 10, 4)
    assert (known.window.limit, known.window.length) == (10, length)
    assert known.window.used(1.0) == 6
    assert known.cooldown.until == 4.0


def test_a_rejection_without_headers_is_not_counted() -> None:
    """A proxy in front rejected it. If it was counted, the next response corrects that."""
    known = model(used=5)
    rejected(known, 1.0, 3.0, None, None)
    assert (known.window.limit, known.window.used(1.0)) == (10, 5)
    assert known.cooldown.until == 4.0


def test_a_rejection_by_another_rule_does_not_teach_an_unknown_length() -> None:
    """Its Retry-After is not related to the window."""
    known = LimitModel(lambda: 0.0)
    for permit in [known.window.send(0.0) for _ in range(10)]:
        known.accept(permit, 0.1, 10, 3)
    rejected(known, 0.2, 30.0, 10, 2)
    assert known.window.length is None


def test_a_service_that_never_sends_headers_is_slowed_down() -> None:
    """Without a known limit, slow start begins again."""
    known = LimitModel(lambda: 0.0)
    for _ in range(5):
        known.accept(known.take(0.0, "interactive"), 0.1, None, None)
    rejected(known, 0.2, 1.0, None, None)
    assert (known.slow_start, known.flight.bound) == (1, math.inf)


# -- rule 2: the probe ------------------------------------------------------------------------------------------------


def test_the_probe_goes_when_retry_after_has_passed_whatever_the_count_says() -> None:
    """If the count is wrong, only a response can correct it."""
    known = model(used=10)
    rejected(known, 1.0, 5.0, 10, 0)
    assert not known.allows(5.9, "interactive")
    assert known.window.free(6.0) <= 0
    assert known.allows(6.0, "interactive")


def test_the_response_to_the_probe_replaces_what_was_booked_for_other_clients() -> None:
    """A rejection books all that is left; the probe shows what really counts."""
    known = model(used=2)
    rejected(known, 1.0, 5.0, 10, 0)
    assert known.window.used(5.9) == 10
    known.accept(known.take(6.0, "interactive"), 6.1, 10, 6)
    assert known.window.used(6.1) == 4


# -- rule 3: evidence shrinks the window ------------------------------------------------------------------------------


def sent_together(window: Window, at: float, count: int) -> None:
    for permit in [window.send(at) for _ in range(count)]:
        window.accept(permit, at + 0.1, None, None)


def test_a_count_that_is_clearly_too_low_shortens_the_window_at_once() -> None:
    """The check before has put off the next one, but a quarter fewer than certain cannot wait."""
    window = Window()
    sent_together(window, 0.0, 32)
    sent_together(window, 1.0, 32)
    window.accept(window.send(1.5), 1.6, 64, 64 - 62)
    assert window.length == pytest.approx(1.5)
    window.accept(window.send(1.61), 1.71, 64, 64 - 10)
    assert window.length == pytest.approx(0.61)


def test_a_probe_that_a_lengthened_window_rules_out_shortens_it_again() -> None:
    """Other clients caused the unexpected rejection; our own requests alone would fill the longer window."""
    known = model(limit=10, length=2.0, used=0)
    for at in (5.0, 5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 8.5, 9.0, 9.5):
        known.accept(known.take(at, "interactive"), at + 0.1, 10, 0)
    for at in (12.0, 13.0, 14.0):
        known.reject(known.take(at, "interactive"), at + 0.1, 1.0, 10, 0)
    for at in (15.2, 15.5, 16.0, 16.5, 17.0, 17.5, 18.0, 18.5):
        known.accept(known.take(at, "interactive"), at + 0.1, 10, 0)
    known.reject(known.take(19.0, "interactive"), 19.1, 1.0, 10, 0)
    longer = known.window.length
    assert longer is not None
    assert longer > 6
    known.accept(known.take(20.2, "interactive"), 20.3, 10, 0)
    length = known.window.length
    assert length is not None
    assert 2.0 <= length <= 0.6 * longer


# -- rule 4: cooldowns end --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("retry_after", [301.0, 1_764_279_600.0])
def test_no_cooldown_lasts_longer_than_five_minutes(retry_after: float) -> None:
    """A Unix time in Retry-After must not stop a client, and such a value is not related to the window."""
    known = LimitModel(lambda: 0.0)
    for permit in [known.window.send(0.0) for _ in range(10)]:
        known.accept(permit, 0.1, 10, 0)
    rejected(known, 1.0, retry_after, 10, 0)
    assert known.cooldown.until == 1.0 + MAX_COOLDOWN
    assert known.window.length is None
    assert known.allows(301.0, "send")


# -- rule 5: how many in flight ---------------------------------------------------------------------------------------


def test_the_first_rejection_by_another_rule_bounds_the_flight() -> None:
    """As many as were in flight then; each that follows another one lowers it, accepted ones raise it slowly."""
    flight = FlightLimit()
    flight.reject(40)
    assert flight.bound == 40
    flight.reject(39)
    flight.reject(38)
    assert flight.bound == 38
    flight.accept(600)
    flight.reject(37)
    assert flight.bound == pytest.approx(38 + 1 / 12)
    for _ in range(24):
        flight.accept(600)
    assert flight.bound == pytest.approx(40 + 1 / 12)


def test_the_bound_never_falls_below_one_request() -> None:
    """Otherwise nothing could be sent any more."""
    flight = FlightLimit()
    for _ in range(5):
        flight.reject(2)
    assert flight.bound == 1


def test_accepted_requests_raise_the_bound() -> None:
    """Slowly: by one for twelve of them."""
    known = model(limit=100, used=0)
    permits = [known.take(1.0, "interactive") for _ in range(13)]
    known.reject(permits.pop(), 1.1, 0.5, 100, 90)
    for permit in permits:
        known.accept(permit, 1.2, 100, 90)
    assert known.flight.bound == pytest.approx(14)


@pytest.mark.parametrize(("limit", "bound"), [(None, math.inf), (200, math.inf), (600, 210 + 1 / 12)])
def test_a_bound_is_dropped_once_it_reaches_the_limit(limit: int | None, bound: float) -> None:
    """Without a known limit, at 200 requests."""
    flight = FlightLimit()
    flight.reject(210)
    flight.accept(limit)
    assert flight.bound == pytest.approx(bound)


def test_a_bound_that_equals_the_limit_is_dropped() -> None:
    """As floating-point numbers, 246 and 180 twelfths add up to exactly 261."""
    flight = FlightLimit()
    flight.reject(246)
    for _ in range(179):
        flight.accept(261)
    assert 260 < flight.bound < 261
    flight.accept(261)
    assert flight.bound == math.inf


@pytest.mark.parametrize("end", ["abandoned", "not sent"])
def test_a_flight_ends_with_its_last_request_also_if_that_has_no_response(end: str) -> None:
    """Its accepted requests would otherwise count for the next flight."""
    known = model(limit=100, used=0)
    last = known.take(1.0, "interactive")
    for _ in range(9):
        known.accept(known.take(1.0, "interactive"), 1.1, 100, 90)
    if end == "abandoned":
        known.abandon(last)
    else:
        known.lose(last, 1.2, counted=False)
    permits = [known.take(2.0, "interactive") for _ in range(9)]
    for number, permit in enumerate(permits):
        if number % 2:
            known.accept(permit, 2.1, 100, 50)
        else:
            known.reject(permit, 2.1, 0.1, 100, 50)
    assert known.flight.bound == 4


def test_an_abandoned_probe_allows_another_one() -> None:
    """The coroutine of its request was closed, so it never ends the cooldown."""
    known = model()
    rejected(known, 1.0, 3.0, None, None)
    probe = known.take(10.0, "interactive")
    assert known.cooldown.probe is probe
    known.abandon(probe)
    assert known.cooldown.probe is None


def test_a_flight_that_is_mostly_rejected_sets_the_bound_to_what_was_accepted() -> None:
    """A hidden limit shows how many it accepts at once; a few rejections are not enough to tell."""
    flight = FlightLimit()
    for _ in range(10):
        flight.accept(600)
    for in_flight in range(190, 0, -1):
        flight.reject(in_flight)
    flight.end()
    assert flight.bound == 10


@pytest.mark.parametrize(("accepted", "rejected", "bound"), [(0, 4, 6), (10, 10, 1), (0, 5, 1), (4, 5, 4)])
def test_a_few_rejections_do_not_set_the_bound(accepted: int, rejected: int, bound: int) -> None:
    """There must be more than four, and more than the accepted requests."""
    flight = FlightLimit()
    for _ in range(accepted):
        flight.accept(600)
    for _ in range(rejected):
        flight.reject(9)
    flight.end()
    assert flight.bound == bound


def test_a_bound_that_matters_no_more_is_dropped() -> None:
    """It has reached the limit, or what a client has in flight at most."""
    flight = FlightLimit()
    flight.reject(199)
    for _ in range(12):
        flight.accept(60)
    assert flight.bound == math.inf


def test_no_more_are_in_flight_than_the_bound() -> None:
    """The window has room, and still the next one waits."""
    known = model(limit=100, used=0)
    permits = [known.take(1.0, "interactive") for _ in range(3)]
    known.reject(permits.pop(), 1.1, 0.5, 100, 90)
    for permit in permits:
        known.accept(permit, 1.2, 100, 90)
    known.accept(known.take(2.0, "interactive"), 2.1, 100, 90)
    for _ in range(3):
        assert known.take_nowait(2.2, "interactive") is not None
    assert known.take_nowait(2.2, "interactive") is None
    assert known.window.free(2.2) > 0


# -- rule 7: round trips ----------------------------------------------------------------------------------------------


def steady(window: Window, times: Iterable[float], rtt: float) -> None:
    for at in times:
        window.accept(window.send(at), at + rtt, 100, 0)


def test_a_steady_round_trip_is_subtracted_at_both_ends() -> None:
    """The bound holds one too much, and so does the end of a request; a tenth is kept for jitter."""
    window = Window()
    steady(window, [0.0] * 100, 0.8)
    window.merge(1.0, 100, 2.8)
    change = window.next_change(1.0)
    assert change == pytest.approx(0.8 + 2.8 - 1.9 * 0.8, abs=0.01)


def test_a_few_round_trips_do_not_count_as_steady() -> None:
    """Two that are alike by chance say little about the third."""
    window = Window()
    steady(window, [0.0, 0.0], 0.8)
    window.merge(1.0, 100, 2.8)
    change = window.next_change(1.0)
    assert change is not None
    assert change > 0.8 + 2.8 - 1.2 * 0.8


def test_an_unsteady_round_trip_is_subtracted_once() -> None:
    """A request that is faster than the fastest so far would arrive before its turn."""
    window = Window()
    steady(window, [0.0], 0.1)
    for _ in range(20):
        steady(window, [0.0], 0.8)
    window.merge(1.0, 100, 2.8)
    change = window.next_change(1.0)
    assert change == pytest.approx(0.1 + 2.8 - 0.1, abs=0.01)


def test_a_response_without_limit_headers_does_not_measure_the_round_trip() -> None:
    """A proxy in front responds sooner than the service."""
    window = Window()
    steady(window, [0.0], 0.8)
    window.accept(window.send(1.0), 1.001, None, None)
    window.reject(window.send(1.0), 1.001, None, None)
    window.merge(2.0, 10, 2.8)
    assert window.length == pytest.approx(2.0)


# -- rule 19: the reserve ---------------------------------------------------------------------------------------------


def test_a_bulk_call_may_use_the_reserve_in_its_turn() -> None:
    """A fiftieth of a long window is reserved for interactive calls, but must not starve others while these wait."""
    known = model(limit=100, used=99)
    assert not known.allows(1.0, "poll")
    assert known.allows(1.0, "poll", use_reserve=True)
    assert known.allows(1.0, "interactive")
