"""What the answers tell about a rolling limit: its size, its length and how much of it is used up.

The service tells how many requests fit (``X-RateLimit-Limit``) and how many more would (``-Remaining``), but neither
how long its window is nor when a request leaves it. Both follow from the times of our own requests:

- A refusal with ``Retry-After`` says when the oldest request that counts will leave. We know when we sent that one.
- An answer says how many count now. If more of ours than that were answered before, the oldest of them have left.

Either gives a time that the window cannot exceed, whatever other processes use the same key. We see a request leave
and its answer come, and the service counts it somewhere in between; every bound here is taken from the careful end.

Nothing here waits or knows asyncio: times come in as numbers.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final, final

import msgspec

_MAX_REMEMBERED: Final = 10_000
"""How many requests are remembered; a window that holds more is followed by what the service tells alone."""
_MAX_CAUTION: Final = 64


class Permit(msgspec.Struct, eq=False):
    """One request that counts.

    Attributes:
        at: When it was sent.
        answered: When its answer came, or when it was given up; the service counted it no later than that.
        certain: Whether the service is known to have let it in: no refusal and no loss.
    """

    at: float
    answered: float = math.inf
    certain: bool = False


@final
class Window:
    """The rolling limit of one key, as far as it is known.

    Attributes:
        limit: Requests per window; None as long as no answer has told.
        in_flight: Requests sent that are neither answered nor given up.
    """

    __slots__ = (
        "_bound",
        "_caution",
        "_clean_streak",
        "_counted",
        "_expired",
        "_lifetime",
        "_min_rtt",
        "_newest",
        "_other_clients",
        "_other_clients_until",
        "_reported",
        "_skip_checks",
        "_uncertain",
        "_unexpected_at",
        "in_flight",
        "limit",
    )

    def __init__(self) -> None:
        self.limit: int | None = None
        self.in_flight = 0
        self._counted: deque[Permit] = deque()  # ended and counted by the service, in the order in which they ended
        self._expired: deque[Permit] = deque()  # those before; only a refusal looks at them
        self._uncertain = 0  # how many of those inside are not certain
        self._newest = -math.inf  # when the newest request that was answered had been sent
        self._reported: deque[tuple[float, int]] = (
            deque()
        )  # counts told since then, with their times; only falling ones
        self._bound: float | None = None  # the least of: end of an answer, minus sending of one that had left by then
        self._lifetime = (
            math.inf
        )  # from the end of a request until another, sent then, arrives after the first has left
        self._min_rtt = math.inf  # the shortest time that an answer took
        self._skip_checks = 0
        self._unexpected_at = -math.inf  # when a refusal last came though there was room by our count
        self._caution = 1  # the part of what is free that may be in flight: one in so many
        self._clean_streak = 0  # requests let in since
        self._other_clients = 0
        self._other_clients_until = -math.inf

    @property
    def length(self) -> float | None:
        """Seconds that the window lasts at the most; None when nothing is known."""
        return None if self._bound is None else max(self._bound - self._min_rtt, 0.0)

    def send(self, now: float) -> Permit:
        """Note that a request goes out."""
        self.in_flight += 1
        return Permit(now)

    def try_send(self, now: float) -> Permit | None:
        """Note that a request goes out if there is room for certain; None where it takes `free` to tell."""
        if self.limit is None or self._caution > 1 or self.used(now) >= self.limit:
            return None
        self.in_flight += 1
        return Permit(now)

    def unsend(self) -> None:
        """Note that a request in flight never reached the service."""
        self.in_flight -= 1

    def lose(self, sent: Permit, now: float) -> None:
        """Note that a request ended without an answer: the service may have counted it."""
        self._end(sent, now)

    def answer(self, sent: Permit, now: float, limit: int | None, remaining: int | None) -> None:
        """Note an answer that was no refusal; *limit* and *remaining* are what its headers told."""
        sent.certain = True
        if now - sent.at < self._min_rtt:
            self._record_rtt(now - sent.at)
        self._end(sent, now)
        if limit is not None and remaining is not None:
            count = limit - remaining
            if self._caution > 1:
                self._clean_streak += 1
                if self._clean_streak >= limit:
                    self._caution //= 2
                    self._clean_streak = 0
            self._learn(sent, now, limit, count)
            # One more than the count must have left by then. A look in vain puts the next one off, so only the certain
            # ones call for one.
            if len(self._counted) - self._uncertain > count + 1:
                self._tighten(sent, now, count)

    def refuse(self, sent: Permit, now: float, retry_after: float | None, limit: int | None) -> None:
        """Note a refusal, which counts like any other request; *retry_after* is None when it told nothing."""
        if now - sent.at < self._min_rtt:
            self._record_rtt(now - sent.at)
        self._end(sent, now)
        limit = self.limit if limit is None else limit
        if limit is None:
            return
        self._learn(sent, now, limit, limit)
        if retry_after is not None:
            self._infer(sent, now, limit, retry_after)

    def merge(self, now: float, limit: int | None, length: float | None) -> None:
        """Take over what others have learned of the same limit."""
        if self.limit is None:
            self.limit = limit
        if length is not None and (self._bound is None or length < self._bound):
            self._limit_length(length, now)

    def used(self, now: float) -> int:
        """Return how many requests count now, at the most, as far as can be told."""
        if self._bound is None:
            return self._reported[0][1] + self.in_flight if self._reported else self.in_flight
        self._expire(now)
        own = self.in_flight + len(self._counted)
        return own + self._other_clients if now < self._other_clients_until else own

    def own_usage(self, now: float) -> int:
        """Return how many of our own requests count now, at the most."""
        self._expire(now)
        return self.in_flight + len(self._counted)

    def free(self, now: float, reserve: int = 0) -> int:
        """Return how many more may be sent now if *reserve* are to be left; none, for 0 and less."""
        if self.limit is None:
            return 0
        free = self.limit - reserve - self.used(now)
        if self._caution == 1 or free <= 0:
            return free
        # What is free is so for others too: take a part of it at a time, and look how much the answers leave.
        return min(free, max(1, (free + self.in_flight) // self._caution) - self.in_flight)

    @property
    def oldest(self) -> float | None:
        """When the oldest request that counts had been answered; None when none counts, as far as is known."""
        return self._counted[0].answered if self._counted else None

    def next_change(self, now: float) -> float | None:
        """Return when `used` will fall by itself; None when only an answer can tell."""
        self._expire(now)
        when = self._counted[0].answered + self._lifetime if self._counted else math.inf
        if now < self._other_clients_until and self._other_clients:
            when = min(when, self._other_clients_until)
        return when if when < math.inf else None

    def _limit_length(self, bound: float, now: float) -> None:
        """Take *bound* for the length of the window, trips included."""
        self._bound = bound
        self._set_lifetime()
        self._expire(now)

    def _set_lifetime(self) -> None:
        if self._bound is not None:
            # The bound holds a way there and a way back too much, and so does the end of a request. One is subtracted;
            # both could be too much, where the shortest trip that was seen had a connection to make first.
            self._lifetime = max(self._bound - self._min_rtt, 0.0) + _margin(self._bound)

    def _record_rtt(self, seconds: float) -> None:
        self._min_rtt = seconds
        self._set_lifetime()

    def _end(self, sent: Permit, now: float) -> None:
        self.in_flight -= 1
        sent.answered = now
        self._counted.append(sent)
        if not sent.certain:
            self._uncertain += 1
        if len(self._counted) > _MAX_REMEMBERED:
            self._drop()

    def _expire(self, now: float) -> None:
        inside, stay = self._counted, self._lifetime
        while inside and inside[0].answered + stay <= now:
            self._drop()

    def _drop(self) -> None:
        gone = self._counted.popleft()
        if not gone.certain:
            self._uncertain -= 1
        self._expired.append(gone)
        if len(self._expired) > min(self.limit or 0, _MAX_REMEMBERED) + 1:
            self._expired.popleft()

    def _learn(self, sent: Permit, now: float, limit: int, count: int) -> None:
        """Take over what an answer told, unless one to a newer request has come before."""
        told = self._reported
        if sent.at >= self._newest:
            self._newest = sent.at
            self.limit = limit
            # What came in before the newest request went out is old. Those that came in since may have been counted
            # before or after it; the highest count of them counts them all.
            while told and told[0][0] < sent.at:
                told.popleft()
            if self._bound is not None:
                self._expire(now)
                self._other_clients = max(0, count - self.in_flight - len(self._counted))
                self._other_clients_until = now + self._lifetime
        while told and told[-1][1] <= count:
            told.pop()
        told.append((now, count))

    def _tighten(self, sent: Permit, now: float, count: int) -> None:
        """Shorten the window: the service counts fewer requests than are certain to have been sent in it."""
        if self._skip_checks > 0:
            self._skip_checks -= 1
            return
        # One more than the count must have left; another one more, for services that count the request afterwards.
        missing, oldest = count + 1, sent.at
        for other in reversed(self._counted):
            if other.certain and other.answered <= sent.at and other is not sent:
                oldest = min(oldest, other.at)
                missing -= 1
                if not missing:
                    bound = now - oldest
                    if self._bound is None or bound < self._bound:
                        self._limit_length(bound, now)
                    break
        self._skip_checks = count // 16  # the walk is as long as the count: spread over the answers it costs nothing

    def _infer(self, sent: Permit, now: float, limit: int, retry_after: float) -> None:
        """Take the length of the window from a refusal: the oldest of the last *limit* requests is the one to leave."""
        last = list(self._counted)[-limit:]
        if len(last) < limit:
            last = list(self._expired)[len(last) - limit :] + last
        whole = len(last) == limit
        bound = now + retry_after - min(other.at for other in last)
        if self._bound is None:
            # With only a few requests of ours in the window the oldest in it is hardly one of them.
            if whole or len(last) > limit // 2:
                self._limit_length(bound, now)
            return
        self._expire(now)
        if sent.at < self._unexpected_at or self.in_flight + len(self._counted) > limit:
            return  # known already, or no wonder: the limit has shrunk
        # By our count there was room. Either others use the key, or the window is longer than thought: at the most as
        # long as this refusal says, which may be far too long when others are to blame. An answer will correct it.
        self._unexpected_at = now
        self._caution = min(2 * self._caution, _MAX_CAUTION)
        self._clean_streak = 0
        if whole and bound > self._bound:
            self._limit_length(min(bound, 2 * self._bound), now)


def _margin(length: float) -> float:
    """Return the seconds to allow for clocks that run at different speeds and for rounding."""
    return 0.001 + length * 0.0005
