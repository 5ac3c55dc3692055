"""Standing still after a refusal: until when, and who goes first afterwards."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST: Final = 1.0
_LONGEST: Final = 20.0


@final
class Cooldown:
    """A time stamp that holds everybody, and a probe that goes alone once it has passed.

    Attributes:
        until: When the cooldown ends.
        pending: Whether a probe has yet to succeed.
        probe: The request that is out as the probe; None when none is.
    """

    __slots__ = ("_jitter", "_refusals_in_a_row", "_since", "half_open", "probe", "until")

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._refusals_in_a_row = 0
        self._since = -math.inf
        self.until = -math.inf
        self.half_open = False
        self.probe: object | None = None

    def refuse(self, request: object, sent: float, now: float, retry_after: float | None) -> None:
        """Begin a cooldown, or lengthen it; the end is never moved forward.

        Without *retry_after* it is 1 s, doubled for each refusal after a cooldown up to 20 s, and up to a quarter more.
        """
        if retry_after is None:
            if sent >= self._since:
                self._refusals_in_a_row += 1
                self._since = now
            retry_after = min(_LONGEST, _FIRST * 2.0 ** max(0, self._refusals_in_a_row - 1)) * (1 + self._jitter() / 4)
        self.until = max(self.until, now + retry_after)
        self.half_open = True
        if self.probe is request:
            self.probe = None

    def probe_lost(self, request: object) -> None:
        """Let another go first if *request* was the probe: it ended without an answer."""
        if self.probe is request:
            self.probe = None

    def accept(self, request: object) -> None:
        """Open for the rest if *request* was the probe: it was let in."""
        if self.probe is request:
            self.probe = None
            self.half_open = False
            self._refusals_in_a_row = 0
