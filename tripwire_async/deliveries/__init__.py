"""Deliveries on their way to an endpoint: waiting for them, alone or many together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async._concurrency.polling import PollSchedule
from tripwire_async._lazy import lazy_exports

from .pending import PendingDelivery

if TYPE_CHECKING:
    from .loopback import LoopReceiver, ReceivedTest
    from .outcomes import Plan, TestOutcome, TestState, TestTimings
    from .progress import Progress
    from .test_run import FanOut

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
_EXPORTS: Final = {
    "FanOut": ".test_run",
    "LoopReceiver": ".loopback",
    "Plan": ".outcomes",
    "Progress": ".progress",
    "ReceivedTest": ".loopback",
    "TestOutcome": ".outcomes",
    "TestState": ".outcomes",
    "TestTimings": ".outcomes",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
