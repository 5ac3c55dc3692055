"""Rolling-window estimate of the server's limit: its size, its length and how much of it is used.

The service reports how many requests fit into its window (``X-RateLimit-Limit``) and how many more would be accepted
(``X-RateLimit-Remaining``). It does not report the length of the window, or when a request leaves it. Both follow from
the times of our requests:

- A rejection with ``Retry-After`` reports when the oldest counted request will leave. We know when it was sent.
- A response reports the number of counted requests. If more of our requests had ended before, the oldest have left.

Either gives an upper bound of the length, whatever other clients of the same key do. We know when a request was sent
and when its response came; the service counts it in between. Every bound here uses the careful end of that interval.
The bound from a response can be far too long: after a pause, the requests before it have left, at an unknown time. Then
a full window is tested with a request, as if nothing were known.

Nothing here waits or uses asyncio: times are plain numbers.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import islice, pairwise
from typing import Final, final

import attrs

from ._cooldown import MAX_COOLDOWN
from ._permit import Permit
from ._round_trips import RoundTrips
from ._trial import LengthTrial

_MAX_REMEMBERED: Final = 10_000
"""Number of remembered requests. For a longer window only the count that the service reports is used."""
_MAX_CAUTION: Final = 64
_PRECISE: Final = 0.9
"""A bound is precise if the window lasts at least this part of it."""

_PAUSE: Final = 1.5 * MAX_COOLDOWN
"""Seconds without a request that are a pause, and not only a cooldown between two probes."""


@attrs.frozen
class WindowStatistics:
    """Number of requests that a `Window` remembers.

    Attributes:
        counted: Requests that are assumed to be counted by the service.
        expired: Requests that have left the window and are kept for the next rejection.
    """

    counted: int
    expired: int


@final
class Window:
    """Rolling limit of one key, as far as it is known.

    Attributes:
        limit: Requests per window; None until a response reports it.
        in_flight: Requests that are sent and have not ended.
        is_precise: Whether the length of the window is known, and not only that it is no longer than a pause was.
        trial: Trial of a usual length.
    """

    __slots__ = (
        "_assumed_bound",
        "_bound",
        "_caution",
        "_clean_streak",
        "_counted",
        "_dropped",
        "_expired",
        "_lifetime",
        "_lost",
        "_newest",
        "_other_clients",
        "_other_clients_until",
        "_reported",
        "_round_trips",
        "_skip_checks",
        "_uncertain",
        "_unexpected_at",
        "in_flight",
        "is_precise",
        "limit",
        "trial",
    )

    def __init__(self) -> None:
        self.limit: int | None = None
        self.in_flight = 0
        self.is_precise = False
        self.trial = LengthTrial()
        self._counted: deque[Permit] = deque()  # ended and counted by the service, ordered by end
        self._expired: deque[Permit] = deque()  # the ones before; only a rejection needs them
        self._dropped = 0  # how many have left `_counted` so far
        self._uncertain = 0  # how many in `_counted` are not certain
        self._newest = -math.inf  # when the newest request with a response had been sent
        self._reported: deque[tuple[float, int]] = deque()  # counts reported since then, with times; only falling ones
        self._lost: deque[float] = deque()  # ends that no reported count includes; only without a bound
        self._assumed_bound: float | None = None  # what the bound was before a rejection contradicted it
        self._bound: float | None = None  # least time from sending a request until it had left
        self._lifetime = math.inf  # after the end of a request, until another may take its place
        self._round_trips = RoundTrips()
        self._skip_checks = 0
        self._unexpected_at = -math.inf  # the latest rejection although our count had room
        self._caution = 1  # one in this many of the free slots may be in flight
        self._clean_streak = 0  # requests accepted since
        self._other_clients = 0
        self._other_clients_until = -math.inf

    @property
    def length(self) -> float | None:
        """Upper bound of the window's length in seconds; None while nothing is known."""
        return None if self._bound is None else max(self._bound - self._round_trips.shortest, 0.0)

    def statistics(self) -> WindowStatistics:
        """Return the number of remembered requests."""
        return WindowStatistics(counted=len(self._counted), expired=len(self._expired))

    def send(self, now: float) -> Permit:
        """Note that a request is sent."""
        self.in_flight += 1
        return Permit(now, self._dropped + len(self._counted))

    def send_nowait(self, now: float) -> Permit | None:
        """Note that a request is sent if there is certainly room; return None if `free` must decide."""
        limit = self.limit
        if limit is None or self._caution > 1:
            return None
        # Without a bound it is the same as `used`: every request passes here.
        reported = self._reported[0][1] if self._reported else 0
        used = reported + len(self._lost) + self.in_flight if self._bound is None else self.used(now)
        if used >= limit:
            return None
        self.in_flight += 1
        return Permit(now, self._dropped + len(self._counted))

    def start_trial(self, permit: Permit) -> None:
        """Note that *permit* tries the usual length."""
        self._expire(permit.sent_at)
        self.trial.start(permit, self._counted, self.in_flight)

    def unsend(self, permit: Permit) -> None:
        """Note that a request in flight did not reach the service."""
        self.trial.lose(permit)
        self.in_flight -= 1

    def lose(self, permit: Permit, now: float) -> None:
        """Note that a request ended without a response, or that the service may have counted it."""
        self.trial.lose(permit)
        now = self.arrival(permit, now)
        self._end(permit, now)
        if self._bound is None:
            self._lost.append(now)

    def arrival(self, permit: Permit, now: float) -> float:
        """Return by when a request that is given up *now* has arrived: given up early, it is still on its way."""
        return max(now, permit.sent_at + self._round_trips.mean)

    def accept(self, permit: Permit, now: float, limit: int | None, remaining: int | None) -> None:
        """Note an accepted request; *limit* and *remaining* are from the headers of its response."""
        permit.is_certain = True
        if limit is None or remaining is None:
            self._end(permit, now)
            return
        self._round_trips.measure(now - permit.sent_at)
        if self._bound is not None:
            self._set_lifetime(self._bound)
        # The same as `_end`: every response passes here.
        self.in_flight -= 1
        permit.ended_at = now
        counted = self._counted
        counted.append(permit)
        if len(counted) > _MAX_REMEMBERED:
            self._drop()
        count = limit - remaining
        if self._caution > 1:
            self._clean_streak += 1
            if self._clean_streak >= limit:
                self._caution //= 2
                self._clean_streak = 0
        self._learn(permit, now, limit, count)
        if self.trial.permit is permit and (length := self.trial.accept(permit, count)) is not None:
            self._limit_length(length + self._round_trips.shortest, now)
        # One more than the count must have left; another one more, for services that count a request after reporting.
        if permit.ended_before - self._dropped - self._uncertain > count + 1:
            self._check_length(permit, now, count)

    def accept_probe(self, now: float) -> None:
        """Note that a probe was accepted, before its `accept`.

        If our own requests alone fill the window, it is shorter than a contradicting rejection made it: that rejection
        was due to other clients. So the window shrinks, but not below the length that was assumed before.
        """
        if self._bound is None or self._assumed_bound is None or self.limit is None:
            return
        if self.own_usage(now) > self.limit:
            self._limit_length(max(self._assumed_bound, self._bound / 2), now)

    def reject(self, permit: Permit, now: float, retry_after: float | None, limit: int | None) -> None:
        """Note a rejection by the limit that the headers describe; it counts like any other request.

        *retry_after* is None if the header is missing or not related to the window.
        """
        if limit is not None:
            self._round_trips.measure(now - permit.sent_at)
            if self._bound is not None:
                self._set_lifetime(self._bound)
        self._end(permit, now)
        limit = self.limit if limit is None else limit
        if limit is None:
            return
        self._learn(permit, now, limit, limit)
        self.trial.reject(permit)
        if retry_after is not None:
            self._infer_length(permit, now, limit, retry_after)

    def merge(self, now: float, limit: int | None, length: float | None) -> None:
        """Take over what other processes have learned about the same limit."""
        if self.limit is None:
            self.limit = limit
        if length is not None and (self._bound is None or length < self._bound):
            self.is_precise = True
            self._limit_length(length, now)

    def used(self, now: float) -> int:
        """Return an upper bound of the requests that the service counts now."""
        if self._bound is None:
            reported = self._reported[0][1] if self._reported else 0
            return reported + len(self._lost) + self.in_flight
        self._expire(now)
        own = self.in_flight + len(self._counted)
        return own + self._other_clients if now < self._other_clients_until else own

    def own_usage(self, now: float) -> int:
        """Return an upper bound of our requests that the service counts now."""
        self._expire(now)
        return self.in_flight + len(self._counted)

    def free(self, now: float, reserve: int = 0) -> int:
        """Return how many more requests may be sent while *reserve* are left; zero or less means none."""
        if self.limit is None:
            return 0
        free = self.limit - reserve - self.used(now)
        if self._caution == 1 or free <= 0:
            return free
        # Other clients see the same free slots: take a part of them, and see how many the responses leave.
        return min(free, max(1, (free + self.in_flight) // self._caution) - self.in_flight)

    @property
    def oldest(self) -> float:
        """End of the oldest request that the service may count; infinite without a counted request."""
        counted = self._counted
        if not counted:
            return math.inf
        if self.is_precise or not self._reported:
            return counted[0].ended_at
        # The others have left, but not long enough ago for the bound.
        return counted[min(max(0, len(counted) - self._reported[0][1]), len(counted) - 1)].ended_at

    def trial_at(self, now: float) -> float:
        """Return when a request would show whether the window is shorter than assumed; infinite if it would not."""
        length = self.length
        return (
            math.inf
            if length is None
            else self.trial.starts_at(self._counted, length, now)
            - self._round_trips.repeated
            - self._round_trips.jitter
        )

    def next_change(self, now: float) -> float | None:
        """Return when `used` will fall without a response; None if only a response can change it."""
        self._expire(now)
        when = self._counted[0].ended_at + self._lifetime if self._counted else math.inf
        if now < self._other_clients_until and self._other_clients:
            when = min(when, self._other_clients_until)
        return when if when < math.inf else None

    def _limit_length(self, bound: float, now: float) -> None:
        """Set the bound of the window's length, round trips included."""
        self._bound = bound
        self._lost.clear()
        self._set_lifetime(bound)
        self._expire(now)

    def _set_lifetime(self, bound: float) -> None:
        # The margin is for clock drift and rounding.
        self._lifetime = max(bound - self._round_trips.excess, 0.0) + 0.001 + bound * 0.0005

    def _end(self, permit: Permit, now: float) -> None:
        self.in_flight -= 1
        permit.ended_at = now
        self._counted.append(permit)
        if not permit.is_certain:
            self._uncertain += 1
        if len(self._counted) > _MAX_REMEMBERED:
            self._drop()

    def _expire(self, now: float) -> None:
        counted, lifetime = self._counted, self._lifetime
        while counted and counted[0].ended_at + lifetime <= now:
            self._drop()

    def _drop(self) -> None:
        permit = self._counted.popleft()
        self._dropped += 1
        if not permit.is_certain:
            self._uncertain -= 1
        self._expired.append(permit)
        if len(self._expired) > min(self.limit or 0, _MAX_REMEMBERED) + 1:
            self._expired.popleft()

    def _learn(self, permit: Permit, now: float, limit: int, count: int) -> None:
        """Take over what a response reports, unless a newer request had its response before."""
        reported = self._reported
        if permit.sent_at >= self._newest:
            self._newest = permit.sent_at
            self.limit = limit
            # Responses from before the newest request was sent are outdated. Later ones may describe the time before or
            # after it; the highest count includes all of them.
            while reported and reported[0][0] < permit.sent_at:
                reported.popleft()
            while self._lost and self._lost[0] < permit.sent_at:
                self._lost.popleft()
            if self._bound is not None:
                self._expire(now)
                self._other_clients = max(0, count - self.in_flight - len(self._counted))
                # What other clients sent leaves after the shorter of the lengths that are possible.
                shortest = self._lifetime if self._assumed_bound is None else min(self._lifetime, self._assumed_bound)
                self._other_clients_until = now + shortest
        while reported and reported[-1][1] <= count:
            reported.pop()
        reported.append((now, count))

    def _check_length(self, permit: Permit, now: float, count: int) -> None:
        """Shorten the window if the service counts fewer requests than were certainly sent in it."""
        # Only requests that had ended when this one was sent are certainly older.
        older = permit.ended_before - self._dropped
        certain = older - self._uncertain
        if self._skip_checks > 0 and certain <= count * 4 // 3:
            self._skip_checks -= 1
            return
        newer = len(self._counted) - older
        older_certain = (other.sent_at for other in islice(reversed(self._counted), newer, None) if other.is_certain)
        bound = now - min(permit.sent_at, *islice(older_certain, count + 1))
        if self._bound is None or bound < self._bound:
            self._assumed_bound = None
            if not self.is_precise:
                # Some of the older requests are still counted, which is a lower bound.
                still_counted = max(0, min(older, count - 1 - newer - self.in_flight))
                earliest = self._counted[older - still_counted].ended_at if still_counted else permit.sent_at
                self.is_precise = permit.sent_at - earliest >= _PRECISE * bound
            self._limit_length(bound, now)
        self._skip_checks = count // 16  # spread over the responses, a check as long as the count costs nothing

    def _infer_length(self, permit: Permit, now: float, limit: int, retry_after: float) -> None:
        """Infer the length from a rejection: the oldest of the last *limit* requests is the next one to leave."""
        last = list(self._counted)[-limit:]
        if len(last) < limit:
            last = list(self._expired)[len(last) - limit :] + last
        whole = len(last) == limit
        bound = now + retry_after - min(other.sent_at for other in last)
        if self._bound is None or (not self.is_precise and self.own_usage(now) > limit):
            # With only a few of our requests in the window, the oldest counted one is hardly one of them.
            if whole or len(last) > limit // 2:
                self.is_precise = _shows_length(bound, last)
                self._limit_length(bound if self._bound is None else min(bound, self._bound), now)
                if whole and self.is_precise and retry_after.is_integer():
                    # Rounded up, and each end of the interval is known but for one round trip.
                    self.trial.propose(bound - 1.0 - 2 * self._round_trips.mean, bound - self._round_trips.shortest)
            return
        self._expire(now)
        if permit.sent_at < self._unexpected_at or self.in_flight + len(self._counted) > limit:
            return  # known already, or expected: the limit has shrunk
        # By our count there was room. Either other clients use the key, or the window is longer than assumed. It lasts
        # no longer than this rejection says, which is far too long if other clients are the reason. A later response
        # corrects that.
        self._unexpected_at = now
        self._caution = min(2 * self._caution, _MAX_CAUTION)
        self._clean_streak = 0
        self._skip_checks = 0
        if whole and bound > self._bound:
            self._assumed_bound = self._assumed_bound or self._bound
            self._limit_length(min(bound, 2 * self._bound), now)


def _shows_length(bound: float, last: list[Permit]) -> bool:
    """Return whether a rejection shows the length; *bound* follows from the requests *last*.

    If most of the bound is pauses, other clients may have used up the limit since, and the requests from before a pause
    may have left long ago.
    """
    sent = sorted(permit.sent_at for permit in last)
    gaps = (later - earlier for earlier, later in pairwise(sent))
    return sum(gap for gap in gaps if gap > _PAUSE) < bound / 2
