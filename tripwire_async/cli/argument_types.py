"""Types of arguments, which reject invalid values in terms of the command line."""

from __future__ import annotations

import argparse
import math
import re
from typing import TYPE_CHECKING, Final

from .parser import looks_like_key, unknown_value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_KINDS: Final = {
    "we_": "endpoint",
    "wevt_": "event",
    "org_": "organization",
    "sid_": "session",
    "vid_": "visitor",
    "key_": "API key",
}
_ID: Final = re.compile(r"[A-Za-z0-9_]+")
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?", re.ASCII)
_UNITS: Final = {"ms": 0.001, None: 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def resource_id(prefix: str) -> Callable[[str], str]:
    """Return a type for ids that begin with *prefix*."""

    def check(text: str) -> str:
        if text.startswith(prefix) and _ID.fullmatch(text):
            return text
        expected = f"{_KINDS[prefix]} ids begin with {prefix}"
        kind = next((kind for other, kind in _KINDS.items() if text.startswith(other)), None)
        if looks_like_key(text):
            msg = f"a key is not an id: {expected}"
        elif kind is None or kind == _KINDS[prefix]:
            msg = f'"{text}" is not a valid id: {expected}'
        else:
            msg = f'"{text}" is not the right kind of id ({kind}): {expected}'
        raise argparse.ArgumentTypeError(msg)

    return check


def duration(text: str) -> float:
    """Return the seconds in *text*, for example ``30``, ``30s``, ``5m`` or ``1h``."""
    found = _DURATION.fullmatch(text)
    seconds = float(found[1]) * _UNITS[found[2]] if found else math.nan
    if not seconds > 0:
        msg = f'"{text}" is not a duration above zero, such as 30, 30s, 5m or 1h'
        raise argparse.ArgumentTypeError(msg)
    return seconds


def whole_number(minimum: int, maximum: int | None = None) -> Callable[[str], int]:
    """Return a type for whole numbers from *minimum* to *maximum*."""
    span = f"from {minimum} to {maximum}" if maximum is not None else f"of {minimum} or more"

    def check(text: str) -> int:
        # int() accepts more than digits, for example underscores and blanks.
        if text.isdecimal() and text.isascii() and minimum <= int(text) <= (math.inf if maximum is None else maximum):
            return int(text)
        msg = f'"{text}" is not a whole number {span}'
        raise argparse.ArgumentTypeError(msg)

    return check


class EnumValue:
    """Type for the values of the enumeration *name* of `tripwire_async.models`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, text: str) -> str:
        """Return *text* if it is one of the values."""
        known = self.known()
        if text in known:
            return text
        raise argparse.ArgumentTypeError(unknown_value(text, known))

    def known(self) -> Sequence[str]:
        """Return the values."""
        # Imported here, because the help must not wait for the models.
        from tripwire_async import models

        return [str(member) for member in getattr(models, self._name)]


def http_url(text: str) -> str:
    """Return *text* if it is an absolute URL of HTTP."""
    if not text.startswith(("http://", "https://")):
        msg = f'"{text}" must begin with http:// or https://'
        raise argparse.ArgumentTypeError(msg)
    return text
