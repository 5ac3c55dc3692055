"""Deliveries on their way to an endpoint: waiting for them, alone or many together."""

from __future__ import annotations

from ._polling import PollSchedule
from .closed_loop import LoopReceiver, ReceivedTest
from .fan_out import FanOut
from .outcomes import Plan, TestOutcome, TestState, TestTimings
from .pending import PendingDelivery
from .progress import Progress

__all__ = [
    "FanOut",
    "LoopReceiver",
    "PendingDelivery",
    "Plan",
    "PollSchedule",
    "Progress",
    "ReceivedTest",
    "TestOutcome",
    "TestState",
    "TestTimings",
]
