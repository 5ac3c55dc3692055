"""Tests of the rolling-window estimate: pure functions of times."""

from __future__ import annotations

import pytest

from tripwire_async.middleware.rate_limit._cooldown import Cooldown
from tripwire_async.middleware.rate_limit._window import Window, WindowStatistics


def burst(window: Window, count: int, *, at: float = 0.0, trip: float = 0.1, limit: int = 10, before: int = 0) -> None:
    """Send *count* requests at once, with responses in order after *trip* seconds."""
    sent = [window.send(at) for _ in range(count)]
    for index, one in enumerate(sent, start=before + 1):
        window.accept(one, at + trip, limit, limit - index)


def learned(limit: int = 10, length: float = 2.0) -> Window:
    """Return a window whose length is known from a rejection at 0.2; it was filled at 0."""
    window = Window()
    burst(window, limit, limit=limit)
    window.reject(window.send(0.1), 0.2, length - 0.1, limit)
    return window


def test_a_refusal_tells_the_length_of_the_window() -> None:
    """The oldest request that counts leaves when Retry-After has passed; trips make it longer, never shorter."""
    assert 2.0 <= (learned().length or 0) <= 2.0 + 0.2


def test_nothing_is_free_until_the_oldest_has_left() -> None:
    """A request at that time is not rejected."""
    window = learned()
    assert window.free(1.99) < 0
    when = window.next_change(0.2)
    assert when is not None
    assert 2.0 <= when <= 2.3
    assert window.free(when) == 10 - 1  # the rejected one counts a little longer


def test_refused_requests_count_like_the_others() -> None:
    """The service counts rejected requests too."""
    window = learned()
    assert window.used(0.3) == 11


def test_what_is_lost_may_have_been_counted_and_what_was_never_sent_is_not() -> None:
    """A lost response leaves its request counted; a failed connection does not."""
    window = learned()
    used = window.used(0.3)
    window.lose(window.send(0.3), 0.4)
    assert window.used(0.4) == used + 1
    window.unsend(window.send(0.4))
    assert window.used(0.4) == used + 1


def test_lost_requests_count_before_the_length_is_known() -> None:
    """No response includes them, until one to a request that was sent after they had ended."""
    window = Window()
    burst(window, 1)
    lost = [window.send(1.0) for _ in range(9)]
    for permit in lost:
        window.lose(permit, 5.0)
    assert window.free(5.0) == 0
    window.accept(window.send(6.0), 6.1, 10, 8)
    assert window.free(6.1) == 8


def test_a_request_that_is_given_up_early_counts_from_when_it_arrives() -> None:
    """A cancelled request is still on its way: it counts as long as one that was answered."""
    answered, cancelled = learned(), learned()
    burst(answered, 1, at=5.0)
    cancelled.lose(cancelled.send(5.0), 5.0)
    expired = answered.next_change(5.1)
    assert expired is not None
    assert cancelled.used(expired - 0.01) == 1


def test_an_answer_that_counts_less_than_was_sent_shortens_the_window() -> None:
    """If fewer count than were surely there, the oldest have left: the window is no longer than they are old."""
    window = Window()
    burst(window, 5)
    late = window.send(7.0)
    window.accept(late, 7.1, 10, 9)
    assert window.length == pytest.approx(7.0)


def test_a_window_shorter_than_a_round_trip_has_no_negative_length() -> None:
    """The shortest round trip is subtracted from the bound."""
    window = Window()
    burst(window, 1, trip=0.8)
    window.merge(1.0, 10, 0.5)
    assert window.length == 0.0


def test_answers_with_requests_on_the_way_prove_nothing() -> None:
    """Such a request may have been counted later."""
    window = Window()
    sent = [window.send(0.0) for _ in range(5)]
    for one in sent:
        window.accept(one, 0.1, 10, 9)
    assert window.length is None


def test_refusals_prove_nothing_about_requests_that_left() -> None:
    """Only requests that were let in are sure to count at every service."""
    window = Window()
    for _ in range(8):
        window.reject(window.send(0.0), 0.1, None, 10)
    window.accept(window.send(7.0), 7.1, 10, 9)
    assert window.length is None


def test_the_highest_count_of_answers_that_crossed_is_taken() -> None:
    """The last request sent is not always the last one counted."""
    window = Window()
    first, second, third = (window.send(at) for at in (0.0, 0.1, 0.2))
    window.accept(third, 0.5, 10, 9)
    window.accept(first, 0.6, 10, 7)
    window.accept(second, 0.7, 10, 8)
    assert window.used(0.7) == 3


def test_an_answer_that_came_before_the_newest_request_was_sent_is_forgotten() -> None:
    """Free slots are visible although an older response reported fewer."""
    window = Window()
    window.accept(window.send(0.0), 0.1, 10, 0)
    window.accept(window.send(5.0), 5.1, 10, 9)
    assert window.used(5.1) == 1


def test_a_late_answer_neither_raises_nor_changes_the_limit() -> None:
    """The newest values stay."""
    window = Window()
    old = window.send(0.0)
    window.accept(window.send(1.0), 1.1, 10, 2)
    window.accept(old, 1.2, 20, 19)
    assert window.limit == 10
    assert window.used(1.2) == 8


def test_requests_of_other_processes_are_seen_and_forgotten_in_time() -> None:
    """Requests of other clients leave after a window at most."""
    window = learned()
    window.accept(window.send(5.0), 5.1, 10, 3)
    assert window.used(5.1) == 7
    when = window.next_change(5.1)
    assert when is not None
    assert window.used(when + 0.01) == 0


