"""Bound on the clock of a store, from the times in its replies."""

from __future__ import annotations

from typing import Final, final

_DRIFT: Final = 0.001
"""Seconds per second by which two clocks may diverge: each is off by 500 ppm at most while it is adjusted."""

_ROUNDING: Final = 1e-6
"""Seconds to which times are compared: Redis counts microseconds, and sums of times are rounded."""


@final
class StoreClock:
    """Earliest time that the clock of a store can show at a time of this process.

    A reply was made before it was received. So the store's clock is ahead by the time in the reply, less the time of
    its receipt, at least. The largest of these bounds is from the reply that was fastest.
    """

    __slots__ = ("_ahead", "_measured_at")

    def __init__(self) -> None:
        self._ahead: float | None = None
        self._measured_at = 0.0

    def earliest(self, now: float) -> float | None:
        """Return the earliest time that the clock of the store can show *now*; None before the first reply."""
        return None if self._ahead is None else now + self._ahead - _DRIFT * (now - self._measured_at)

    def measure(self, sent: float, received: float, time: float) -> None:
        """Take account of a reply that contains the *time* of the store, with the times of the request and receipt."""
        ahead = time - received
        before, expected = self.earliest(sent), self.earliest(received)
        # If the store made the reply before that was possible, its clock was set back, and the bound is void.
        if before is not None and expected is not None and before <= time + _ROUNDING:
            ahead = max(ahead, expected - received)
        self._ahead, self._measured_at = ahead, received
