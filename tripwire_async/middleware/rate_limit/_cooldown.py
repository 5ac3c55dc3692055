"""Cooldown after a 429: nothing is sent until its end, and then a single probe."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_COOLDOWN: Final = 300.0
"""Upper bound of a cooldown in seconds: one probe per five minutes harms no service, and a bad header must not last."""
_FIRST: Final = 1.0
_MAX_DEFAULT: Final = 20.0


@final
class Cooldown:
    """Time stamp that holds all requests, and the probe that is sent after it.

    Attributes:
        until: End of the cooldown.
        half_open: Whether a probe has yet to be accepted.
        probe: The probe in flight, or None.
    """

    __slots__ = ("_jitter", "_rejections_in_a_row", "_since", "half_open", "probe", "until")

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._rejections_in_a_row = 0
        self._since = -math.inf
        self.until = -math.inf
        self.half_open = False
        self.probe: object | None = None

    def reject(self, request: object, sent: float, now: float, retry_after: float | None) -> None:
        """Start or extend a cooldown; it is never shortened.

        It lasts *retry_after* seconds, `MAX_COOLDOWN` at most. Without *retry_after* it lasts 1 s, doubled for each
        rejection that follows a cooldown, 20 s at most, and up to a quarter longer at random.
        """
        if retry_after is None:
            if sent >= self._since:
                self._rejections_in_a_row += 1
                self._since = now
            growth = 2.0 ** max(0, self._rejections_in_a_row - 1)
            retry_after = min(_MAX_DEFAULT, _FIRST * growth) * (1 + self._jitter() / 4)
        self.extend(now + min(retry_after, MAX_COOLDOWN))
        self.probe_lost(request)

    def extend(self, until: float) -> None:
        """Let the cooldown last until *until* at least."""
        self.until = max(self.until, until)
        self.half_open = True

    def probe_lost(self, request: object) -> None:
        """Allow another probe if *request* was the probe: it ended without a response."""
        if self.probe is request:
            self.probe = None

    def accept(self, request: object, now: float) -> None:
        """End the cooldown if *request* was the probe, unless a rejection beside it requires a longer one."""
        if self.probe is request:
            self.probe = None
            self.half_open = now < self.until
            self._rejections_in_a_row = 0