def test_a_rejection_shows_that_the_limit_is_used_up() -> None:
    """The rest of the limit belongs to other clients; nothing is free until it has left."""
    window = learned()
    window.reject(window.send(5.0), 5.1, 1.0, 10)
    assert window.used(5.1) == 10
    assert window.used(10.0) == 0


def test_an_unexpected_rejection_makes_bursts_smaller_for_a_while() -> None:
    """Free slots are free for other clients too; after *limit* accepted requests the part is whole again."""
    window = learned()
    burst(window, 1, at=5.0)
    assert window.free(5.1) == 9
    window.reject(window.send(5.1), 5.2, 0.1, 10)
    assert window.free(20.0) == 5
    assert window.send_nowait(20.0) is None  # it would take any free slot
    for index in range(10):
        window.accept(window.send(20.0 + index * 30), 20.1 + index * 30, 10, 9)
    assert window.free(400.0) == 10


def test_a_window_that_has_become_longer_is_found_by_doubling() -> None:
    """The length doubles at most."""
    window = learned(length=2.0)
    known = window.length or 0
    burst(window, 9, at=4.0, before=1)
    window.reject(window.send(4.5), 4.6, 50.0, 10)
    assert known < (window.length or 0) <= 2 * known + 0.2


def test_a_refusal_that_says_nothing_of_a_limit_teaches_nothing() -> None:
    """A proxy's 429 without headers leaves the window unknown."""
    window = Window()
    window.reject(window.send(0.0), 0.1, 5.0, None)
    assert window.limit is None
    assert window.length is None
    assert window.free(0.1) == 0


def test_with_hardly_any_requests_of_our_own_a_refusal_does_not_tell_the_length() -> None:
    """The oldest counted request is hardly ours, and a penalty is not a window."""
    window = Window()
    window.reject(window.send(0.0), 0.1, 300.0, 10)
    assert window.length is None


def test_a_limit_that_has_shrunk_explains_a_refusal() -> None:
    """More of our requests are counted than the new limit allows; window and caution stay."""
    window = learned()
    length = window.length
    window.reject(window.send(0.3), 0.4, 1.7, 5)
    assert window.length == length
    assert window.free(60.0) == 5


def test_what_is_remembered_is_bounded() -> None:
    """A window of more requests than are remembered is followed by the service's own count."""
    window = Window()
    limit = 100_000
    for index in range(20_000 + 100):
        window.accept(window.send(float(index)), index + 0.5, limit, limit - index - 1)
    assert window.statistics() == WindowStatistics(counted=10_000, expired=10_001)
    assert window.used(1e9) == 20_000 + 100


def test_a_cooldown_is_never_shortened() -> None:
    """The latest end of several cooldowns applies."""
    cooldown = Cooldown(lambda: 0.0)
    cooldown.reject(object(), 0.0, 1.0, 10.0)
    cooldown.reject(object(), 0.0, 2.0, 1.0)
    assert cooldown.until == 11.0


def test_only_the_probe_ends_a_cooldown() -> None:
    """Other responses describe the time before."""
    cooldown, probe = Cooldown(lambda: 0.0), object()
    cooldown.reject(object(), 0.0, 1.0, 10.0)
    cooldown.probe = probe
    cooldown.accept(object(), 11.0)
    cooldown.probe_lost(object())
    assert cooldown.half_open
    assert cooldown.probe is probe
    cooldown.accept(probe, 11.0)
    assert not cooldown.half_open


def test_a_probe_does_not_end_a_pause_that_another_rejection_asks_for() -> None:
    """A slower request is rejected while the probe is in flight; another probe follows after its pause."""
    cooldown, probe = Cooldown(lambda: 0.0), object()
    cooldown.reject(object(), 0.0, 1.0, 1.0)
    cooldown.probe = probe
    cooldown.reject(object(), 0.0, 2.1, 30.0)
    cooldown.accept(probe, 2.2)
    assert (cooldown.half_open, cooldown.probe, cooldown.until) == (True, None, 32.1)


def test_a_success_makes_cooldowns_short_again() -> None:
    """The growth of cooldowns without a length starts again."""
    cooldown = Cooldown(lambda: 0.0)
    for now in (0.0, 10.0, 20.0):
        cooldown.reject(object(), now, now, None)
    assert cooldown.until == 24.0
    cooldown.probe = probe = object()
    cooldown.accept(probe, 100.0)
    cooldown.reject(object(), 30.0, 30.0, None)
    assert cooldown.until == 31.0


def test_a_look_that_cannot_succeed_does_not_put_off_one_that_can() -> None:
    """Uncertain requests are not searched; the next response that shows the length is used."""
    window = Window()
    burst(window, 32, limit=64)
    window.lose(window.send(0.1), 0.2)
    window.accept(window.send(1.2), 1.3, 64, 64 - 32)  # there are more than these inside, but one of them is lost
    window.accept(window.send(1.3), 1.4, 64, 64 - 3)
    assert window.length is not None


def test_requests_without_a_response_are_forgotten_like_the_others() -> None:
    """At most 10,000 requests are remembered as counted, however they ended."""
    window = Window()
    for number in range(10_005):
        window.lose(window.send(number / 1000), number / 1000 + 0.1)
    assert window.statistics().counted == 10_000
