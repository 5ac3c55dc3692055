"""Deliveries on their way to an endpoint: waiting for them, alone or many together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async._lazy import from_homes

from ._polling import PollSchedule
from .pending import PendingDelivery

if TYPE_CHECKING:
    from .closed_loop import LoopReceiver, ReceivedTest
    from .fan_out import FanOut
    from .outcomes import Plan, TestOutcome, TestState, TestTimings
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

# One test, sent and awaited, needs none of these.
_HOMES: Final = {
    "FanOut": "fan_out",
    "LoopReceiver": "closed_loop",
    "Plan": "outcomes",
    "Progress": "progress",
    "ReceivedTest": "closed_loop",
    "TestOutcome": "outcomes",
    "TestState": "outcomes",
    "TestTimings": "outcomes",
}

__getattr__, __dir__ = from_homes(__name__, _HOMES)
