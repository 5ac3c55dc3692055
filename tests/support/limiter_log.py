"""Record of the calls of one key, and what the rate limit promises about their order and their times."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import attrs

from tripwire_async._http.headers import parse_retry_after

if TYPE_CHECKING:
    import asyncio

    from tests.support.scripted_service import Sent
    from tripwire_async._http.messages import Priority, Response

Phase: TypeAlias = Literal["waiting", "in flight", "backing off", "ended"]

PRIORITIES: Final[tuple[Priority, ...]] = ("interactive", "send", "poll")
LONGEST_COOLDOWN: Final = 300.0
_PASSES: Final[dict[Priority, dict[Priority, int]]] = {
    "interactive": {"send": 1, "poll": 1},
    "send": {"interactive": 3, "poll": 3},
    "poll": {"interactive": 1},
}
"""How many calls of another priority are sent before a waiting one."""
_EXACT: Final = 1e-6


@attrs.define(eq=False)
class Call:
    """One call through the rate limit.

    Attributes:
        key: The key of the call.
        priority: Its priority.
        deadline: When it times out.
        owner: The client that makes it.
        phase: Whether it waits, is in flight or backs off.
        place: Its position in the order in which calls began to wait.
        is_cancelled: Whether the test has cancelled it.
        is_closed: Whether the test has closed its client.
        sent: Its latest request.
        task: The task that makes it.
    """

    key: str
    priority: Priority
    deadline: float
    owner: int
    phase: Phase = "waiting"
    place: int = 0
    is_cancelled: bool = False
    is_closed: bool = False
    sent: Sent | None = None
    task: asyncio.Task[Response] = attrs.field(init=False)


@attrs.define
class KeyLog:
    """The calls of one key.

    Attributes:
        longest_gap: The most seconds from when a request could be sent until one is sent, besides a cooldown.
        waiting: The waiting calls, the first one first.
        open: The requests in flight.
        sent: All requests.
        rejections: Number of responses with the status 429.
        unnoticed: Number of requests that allow one more rejection: their event loop was closed, they were given up
            before there was any response, or they were probes, which are replaced whatever the count is.
        slowest: Longest time of a request in flight.
        half_open: Whether only a probe may be sent, after a cooldown.
        probe: The probe in flight.
        not_before: When the last cooldown ends.
        idle_since: Since when calls wait, slots are free and nothing is in flight.
        cancelled_at: When the test last cancelled calls.
    """

    longest_gap: float
    waiting: dict[Call, None] = attrs.field(factory=dict)
    open: list[Sent] = attrs.field(factory=list)
    sent: list[Sent] = attrs.field(factory=list)
    rejections: int = 0
    unnoticed: int = 0
    slowest: float = 0.0
    half_open: bool = False
    probe: Sent | None = None
    not_before: float = -math.inf
    idle_since: float = -math.inf
    cancelled_at: float = -math.inf
    _rejected_at: float = -math.inf
    _has_response: bool = False
    _passes: Counter[tuple[Priority, Priority]] = attrs.field(factory=Counter)

    def live(self) -> list[Call]:
        """Return the waiting calls that the test has not ended."""
        return [call for call in self.waiting if not call.is_cancelled and not call.is_closed]

    def wait(self, call: Call, place: int, now: float) -> None:
        """Note that *call* begins to wait; *place* is greater than those before."""
        call.phase, call.place = "waiting", place
        if not self.open and not self.waiting:
            self.idle_since = now
        if all(other.priority != call.priority for other in self.waiting):
            self._reset(call.priority)
        self.waiting[call] = None

    def check_send(self, now: float) -> None:
        """Check that a request may be sent: not in a cooldown, not beside a probe, and not after idle time."""
        if self.half_open and (now < self.not_before - _EXACT or self.probe is not None):
            # A call can receive its permit and a cooldown begin before it runs, at the same time.
            assert now == self._rejected_at, "a request was sent in a cooldown, or beside a probe"
        if not self.open:
            allowed_at = max(self.idle_since, min(self.not_before, self.idle_since + LONGEST_COOLDOWN))
            gap = now - allowed_at
            assert gap <= self.longest_gap + 2 * self.slowest, "calls waited although nothing was in flight"

    def send(self, call: Call, sent: Sent, now: float) -> None:
        """Note that the request of *call* is sent."""
        self.waiting.pop(call, None)
        call.phase, call.sent = "in flight", sent
        if self.half_open and self.probe is None and now >= self.not_before - _EXACT:
            self.probe = sent
        self.open.append(sent)
        self.sent.append(sent)

    def counted(self) -> int:
        """Return how many requests reached the service or may still do."""
        return sum(sent.is_connected or sent in self.open for sent in self.sent)

    def check_order(self, call: Call, place: int, now: float) -> None:
        """Check the order in which *call* was sent at *now*, after all have run that had a permit.

        *place* is greater than those of the calls that began to wait before.
        """
        waiting = [other for other in self.live() if other.place < place]
        assert all(other.place > call.place for other in waiting if other.priority == call.priority), "overtaken"
        self._reset(call.priority)
        if now == self.cancelled_at:
            # A call that is cancelled when it has its permit has had its turn, unnoticed.
            self._passes.clear()
            return
        for priority in {other.priority for other in waiting} - {call.priority}:
            self._passes[priority, call.priority] += 1
            allowed = _PASSES[priority].get(call.priority, math.inf)
            assert self._passes[priority, call.priority] <= allowed, f"{priority} calls starve"

    def end(self, sent: Sent, response: Response | None, now: float) -> None:
        """Note the end of a request; *response* is None if it was lost or given up."""
        if sent not in self.open:
            return  # its event loop was closed
        self.open.remove(sent)
        sent.ended_at = now
        if not self.open:
            self.idle_since = now
        is_probe, self.probe = self.probe is sent, None if self.probe is sent else self.probe
        self.slowest = max(self.slowest, now - sent.sent_at)
        if response is None:
            self.unnoticed += is_probe or not self._has_response
            return
        self._has_response = True
        if response.status == 429:
            retry_after = parse_retry_after(response.headers)
            self.rejections += 1
            self.half_open = True
            self._rejected_at = now
            pause = 1.0 if retry_after is None else min(retry_after, LONGEST_COOLDOWN)
            self.not_before = max(self.not_before, now + pause)
        elif is_probe or sent.sent_at >= self._rejected_at:
            self.half_open = now < self.not_before

    def close_loop(self) -> None:
        """Forget what waited or was in flight: the event loop is closed."""
        self.probe = None
        self.unnoticed += len(self.open)
        self.waiting.clear()
        self.open.clear()

    def _reset(self, waiting: Priority) -> None:
        for priority in PRIORITIES:
            self._passes[waiting, priority] = 0
