"""The whole rate limit against brute-force services: calls, responses, cancellations and event loops in any order.

`test_window_machine.py` and `test_odd_services_machine.py` cover the estimate alone, with each of its counts. Here the
calls go through the middleware, with its queue, timers and slots.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.support.limiter_machine import TOKENS, LimiterMachine
from tests.support.machine_settings import machine_settings
from tests.support.scripted_service import Fate

if TYPE_CHECKING:
    from tests.support.brute_force_limit import Kind
    from tests.support.scripted_service import Outcome

pytestmark = pytest.mark.machine

OUTCOMES = st.sampled_from(["limit", "other", "proxy", "server error", "bare error", "lost", "not sent"])
RETRY_AFTER = st.sampled_from([None, "0", "0.5", "1", "30", "1764279600", "soon"])


class OddLimiterMachine(LimiterMachine):
    """Makes calls to a service of any kind, beside another client and over a network of any speed."""

    # If another client causes the first rejection, single calls before it make the window look as long as they took.
    longest_pause = 25 * 61.0

    @initialize(
        kind=st.sampled_from(["rolling", "fixed", "bucket"]),
        limit=st.sampled_from([2, 3, 5, 12, 45]),
        window=st.sampled_from([0.7, 1.0, 2.0, 2.5, 10.0, 60.0]),
        trip=st.sampled_from([0.01, 0.2, 1.0]),
        is_whole=st.booleans(),
        max_in_flight=st.sampled_from([1, 3, 8, 40]),
        seed=st.integers(0, 1000),
    )
    def begin(  # type: ignore[override] - has other parameters, and replaces the first
        self, kind: Kind, limit: int, window: float, trip: float, max_in_flight: int, seed: int, *, is_whole: bool
    ) -> None:
        self.there = self.back = trip / 2
        self.random = random.Random(seed)  # noqa: S311 - not a secret
        self.prepare(kind, limit, window, max_in_flight, is_whole=is_whole)

    def delays(self) -> tuple[float, float]:
        return self.there * self.random.uniform(0.5, 2), self.back * self.random.uniform(0.5, 2)

    def check_rejections(self) -> None:
        """Accept any number: a cooldown follows each one, and then one probe."""

    @rule(count=st.integers(1, 5), outcome=OUTCOMES, retry_after=RETRY_AFTER, is_held=st.booleans())
    def plan_outcomes(self, count: int, outcome: Outcome, retry_after: str | None, *, is_held: bool) -> None:
        """Let the next requests end in another way, or with another Retry-After."""
        self.service.planned += [Fate(outcome, retry_after, is_held=is_held)] * count

    @rule(outcome=OUTCOMES, retry_after=RETRY_AFTER, is_held=st.booleans())
    def plan_the_next_probe(self, outcome: Outcome, retry_after: str | None, *, is_held: bool) -> None:
        self.probes.append(Fate(outcome, retry_after, is_held=is_held))

    @rule()
    def cancel_the_next_probe(self) -> None:
        self.probes.append(None)

    @precondition(lambda self: self.service.held)
    @rule(data=st.data(), outcome=OUTCOMES.filter(lambda outcome: outcome != "not sent"), retry_after=RETRY_AFTER)
    def answer_otherwise(self, data: st.DataObject, outcome: Outcome, retry_after: str | None) -> None:
        """Let a request that the service holds end in another way."""
        self.service.release(data.draw(st.sampled_from(self.service.held)), outcome, retry_after)
        self.let_time_pass(0.0)

    @rule(count=st.integers(1, 15), key=st.sampled_from(sorted(TOKENS)))
    def send_from_elsewhere(self, count: int, key: str) -> None:
        """Count requests of another client."""
        for _ in range(count):
            self.service.limit_of(key).count(self.loop.time(), own=False)

    @precondition(lambda self: self.service.kind != "bucket")
    @rule(limit=st.sampled_from([1, 2, 4, 10, 60]))
    def change_limit(self, limit: int) -> None:
        self.service.change_limit(limit)

    @rule(seconds=st.sampled_from([0.1, 1.0, 30.0, 3600.0]))
    def suspend(self, seconds: float) -> None:
        """Suspend the computer, so that timers run late."""
        self.loop.advance(seconds)
        self.note_free_slots()
        self.let_time_pass(0.0)


TestLimiter = LimiterMachine.TestCase
TestLimiter.settings = machine_settings(20, 25, is_fixed=True)
TestOddLimiter = OddLimiterMachine.TestCase
TestOddLimiter.settings = machine_settings(20, 25, is_fixed=True)
