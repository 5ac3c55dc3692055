"""How long deliveries usually take, from those that were seen to end."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tripwire_async.models import WebhookDelivery

_REMEMBERED: Final = 100
_LONGEST: Final = 30.0
"""Seconds as which a longer delivery counts: what was retried for an hour must not keep others from being read."""

_ENDED: Final = frozenset({"succeeded", "failed"})


@final
class SettleTimes:
    """The seconds that the last hundred deliveries took, by the service's own clock.

    The median of them, and not more, is what a read waits for: where some deliveries are retried for minutes, the many
    that are not must not wait with them. Skipped deliveries tell nothing, as nothing was sent.
    """

    __slots__ = ("_longest", "_seconds", "_usual")

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=_REMEMBERED)
        self._usual: float | None = 0.0
        self._longest: float | None = 0.0

    def note(self, deliveries: Iterable[WebhookDelivery]) -> None:
        """Learn from those of *deliveries* that have come to an end."""
        for delivery in deliveries:
            if delivery.status in _ENDED:
                seconds = (delivery.updated_at - delivery.created_at).total_seconds()
                self._seconds.append(min(max(seconds, 0.0), _LONGEST))
                self._usual = self._longest = None

    @property
    def usual(self) -> float:
        """Seconds after which a delivery has usually ended, a little added; 0 as long as nothing is known."""
        if self._usual is None:
            ordered = sorted(self._seconds)
            middle = len(ordered) // 2
            # `statistics` would do it, and bring fractions and decimals along.
            self._usual = _a_little_more((ordered[middle] + ordered[~middle]) / 2)
        return self._usual

    @property
    def longest(self) -> float:
        """Seconds after which all of the last hundred had ended, a little added; 0 as long as nothing is known."""
        if self._longest is None:
            self._longest = _a_little_more(max(self._seconds))
        return self._longest


def _a_little_more(seconds: float) -> float:
    return 1.02 * seconds + 0.02
