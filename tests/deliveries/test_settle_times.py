"""Estimate of the durations of deliveries."""

from __future__ import annotations

import asyncio
import math
import random
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.delivery_service import ORGANIZATION, Service, endpoint, internal_sender, webhooks
from tripwire_async.deliveries._settle_times import SettleTimes


def observed(*looks: tuple[float, float | None]) -> SettleTimes:
    """Return the estimate after reads of one delivery each: its age, and its duration if it had ended."""
    times = SettleTimes()
    for number, (age, duration) in enumerate(looks):
        times.observe(f"wevt_{number}", sent=float(number), age=age, duration=duration)
    times.refresh()
    return times


def test_nothing_is_known_before_an_end_was_seen() -> None:
    """Open deliveries alone say only that it takes longer."""
    assert SettleTimes().median is None
    assert observed((3.0, None), (3.0, None)).median is None
    assert observed((3.0, None)).quantile_after(1.0, 0.5) is None


def test_the_median_of_ended_deliveries_is_that_by_which_half_have_ended() -> None:
    """As plain as that while none is open."""
    assert 2.0 == observed(*[(9.0, float(seconds)) for seconds in (1, 2, 3, 4)]).median


def test_open_deliveries_count_as_longer_ones() -> None:
    """The first ends that are seen are those of the fastest: their median alone would be too low."""
    ended = [(5.0, 1.0), (5.0, 2.0)]
    with_open = observed(*ended, *[(3.0, None)] * 6)
    assert 1.0 == observed(*ended).median
    assert with_open.median is not None
    assert with_open.median > 3.0


def test_a_young_batch_does_not_bias_the_median() -> None:
    """Of 200 deliveries that take 5 to 20 seconds, the estimate at any age is near the truth or beyond the age."""
    durations = [5.0 + 15.0 * number / 199 for number in range(200)]
    for age in (6.0, 8.0, 10.0, 12.0, 13.0, 20.0):
        median = observed(*[(age, seconds if seconds <= age else None) for seconds in durations]).median
        assert median is not None
        assert median >= min(age, 12.3)
        assert age < 13.0 or median == pytest.approx(12.5, abs=0.2)


def test_half_of_those_still_open_have_ended_at_the_conditional_median() -> None:
    """Earlier ends do not count."""
    times = observed(*[(100.0, float(seconds)) for seconds in range(1, 101)])
    assert 75.0 == times.quantile_after(50.0, 0.5)
    assert 90.0 == times.quantile_after(80.0, 0.5)
    assert 55.0 == times.quantile_after(50.0, 0.1)


def test_beyond_what_was_observed_the_curve_is_continued_while_deliveries_still_end() -> None:
    """At the rate of its later half; not where nearly all have ended, as the rest may be of another kind."""
    young = observed(*[(10.0, 5.0 + number / 20 if number < 100 else None) for number in range(200)])
    later = young.quantile_after(10.0, 0.5)
    assert later is not None
    assert 10.0 < later < 20.0
    outliers = observed(*[(9.0, 1.0) for _ in range(195)], *[(9.0, None)] * 5)
    assert outliers.quantile_after(9.0, 0.5) is None


def test_a_service_that_touches_a_delivery_again_does_not_lengthen_it() -> None:
    """It took no longer than until it was read, whatever its timestamp says, and no less than it was seen open."""
    times = observed((4.0, 60.0))
    assert 4.0 == times.median
    times = SettleTimes()
    times.observe("wevt_1", sent=0.0, age=3.0, duration=None)
    times.observe("wevt_1", sent=0.0, age=8.0, duration=1.0)
    assert 3.0 == times.median
    times.observe("wevt_1", sent=0.0, age=90.0, duration=80.0)
    assert 3.0 == times.median


def test_the_sample_loses_the_oldest_send_and_not_the_oldest_observation() -> None:
    """Deliveries that never end are observed again and again, and would fill it."""
    times = SettleTimes()
    for number in range(200):
        times.observe(f"old_{number}", sent=float(number), age=1.0, duration=None)
    for number in range(200):
        times.observe(f"new_{number}", sent=1000.0 + number, age=5.0, duration=2.0)
        for again in range(200):
            times.observe(f"old_{again}", sent=float(again), age=50.0 + number, duration=None)
    assert 2.0 == times.median


def test_the_curve_is_computed_again_when_one_eighth_of_the_sample_is_new() -> None:
    """Ten of eighty: not for each delivery, as that would take long."""
    times = observed(*[(1.0, None)] * 80)
    medians = []
    for number in range(10):
        times.observe(f"wevt_{number}", sent=float(number), age=3.0, duration=2.0)
        medians.append(times.median)
    assert [None] * 9 + [2.0] == medians


@given(st.lists(st.tuples(st.floats(0.01, 100), st.booleans()), min_size=1, max_size=250), st.floats(0, 120))
def test_the_estimate_is_that_of_the_textbook(looks: list[tuple[float, bool]], age: float) -> None:
    """Kaplan and Meier's product over the ages at which deliveries ended, of the last 200."""
    times = SettleTimes()
    for number, (seconds, has_ended) in enumerate(looks):
        times.observe(f"wevt_{number}", sent=float(number), age=seconds, duration=seconds if has_ended else None)
    times.refresh()
    sample = looks[-200:]

    def survival(until: float) -> float:
        share = 1.0
        for end in sorted({seconds for seconds, has_ended in sample if has_ended and seconds <= until}):
            at_risk = sum(seconds >= end for seconds, _ in sample)
            share *= 1 - sum(has_ended and seconds == end for seconds, has_ended in sample) / at_risk
        return share

    ends = sorted({seconds for seconds, has_ended in sample if has_ended and seconds > age})
    expected = next((end for end in ends if survival(end) <= survival(age) / 2 + 1e-12), None)
    found = times.quantile_after(age, 0.5)
    if expected is not None and survival(age) > 1e-9:
        assert found is not None
        assert survival(found) == pytest.approx(survival(expected), abs=1e-9) or found == pytest.approx(expected)
    elif found is not None:
        assert found >= age


def test_several_threads_may_use_it_at_once() -> None:
    """A client is used from several threads; no observation raises, and the sample stays consistent."""
    times = SettleTimes()
    errors: list[BaseException] = []

    def observe(thread: int) -> None:
        rng = random.Random(thread)  # noqa: S311 - a simulation, no secret
        try:
            for number in range(2000):
                times.observe(f"{thread}_{number}", sent=rng.random(), age=9.0, duration=rng.uniform(1.0, 3.0))
                assert not math.isnan(times.quantile_after(rng.uniform(0, 4), 0.5) or 0.0)
        except BaseException as error:  # noqa: BLE001 - reported in the thread of the test
            errors.append(error)

    threads = [threading.Thread(target=observe, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == errors
    assert times.median is not None
    assert 1.0 <= times.median <= 3.0


@pytest.mark.virtual_time
@pytest.mark.parametrize(("end", "is_known"), [("succeeded", True), ("failed", True), ("skipped", False)])
async def test_a_skipped_delivery_says_nothing_about_the_usual_duration(end: str, is_known: bool) -> None:
    """The service did not send it, so it has settled at once."""
    client = webhooks(Service(takes=1.0, end=end))
    handles = [await client.send_test(ORGANIZATION, endpoint(number)) for number in range(10)]
    await asyncio.gather(*(handle.settled() for handle in handles))
    assert is_known == (internal_sender(client).times.median is not None)
