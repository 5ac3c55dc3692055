"""The plan of reads, by plain numbers."""

from __future__ import annotations

import math

import pytest

from tripwire_async.deliveries import PollSchedule
from tripwire_async.deliveries._planned_event import PlannedWait
from tripwire_async.deliveries._read_plan import EventRead, PageRead, ReadPlan
from tripwire_async.deliveries._settle_times import SettleTimes


def knowing(*durations: float, count: int = 40) -> SettleTimes:
    """Return the estimate after *count* deliveries of each of these durations."""
    times = SettleTimes()
    for number in range(count):
        for kind, seconds in enumerate(durations):
            times.observe(f"past_{number}_{kind}", sent=-1000.0, age=500.0, duration=seconds)
    times.refresh()
    return times


def plan_of(count: int, times: SettleTimes | None = None, *, end: float = math.inf, beyond: bool = False) -> ReadPlan:
    """Return a plan for events that were sent at 0."""
    plan = ReadPlan(times or SettleTimes(), rng=lambda: 0.0)
    for number in range(count):
        plan.add(PlannedWait(end), f"wevt_{number}", now=0.0, sent_at=0.0, is_beyond=beyond)
    return plan


def advance(plan: ReadPlan, now: float, until: float = 1e6) -> tuple[float, PageRead | EventRead]:
    """Return the next read and its time; call the plan again at each time that it returns."""
    while isinstance(found := plan.next(now), float):
        assert found > now
        assert found < until
        now = found
    return now, found


@pytest.mark.parametrize("count", [1, 2])
def test_the_first_read_is_at_half_a_second_while_nothing_is_known(count: int) -> None:
    """One or two events are read singly."""
    when, read = advance(plan_of(count), 0.0)
    assert (0.5, EventRead("wevt_0")) == (when, read)


def test_beyond_the_page_the_first_read_is_at_ten_seconds_while_nothing_is_known() -> None:
    """It costs a read for each event; or as soon as a page has shown a final status."""
    times = SettleTimes()
    plan = plan_of(5, times, beyond=True)
    assert 10.0 == plan.next(0.0)
    for number in range(3):
        times.observe(f"other_{number}", sent=0.0, age=4.0, duration=3.0)
    assert 3.0 == plan.next(1.0)
    assert EventRead("wevt_0") == plan.next(3.0)


def test_the_first_read_is_at_the_median() -> None:
    """Measured from the send, not from the wait."""
    plan = ReadPlan(knowing(4.0, 6.0, 8.0))
    plan.add(PlannedWait(math.inf), "wevt_0", now=3.0, sent_at=1.0)
    assert (7.0, EventRead("wevt_0")) == advance(plan, 3.0)


def test_a_delivery_that_usually_takes_an_hour_is_read_after_half_a_minute() -> None:
    """Deliveries that the service retries for an hour must not delay the others."""
    when, _ = advance(plan_of(1, knowing(3600.0)), 0.0)
    assert 30.0 == when


def test_later_reads_are_at_the_conditional_median() -> None:
    """The age by which half of the open deliveries will have ended."""
    plan = plan_of(1, knowing(*[float(seconds) for seconds in range(1, 9)], count=20))
    when, _ = advance(plan, 0.0)
    assert 4.0 == when
    plan.event_finished(EventRead("wevt_0"), read_at=4.0, now=4.05)
    when, _ = advance(plan, 4.05)
    assert 6.0 == when


def test_a_read_is_repeated_after_half_the_age_at_the_latest() -> None:
    """Without experience the pauses grow by half each, up to ten seconds."""
    plan = plan_of(1)
    now, times = 0.0, []
    for _ in range(10):
        now, _ = advance(plan, now)
        times.append(now)
        plan.event_finished(EventRead("wevt_0"), read_at=now, now=now)
    pauses = [later - sooner for sooner, later in zip([0.0, *times], times, strict=False)]
    assert [min(10.0, 0.5 * 1.5**number) for number in range(10)] == pytest.approx(pauses)


