"""What time it is at the service, from the times that it writes into its answers.

An event that was there before a request must not be taken for its work. The service dates its events by its own clock,
which may be minutes from ours. How far it is off follows from whatever the service dated between a request and its
answer.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

from tripwire_async._http.headers import response_date

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_RESOLUTION: Final = 0.001
"""Seconds that the service's times are rounded to, those aside that are whole seconds."""

_DRIFT: Final = 0.001
"""Seconds by which the two clocks may part in a second."""


@final
class ServerClock:
    """The least that the service's clock is ahead of ours, in seconds; the best that the answers tell."""

    __slots__ = ("_ahead", "_noted", "_uncertainty")

    def __init__(self) -> None:
        self._ahead = 0.0
        self._uncertainty = math.inf
        self._noted = 0.0

    def note(self, began: float, ended: float, dated: datetime) -> None:
        """Learn from what the service *dated* between two moments of our clock."""
        doubt = ended - began + _resolution(dated)
        if doubt <= self._uncertainty + _DRIFT * (ended - self._noted):
            self._ahead = dated.timestamp() - ended
            self._uncertainty = doubt
            self._noted = ended

    def note_headers(self, began: float, ended: float, headers: Mapping[str, str]) -> None:
        """Learn from an answer's ``Date``, which knows whole seconds only, if it has one that makes sense."""
        dated = response_date(headers)
        if dated is not None:
            self.note(began, ended, dated)

    def earliest(self, moment: float) -> float | None:
        """Return the Unix time that the service's clock showed at our *moment*, or a little less.

        What came into being after *moment* bears no earlier date. None as long as no answer has told.
        """
        if self._uncertainty == math.inf:
            return None
        return moment + self._ahead - _RESOLUTION - _DRIFT * abs(moment - self._noted)


def latest(dated: datetime) -> float:
    """Return the latest Unix time that the service's date *dated* may stand for."""
    return dated.timestamp() + _resolution(dated)


def _resolution(dated: datetime) -> float:
    """Return to how many seconds the service has rounded: a whole second may well have been cut."""
    return _RESOLUTION if dated.microsecond else 1.0
