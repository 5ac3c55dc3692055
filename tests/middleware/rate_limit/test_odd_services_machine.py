"""The estimate of the limit against services that do not count as it assumes.

Fixed windows and token buckets, another client of the same key, rejections for other reasons than the limit, and round
trips of any length: then rejections are no surprise, but each is followed by its pause, and no request waits for ever.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from tests.support.machine_settings import machine_settings
from tests.support.window_machine import WindowMachine

if TYPE_CHECKING:
    from tests.support.brute_force_limit import Kind
    from tests.support.window_machine import Sent
    from tripwire_async._http.messages import Priority

pytestmark = pytest.mark.machine

LONGEST_PAUSE = 300.0
"""Seconds after which a request is sent whatever the service said."""


class OddServiceMachine(WindowMachine):
    """Sends what the estimate allows to a service that departs from the model."""

    @initialize(
        kind=st.sampled_from(["rolling", "fixed", "bucket"]),
        limit=st.integers(2, 12),
        window=st.sampled_from([0.7, 1.0, 2.0, 2.5, 10.0, 60.0]),
        trip=st.sampled_from([0.01, 0.2, 1.0]),
        is_whole=st.booleans(),
        seed=st.integers(0, 1000),
    )
    def begin(self, kind: Kind, limit: int, window: float, trip: float, is_whole: bool, seed: int) -> None:  # type: ignore[override] - has other parameters, and replaces the first
        self.prepare(kind, limit, window, trip, 0.5, is_whole)
        self.random = random.Random(seed)  # noqa: S311 - not a secret
        self.odd: list[tuple[float | None, bool]] = []
        self.not_before = -math.inf
        self.pauses = 0

    # -- the network --------------------------------------------------------------------------------------------------

    def delays(self) -> tuple[float, float]:
        return self.there * self.random.uniform(0.5, 2), self.back * self.random.uniform(0.5, 2)

    def arrive(self, sent: Sent, back: float) -> None:
        if not self.odd:
            super().arrive(sent, back)
            return
        retry_after, has_headers = self.odd.pop()
        sent.has_arrived = True
        self.later(back, lambda: self.refuse(sent, retry_after, has_headers=has_headers))

    def refuse(self, sent: Sent, retry_after: float | None, *, has_headers: bool) -> None:
        if sent.has_ended:
            return
        self.end(sent)
        self.note_pause(retry_after or 0.0)
        limit = self.service.limit
        self.model.reject(sent.permit, self.now, retry_after, *((limit, limit - 1) if has_headers else (None, None)))

    def respond(self, sent: Sent, remaining: int, wait: float | None) -> None:
        if wait is not None and not sent.has_ended:
            self.note_pause(wait)
        super().respond(sent, remaining, wait)

    def note_pause(self, seconds: float) -> None:
        self.pauses += 1
        self.not_before = max(self.not_before, self.now + min(seconds, LONGEST_PAUSE))

    def send(self, priority: Priority) -> bool:
        """Send a request if it is allowed: never before the pause that a rejection asks for has passed."""
        is_sent = super().send(priority)
        assert not is_sent or self.now >= self.not_before - 1e-6
        return is_sent

    def check_arrival(self, sent: Sent, is_rejected: bool) -> None:
        """Nothing can be said: the service may count more than the estimate knows of."""

    def patience(self, count: int) -> float:
        return super().patience(count) * 4 + LONGEST_PAUSE * (self.pauses + len(self.odd) + count)

    # -- the rules ----------------------------------------------------------------------------------------------------

    @rule(count=st.integers(1, 15))
    def send_from_elsewhere(self, count: int) -> None:
        """Count requests of another client."""
        for _ in range(count):
            self.service.count(self.now, own=False)

    @rule(
        count=st.integers(1, 3),
        retry_after=st.sampled_from([None, 0.0, 0.5, 1.0, 30.0, 1764279600.0]),
        has_headers=st.booleans(),
    )
    def reject_next(self, count: int, retry_after: float | None, has_headers: bool) -> None:
        """Reject the next requests for another reason, as a proxy does or a limit without headers."""
        self.odd += [(retry_after, has_headers)] * count

    def teardown(self) -> None:
        """After the longest pause the next requests are accepted as by a service that was never odd."""
        if not hasattr(self, "model"):
            return
        self.odd.clear()
        self.advance_to(self.now + LONGEST_PAUSE + 4 * self.service.window)
        assert not self.open
        assert self.model.window.in_flight == 0
        accepted = self.accepted
        self.send_all(3, "interactive")
        self.advance_to(self.now + 10)
        assert self.accepted > accepted


TestOddService = OddServiceMachine.TestCase
TestOddService.settings = machine_settings(50, 25, is_fixed=True)