def test_a_schedule_of_the_caller_is_followed() -> None:
    """Whatever experience says, and on the page as well."""
    schedule = PollSchedule(first=0.2, factor=2.0, longest=1.0, jitter=0.5)
    for count in (1, 20):
        plan = ReadPlan(knowing(50.0), rng=lambda: 1.0)
        for number in range(count):
            plan.add(PlannedWait(math.inf), f"wevt_{number}", now=0.0, sent_at=0.0, schedule=schedule)
        when, read = advance(plan, 0.0)
        assert 0.3 == pytest.approx(when)
        if isinstance(read, EventRead):
            plan.event_finished(read, read_at=when, now=when)
        else:
            plan.page_finished([f"wevt_{number}" for number in range(count)], read_at=when, now=when, is_full=False)
        following, _ = advance(plan, when)
        assert 1.5 * (0.2 + 0.3) == pytest.approx(following - when, abs=0.11)


def test_three_are_read_together() -> None:
    """Once all of them have probably ended."""
    assert (5.0, PageRead()) == advance(plan_of(3, knowing(5.0)), 0.0)


def test_a_page_is_read_when_the_expected_waiting_is_worth_it() -> None:
    """Thirty seconds, added up over 200 deliveries of 5 to 20 seconds, are reached long before half have ended."""
    times = knowing(*[5.0 + 15.0 * number / 19 for number in range(20)], count=10)
    when, read = advance(plan_of(200, times), 0.0)
    assert PageRead() == read
    expected = sum(max(0.0, when - 5.0 - 15.0 * number / 199) for number in range(200))
    assert 15.0 < expected < 60.0


def test_a_few_wait_for_others_for_half_the_median_at_most() -> None:
    """One that has probably ended is not kept waiting for a page that many others would share."""
    plan = ReadPlan(knowing(4.0))
    for number in range(60):
        plan.add(PlannedWait(math.inf), f"wevt_{number}", now=0.0, sent_at=0.0 if number < 3 else 30.0)
    when, read = advance(plan, 0.0)
    assert PageRead() == read
    assert when == pytest.approx(4.0 + 2.0)


def test_an_event_that_a_full_page_does_not_hold_stays_beyond_it() -> None:
    """It is then read singly; an event that is younger than a second may not be listed yet."""
    plan = plan_of(4)
    plan.add(PlannedWait(math.inf), "wevt_new", now=1.2, sent_at=1.2)
    when, _ = advance(plan, 1.3)
    plan.page_finished(["wevt_0", "wevt_1", "wevt_2"], read_at=when, now=when, is_full=True)
    assert (5, 4) == (plan.statistics()["events"], plan.statistics()["on_page"])


@pytest.mark.parametrize(("age", "on_page"), [(3.0, 4), (6.0, 3)])
def test_an_event_may_be_missing_from_a_page_with_room_for_five_seconds(age: float, on_page: int) -> None:
    """Nothing has pushed it off, so it is not visible yet."""
    plan = plan_of(4)
    advance(plan, age)
    plan.page_finished(["wevt_0", "wevt_1", "wevt_2"], read_at=age, now=age, is_full=False)
    assert on_page == plan.statistics()["on_page"]


def test_no_single_read_is_given_out_while_a_page_is_on_the_wire() -> None:
    """For half a second: the page may make it unnecessary, but may also wait for the rate limit."""
    plan = plan_of(3, knowing(5.0))
    plan.add(PlannedWait(math.inf), "wevt_single", now=0.0, sent_at=0.0, is_beyond=True)
    assert PageRead() == plan.next(5.0)
    assert 5.5 == plan.next(5.01)
    assert EventRead("wevt_single") == plan.next(5.5)


def test_sixty_four_single_reads_at_once_and_more_where_they_wait_for_the_limit() -> None:
    """A read that is not in the limiter's queue when a window opens gets no turn in it."""
    times = knowing(5.0)
    plan = plan_of(1000, times, beyond=True)

    def given() -> int:
        count = 0
        while not isinstance(plan.next(6.0), float):
            count += 1
        return count

    assert 64 == given()
    times.read_speed.note(0.04, 5.0)
    assert 336 == given()
    times.read_speed.note(0.04, 0.1)
    assert 0 == given()


