"""Deliveries on their way to an endpoint: waiting for them, alone or many together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async._concurrency.polling import PollSchedule
from tripwire_async._lazy import lazy_exports

from .pending import PendingDelivery

if TYPE_CHECKING:
    from .estimates import Plan, Progress
    from .loopback import LoopbackEndpoint, ReceivedTest
    from .outcomes import TestOutcome, TestState, TestTimings
    from .test_run import TestRun

__all__ = [
    "LoopbackEndpoint",
    "PendingDelivery",
    "Plan",
    "PollSchedule",
    "Progress",
    "ReceivedTest",
    "TestOutcome",
    "TestRun",
    "TestState",
    "TestTimings",
]

# One test, sent and awaited, needs none of these.
_EXPORTS: Final = {
    "TestRun": ".test_run",
    "LoopbackEndpoint": ".loopback",
    "Plan": ".estimates",
    "Progress": ".estimates",
    "ReceivedTest": ".loopback",
    "TestOutcome": ".outcomes",
    "TestState": ".outcomes",
    "TestTimings": ".outcomes",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
