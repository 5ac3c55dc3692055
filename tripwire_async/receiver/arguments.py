"""Checks of numbers that are passed as arguments."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Final

MAX_UNIX_SECONDS: Final = 10**12
"""Bound on the timestamps of webhooks, which have up to 12 digits."""


def require_number(name: str, value: object, unit: str) -> None:
    """Raise `TypeError` unless *value*, the argument called *name*, is a number of the *unit*."""
    if isinstance(value, bool) or not isinstance(value, Real):
        msg = f"{name} must be a number of {unit}, not {type(value).__name__}"
        raise TypeError(msg)


def require_whole_number(name: str, value: object, unit: str) -> None:
    """Raise `TypeError` unless *value*, the argument called *name*, is a whole number of the *unit*."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        msg = f"{name} must be a whole number of {unit}, not {type(value).__name__}"
        raise TypeError(msg)


def check_tolerance(tolerance: float) -> None:
    """Raise `TypeError` or `ValueError` unless *tolerance* is a finite number of seconds of 0 or more."""
    require_number("tolerance", tolerance, "seconds")
    if not 0 <= tolerance < math.inf:
        msg = f"tolerance must be a finite number of seconds of 0 or more, not {tolerance!r}"
        raise ValueError(msg)
