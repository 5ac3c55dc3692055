"""Time of the server's clock, estimated from the dates in its responses.

An event that existed before a send must not be taken for the event of that send. The server dates its events by its own
clock, which may differ from ours by minutes. The difference follows from any date that the server wrote between a
request and its response.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

from tripwire_async._http.headers import response_date

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_RESOLUTION: Final = 0.001
"""Seconds to which the server rounds its dates, unless they are whole seconds."""

_DRIFT: Final = 0.001
"""Seconds per second by which the two clocks may drift apart."""


@final
class ServerClock:
    """Lower bound of the difference between the server's clock and ours, from the most exact response."""

    __slots__ = ("_noted", "_offset", "_uncertainty")

    def __init__(self) -> None:
        self._offset = 0.0
        self._uncertainty = math.inf
        self._noted = 0.0

    def note(self, started: float, finished: float, date: datetime) -> None:
        """Learn from a *date* that the server wrote between two times of our clock."""
        # The same as `_resolution`: every send passes here.
        uncertainty = finished - started + (_RESOLUTION if date.microsecond else 1.0)
        if uncertainty <= self._uncertainty + _DRIFT * (finished - self._noted):
            self._offset = date.timestamp() - finished
            self._uncertainty = uncertainty
            self._noted = finished

    def note_headers(self, started: float, finished: float, headers: Mapping[str, str]) -> None:
        """Learn from the ``Date`` of a response, which has whole seconds only; ignore one that is malformed."""
        date = response_date(headers)
        if date is not None:
            self.note(started, finished, date)

    def earliest(self, time: float) -> float | None:
        """Return the Unix time that the server's clock showed at *time* of our clock, or slightly less.

        Events that were created after *time* have no earlier date. None until a response had a date.
        """
        if self._uncertainty == math.inf:
            return None
        return time + self._offset - _RESOLUTION - _DRIFT * abs(time - self._noted)


def latest(date: datetime) -> float:
    """Return the latest Unix time that may have been rounded to the server's *date*."""
    return date.timestamp() + _resolution(date)


def _resolution(date: datetime) -> float:
    """Return the seconds to which *date* was rounded: a whole second may have been truncated."""
    return _RESOLUTION if date.microsecond else 1.0