def test_a_wait_has_a_last_read_a_second_before_its_end() -> None:
    """Also where deliveries usually take longer than the wait."""
    assert (9.0, EventRead("wevt_0")) == advance(plan_of(1, knowing(25.0), end=10.0), 0.0)
    assert (9.0, PageRead()) == advance(plan_of(20, knowing(25.0), end=10.0), 0.0)
    assert (9.0, EventRead("wevt_0")) == advance(plan_of(20, knowing(25.0), end=10.0, beyond=True), 0.0)


def test_a_last_read_is_never_before_the_middle_of_the_wait() -> None:
    """A short timeout with a long lead would make each read a last one."""
    assert (0.6, EventRead("wevt_0")) == advance(plan_of(1, knowing(25.0), end=1.2), 0.0)


def test_the_last_reads_of_many_waits_with_one_end_begin_earlier() -> None:
    """They cannot all be made in the last second; and earlier still where reads wait for the rate limit."""
    times = knowing(28.0, 29.0, 30.0)
    plan = plan_of(6400, times, end=100.0, beyond=True)
    times.read_speed.note(0.1, 0.0)
    lead = 1.0 + 1.2 * 6400 * 0.1 / 64
    for number in range(6400):
        plan.event_seen(f"wevt_{number}", read_at=40.0, now=40.0)
    early_waits = [PlannedWait(60.0) for _ in range(2)]
    for number, wait in enumerate(early_waits):
        plan.add(wait, f"late_{number}", now=0.0, sent_at=58.0, is_beyond=True)
    assert pytest.approx(60.0 - lead, abs=0.2) == plan.next(40.0)
    for wait in early_waits:
        plan.remove(wait)
    times.read_speed.note(0.1, 40.0)
    found = plan.next(40.0)
    assert isinstance(found, float)
    assert found < 100.0 - 48.0


def test_a_last_read_goes_before_other_single_reads() -> None:
    """The others have time."""
    plan = plan_of(10, knowing(5.0), beyond=True)
    plan.add(PlannedWait(6.5), "wevt_last", now=0.0, sent_at=0.0, is_beyond=True)
    assert EventRead("wevt_last") == plan.next(6.0)


def test_a_read_that_is_lost_is_due_again_at_once() -> None:
    """Singly and on the page, as the one who made it was cancelled."""
    plan = plan_of(1, knowing(5.0))
    assert EventRead("wevt_0") == plan.next(5.0)
    assert math.inf == plan.next(5.0)
    plan.event_lost("wevt_0", 5.1)
    assert EventRead("wevt_0") == plan.next(5.1)
    plan = plan_of(3, knowing(5.0))
    assert PageRead() == plan.next(5.0)
    assert math.inf == plan.next(5.4)
    plan.page_lost()
    assert PageRead() == plan.next(5.4)


def test_a_last_read_that_is_lost_is_made_by_another() -> None:
    """It was the last chance of that wait."""
    plan = plan_of(1, knowing(25.0), end=10.0, beyond=True)
    plan.add(PlannedWait(10.0), "wevt_0", now=0.0, sent_at=0.0)
    assert EventRead("wevt_0") == plan.next(9.0)
    assert isinstance(plan.next(9.1), float)
    plan.event_lost("wevt_0", 9.2)
    assert EventRead("wevt_0") == plan.next(9.2)


def test_reads_that_fail_are_repeated_after_growing_pauses() -> None:
    """Up to five seconds, so that a service that is back is noticed soon; the last read of a wait as well."""
    plan = plan_of(1, knowing(5.0), end=30.0)
    now, pauses = 5.0, []
    for _ in range(8):
        assert EventRead("wevt_0") == plan.next(now)
        plan.event_failed("wevt_0", now)
        following = plan.next(now)
        assert isinstance(following, float)
        pauses.append(following - now)
        now = following
    assert [0.5, 0.75, 1.125, 1.6875, 2.53125, 3.796875, 5.0, 5.0] == pytest.approx(pauses)
    plan = plan_of(3, knowing(5.0))
    assert PageRead() == plan.next(5.0)
    plan.page_failed(5.0)
    assert 5.5 == plan.next(5.0)
    assert PageRead() == plan.next(5.5)
    plan.page_failed(5.5)
    assert 6.25 == plan.next(5.5)


