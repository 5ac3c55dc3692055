"""Deliveries on their way to an endpoint: waiting for them, alone or many together."""

from __future__ import annotations

from ._polling import PollSchedule
from .pending import PendingDelivery

__all__ = ["PendingDelivery", "PollSchedule"]
