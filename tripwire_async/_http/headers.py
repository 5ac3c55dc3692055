"""Response headers: lookup in any case, request id, ``Retry-After`` and ``Date``."""

from __future__ import annotations

import math
import re
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from tripwire_async._secrets.redaction import sanitize

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

REQUEST_ID: Final = "X-Request-Id"

# Stricter than float(), which also accepts "1_000", "inf", "nan" and the digits of every script.
_SECONDS: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DAY: Final = 86_400.0


def header(headers: Mapping[str, str], name: str) -> str | None:
    """Return the value of the header *name*, in any case, or None.

    The transport's mapping ignores case by itself. A plain dict, for example from a test or a cache, is searched.
    """
    value = headers.get(name)
    if value is not None:
        return value
    lowered = name.lower()
    return next((value for key, value in headers.items() if key.lower() == lowered), None)


def request_id(headers: Mapping[str, str]) -> str | None:
    """Return the service's id of the request, sanitized; None without one."""
    return sanitize(header(headers, REQUEST_ID) or "") or None


def response_date(headers: Mapping[str, str]) -> datetime | None:
    """Return the ``Date`` of a response with its time zone; None if it is missing or malformed."""
    return _parse_date(header(headers, "Date") or "")


def parse_retry_after(headers: Mapping[str, str], *, wall_now: Callable[[], float] = time.time) -> float | None:
    """Return the seconds to wait, from now on, by ``Retry-After``; None if it is missing or malformed.

    Accepts seconds, also with a fraction, and a date in each of the three formats of HTTP (RFC 9110, section 10.2.3).
    Negative numbers and dates in the past are 0. A date is relative to the ``Date`` of the same response, so that an
    error of the local clock does no harm. Without ``Date``, or with one more than a day from *wall_now*, it is relative
    to *wall_now*, in Unix seconds: with a local clock that wrong, TLS would not work.

    Never raises. The result is finite but may be very long: compare it with a deadline. ``inf`` and ``nan`` count as
    malformed, so that a shared rate limit cannot be closed permanently.
    """
    text = header(headers, "Retry-After")
    if text is None:
        return None
    text = text.strip()
    if _SECONDS.fullmatch(text):
        seconds = float(text)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    retry_at = _parse_date(text)
    if retry_at is None:
        return None
    now, sent_at = wall_now(), response_date(headers)
    if sent_at is not None and abs(sent_at.timestamp() - now) <= _DAY:
        now = sent_at.timestamp()
    return max(0.0, retry_at.timestamp() - now)


def _parse_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
        # A date without a zone, for example in the format of asctime(), is in UTC. Python takes it for local time.
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        # Dates at the ends of the calendar cannot be converted to Unix time.
        date.timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        # The standard library's parser raises different errors in different versions of Python.
        return None
    return date
