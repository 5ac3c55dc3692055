"""Rate limit headers of a response."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from multidict import istr

from tripwire_async._http.headers import header

if TYPE_CHECKING:
    from collections.abc import Mapping

_LIMIT: Final = istr("X-RateLimit-Limit")
_REMAINING: Final = istr("X-RateLimit-Remaining")
_MAX_DIGITS: Final = 15


def parse_headers(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Return the limit and what remains of it; None for a value that is missing or invalid."""
    limit = _cached_number(headers.get(_LIMIT) or header(headers, _LIMIT))
    if not limit:
        return None, None
    remaining = _number(headers.get(_REMAINING) or header(headers, _REMAINING))
    return limit, remaining if remaining is not None and remaining <= limit else None


def _number(text: str | None) -> int | None:
    if text is None or len(text) > _MAX_DIGITS or not text.isascii():
        return None
    return int(text) if text.isdecimal() or (text := text.strip()).isdecimal() else None


_cached_number: Final = functools.lru_cache(maxsize=64)(_number)  # the limit of a key rarely changes
