"""How long a service asks to be left alone."""

from __future__ import annotations

import math
import re
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from .headers import header

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Stricter than float(), which also takes "1_000", "inf", "nan" and the digits of every script.
_SECONDS: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DAY: Final = 86_400.0


def parse_retry_after(headers: Mapping[str, str], *, wall_now: Callable[[], float] = time.time) -> float | None:
    """Return the seconds that ``Retry-After`` asks to wait, from now; None when it asks nothing that can be understood.

    Whole and broken seconds are taken, and a date in any of HTTP's three forms. What lies in the past is 0. A date is
    counted from the answer's own ``Date``, so that a clock that is wrong here does no harm; without one, or with one
    more than a day from ours (TLS would not work if ours were so wrong), from *wall_now*, in Unix seconds.

    Never raises. The result is finite, but may be long: the caller holds it against a deadline. ``inf`` and numbers too
    large for a float are rubbish, like ``nan``: nobody can wait for them, and a shared limit must not close for good.
    """
    text = header(headers, "Retry-After")
    if text is None:
        return None
    text = text.strip()
    if _SECONDS.fullmatch(text):
        seconds = float(text)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    until = _unix_seconds(text)
    if until is None:
        return None
    return max(0.0, until - _answered_at(headers, wall_now()))


def _answered_at(headers: Mapping[str, str], now: float) -> float:
    date = _unix_seconds(header(headers, "Date") or "")
    return now if date is None or abs(date - now) > _DAY else date


def _unix_seconds(text: str) -> float | None:
    try:
        date = parsedate_to_datetime(text)
        # A date without a zone, as asctime's, is in UTC over HTTP, and not in the zone that this machine stands in.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        # What the standard library's parser lets through differs between versions of Python.
        return None
