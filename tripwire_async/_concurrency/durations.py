"""Durations as arguments: seconds, or a `datetime.timedelta`."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TypeAlias

Duration: TypeAlias = float | timedelta
"""Seconds, or a timedelta."""


def to_seconds(name: str, value: object) -> float:
    """Return *value*, the argument called *name*, in seconds.

    Raises:
        ValueError: It is neither a number nor a timedelta, or not a number at all (nan).
    """
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and not math.isnan(seconds):
        return seconds
    msg = f"{name} must be a number of seconds or a timedelta, not {value!r}"
    raise ValueError(msg)


def to_optional_seconds(name: str, value: object) -> float | None:
    """Return *value* in seconds, or None; see `to_seconds`."""
    if value is None:
        return None
    try:
        return to_seconds(name, value)
    except ValueError:
        msg = f"{name} must be a number of seconds, a timedelta, or None for no limit, not {value!r}"
    raise ValueError(msg)
