"""State machine that sends what the estimate of the limit allows to a brute-force service, without an event loop."""

from __future__ import annotations

import heapq
import itertools
import math
from typing import TYPE_CHECKING

import attrs
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support.brute_force_limit import BruteForceLimit
from tripwire_async.middleware.rate_limit._admission import LimitModel
from tripwire_async.middleware.rate_limit._trial import USUAL_LENGTHS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.brute_force_limit import Kind
    from tripwire_async._http.messages import Priority
    from tripwire_async.middleware.rate_limit._permit import Permit

PRIORITIES: tuple[Priority, ...] = ("interactive", "send", "poll")


@attrs.define(eq=False)
class Sent:
    """One request: its permit, and what the estimate said of the window when it was sent.

    Attributes:
        permit: Its permit.
        used: Upper bound of the requests that the service counts, this one included.
        is_expected: Whether its rejection is expected: a probe, a trial, or a request while the limit is unknown.
        has_arrived: Whether the service has counted it.
        has_ended: Whether the estimate knows its end.
    """

    permit: Permit
    used: int
    is_expected: bool
    has_arrived: bool = False
    has_ended: bool = False


class WindowMachine(RuleBasedStateMachine):
    """Sends what the estimate allows, over a network whose ways always take the same time."""

    @initialize(
        kind=st.just("rolling"),
        limit=st.integers(2, 12),
        window=st.sampled_from([0.7, 1.0, 2.0, 2.5, 10.0, 60.0]),
        trip=st.sampled_from([0.0, 0.01, 0.2, 0.5]),
        share=st.sampled_from([0.0, 0.5, 0.9]),
        is_whole=st.booleans(),
    )
    def begin(self, kind: Kind, limit: int, window: float, trip: float, share: float, is_whole: bool) -> None:
        # As documented, such a window is taken for the usual length until a burst is rejected.
        assume(not any(length < window <= length + trip for length in USUAL_LENGTHS))
        self.prepare(kind, limit, window, trip, share, is_whole)

    def prepare(self, kind: Kind, limit: int, window: float, trip: float, share: float, is_whole: bool) -> None:
        self.service = BruteForceLimit(kind, limit, window)
        self.model = LimitModel(jitter=lambda: 0.5)
        self.now = 0.0
        self.there, self.back = trip * share, trip * (1 - share)
        self.is_whole = is_whole
        self.open: list[Sent] = []
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.serials = itertools.count()
        self.accepted = 0

    # -- the network --------------------------------------------------------------------------------------------------

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self.events, (self.now + seconds, next(self.serials), action))

    def advance_to(self, when: float) -> None:
        while self.events and self.events[0][0] <= when:
            self.now, _, action = heapq.heappop(self.events)
            action()
        self.now = max(self.now, when)

    def delays(self) -> tuple[float, float]:
        """Return the seconds that a request is under way to the service, and its response back."""
        return self.there, self.back

    def send(self, priority: Priority) -> bool:
        """Send a request if it is allowed."""
        model = self.model
        half_open, known = model.cooldown.half_open, model.window.limit is not None
        room = model.window.free(self.now)
        permit = model.take_nowait(self.now, priority)
        if permit is None:
            return False
        sent = Sent(permit, model.window.used(self.now), half_open or not known or room <= 0)
        self.open.append(sent)
        there, back = self.delays()
        self.later(there, lambda: self.arrive(sent, back))
        return True

    def arrive(self, sent: Sent, back: float) -> None:
        sent.has_arrived = True
        remaining, wait = self.service.count(self.now)
        self.check_arrival(sent, wait is not None)
        self.later(back, lambda: self.respond(sent, remaining, wait))

    def respond(self, sent: Sent, remaining: int, wait: float | None) -> None:
        if sent.has_ended:
            return
        self.end(sent)
        if wait is None:
            self.accepted += 1
            self.model.accept(sent.permit, self.now, self.service.limit, remaining)
        else:
            retry_after = max(1.0, float(math.ceil(wait))) if self.is_whole else math.ceil(wait * 1000) / 1000
            self.model.reject(sent.permit, self.now, retry_after, self.service.limit, remaining)

    def end(self, sent: Sent) -> None:
        sent.has_ended = True
        self.open.remove(sent)

    def check_arrival(self, sent: Sent, is_rejected: bool) -> None:
        """The estimate has never counted fewer requests than the service, so that no rejection is a surprise."""
        assert self.service.own_count(self.now) <= sent.used
        assert sent.is_expected or not is_rejected

    # -- the rules ----------------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.003, 0.05, 0.4, 1.0, 2.6, 11.0, 61.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass; responses come."""
        self.advance_to(self.now + seconds)

    @rule(count=st.integers(1, 15), priority=st.sampled_from(PRIORITIES))
    def send_at_once(self, count: int, priority: Priority) -> None:
        """Send as many of *count* requests as are allowed now."""
        for _ in range(count):
            if not self.send(priority):
                break

    @rule(count=st.integers(1, 30), priority=st.sampled_from(PRIORITIES))
    def send_all(self, count: int, priority: Priority) -> None:
        """Send *count* requests, each as soon as it is allowed, like the calls that wait in a queue."""
        patience = self.now + self.patience(count)
        while count:
            if self.send(priority):
                count -= 1
                continue
            change = self.model.next_change(self.now)
            when = min(self.events[0][0] if self.events else math.inf, math.inf if change is None else change)
            assert when <= patience, "a waiting request is never sent"
            self.advance_to(when)

    def patience(self, count: int) -> float:
        """Return the seconds after which *count* requests have been sent for certain."""
        return 300 + 2 + (count / self.service.limit + 3) * (self.service.window + 2 + 2 * (self.there + self.back))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), how_many=st.integers(1, 12))
    def lose(self, data: st.DataObject, how_many: int) -> None:
        """Give requests up that may have been counted, or will be."""
        for sent in data.draw(st.lists(st.sampled_from(self.open), max_size=how_many, unique_by=id)):
            self.end(sent)
            self.model.lose(sent.permit, self.now, counted=True)

    @invariant()
    def the_estimate_is_consistent(self) -> None:
        """It knows each request in flight, the cooldown is bounded, and the queue has a time to look again."""
        if not hasattr(self, "model"):
            return
        assert self.model.window.in_flight == len(self.open)
        assert self.model.cooldown.until - self.now <= 300
        assert self.model.cooldown.probe is None or any(self.model.cooldown.probe is sent.permit for sent in self.open)
        statistics = self.model.window.statistics()
        assert statistics.expired <= self.service.limit + 1
