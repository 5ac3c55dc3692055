"""Validation of replies: a server that is not a Redis, or whose keys were changed, may send anything."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Generator

_LARGEST: Final = 2**53  # from which on the numbers of a script are not exact

UNEXPECTED: Final = (ValueError, TypeError, LookupError, ArithmeticError, RecursionError)
"""Exceptions with which redis-py may fail to parse a reply."""

_UNDECODABLE: Final = (*UNEXPECTED, AttributeError, msgspec.MsgspecError)


class MalformedReplyError(OSError):
    """A reply that the script does not send."""

    def __init__(self) -> None:
        super().__init__("malformed reply")


@contextlib.contextmanager
def decoding() -> Generator[None]:
    """Raise `MalformedReplyError` if a reply cannot be decoded."""
    try:
        yield
    except _UNDECODABLE:
        raise MalformedReplyError from None


def integer(value: Any, *, least: int = 0, most: int = _LARGEST) -> int:
    """Return *value*, an integer or its digits, if it is from *least* to *most*; raises ValueError or TypeError."""
    number = int(value)
    if not least <= number <= most:
        raise ValueError
    return number


def text(value: Any) -> str:
    """Return *value* as text: a client decodes replies or not, as its user has configured it."""
    return value if isinstance(value, str) else octets(value).decode()


def octets(value: Any) -> bytes:
    """Return *value* as bytes; raises TypeError if it is no string of Redis."""
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, bytes):
        raise TypeError
    return value