def test_where_pages_cannot_be_decoded_events_are_read_singly_for_half_a_minute() -> None:
    """Later events are expected on the page again."""
    plan = plan_of(5, knowing(5.0))
    assert PageRead() == plan.next(5.0)
    plan.page_undecodable(5.0)
    reads = [plan.next(5.0) for _ in range(5)]
    assert {EventRead(f"wevt_{number}") for number in range(5)} == set(reads)
    plan.add(PlannedWait(math.inf), "wevt_soon", now=34.0, sent_at=34.0)
    assert 0 == plan.statistics()["on_page"]
    plan.add(PlannedWait(math.inf), "wevt_later", now=36.0, sent_at=36.0)
    assert 1 == plan.statistics()["on_page"]


@pytest.mark.parametrize(("found", "on_page"), [(("wevt_0", "wevt_1", "wevt_2"), 3), (("wevt_1", "wevt_2"), 2)])
def test_a_page_leaves_alone_what_is_being_read_singly(found: tuple[str, ...], on_page: int) -> None:
    """Its own read plans the next one."""
    plan = plan_of(2, knowing(5.0))
    assert EventRead("wevt_0") == plan.next(5.0)
    plan.add(PlannedWait(math.inf), "wevt_1", now=5.0, sent_at=0.0)
    plan.add(PlannedWait(math.inf), "wevt_2", now=5.0, sent_at=0.0)
    _, read = advance(plan, 5.0)
    assert PageRead() == read
    plan.page_finished(found, read_at=6.0, now=6.0, is_full=True)
    assert (1, on_page) == (plan.statistics()["reads"], plan.statistics()["on_page"])
    plan.event_finished(EventRead("wevt_0"), read_at=5.0, now=6.1)
    assert 0 == plan.statistics()["reads"]
    assert isinstance(plan.next(6.1), float)


def test_while_little_is_known_the_first_read_is_not_before_half_a_second() -> None:
    """A tenth have ended early, and there is no estimate for the others."""
    times = observed_young()
    assert (0.5, PageRead()) == advance(plan_of(3, times), 0.0)


def observed_young() -> SettleTimes:
    """Return the estimate after a tenth of the deliveries have ended, and long ago."""
    times = SettleTimes()
    for number in range(100):
        times.observe(f"past_{number}", sent=0.0, age=9.0, duration=0.1 if number < 10 else None)
    times.refresh()
    return times


def test_an_event_that_cannot_be_decoded_is_read_singly() -> None:
    """The others stay on the page; what is not awaited, or read singly already, changes nothing."""
    plan = plan_of(4, knowing(5.0))
    for event_id in ("wevt_3", "wevt_3", "wevt_foreign"):
        plan.event_undecodable(event_id)
    assert (4, 3) == (plan.statistics()["events"], plan.statistics()["on_page"])


def test_an_event_without_a_known_send_is_read_at_once_and_singly() -> None:
    """Its age counts from the first wait, and it may not be on the page."""
    plan = ReadPlan(knowing(5.0))
    for number in range(5):
        plan.add(PlannedWait(math.inf), f"wevt_{number}", now=50.0, sent_at=None, is_unknown=True)
    assert {EventRead(f"wevt_{number}") for number in range(5)} == {plan.next(50.0) for _ in range(5)}


def test_outliers_share_a_few_reads_per_second_until_these_find_ends() -> None:
    """Deliveries that never end must not use up the rate limit."""
    plan = plan_of(100, knowing(1.0), beyond=True)
    now, reads = 0.0, 0
    while now < 61.0:
        found = plan.next(now)
        if isinstance(found, float):
            now = found
            continue
        reads += 1
        assert isinstance(found, EventRead)
        plan.event_finished(found, read_at=now, now=now)
    assert 200 <= reads <= 100 + 60 / 0.4 + 10


def test_a_read_that_moved_the_estimate_moves_the_reads_that_follow() -> None:
    """The first event of the queue is planned again when it is taken."""
    times = knowing(4.0, count=20)
    plan = plan_of(2, times, beyond=True)
    for number in range(2):
        plan.event_seen(f"wevt_{number}", read_at=1.0, now=1.0)
    assert 2.0 == plan.next(1.0)
    for number in range(180):
        times.observe(f"slow_{number}", sent=float(number), age=100.0, duration=90.0)
    times.refresh()
    assert 2.0 == plan.next(1.0)
