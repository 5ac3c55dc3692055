"""Content codings of responses: decompression that notices a cut-off body and stops at the size limit."""

from __future__ import annotations

import zlib
from typing import Final

ACCEPTED: Final = "gzip, deflate"
"""The value of ``Accept-Encoding``."""

_GZIP: Final = 16 + zlib.MAX_WBITS

_MAX_MEMBERS: Final = 100
"""Limit on the members of gzip data (RFC 1952, section 2.2): each one costs a copy of the data after it."""


class UnsupportedCodingError(Exception):
    """The coding of a response was not requested."""


class IncompleteBodyError(Exception):
    """The compressed data is cut off or damaged."""


class OversizedBodyError(Exception):
    """The body is larger than allowed after decompression."""


def decompress(body: bytes, coding: str, limit: int) -> bytes:
    """Return *body* without its content *coding* (RFC 9110, section 8.4), at most *limit* bytes.

    Raises:
        UnsupportedCodingError: The coding is not gzip or deflate.
        IncompleteBodyError: The data ends early, continues after its end, or is not in its coding.
        OversizedBodyError: The decompressed body is larger than *limit*.
    """
    name = coding.strip().lower()
    if name in {"", "identity"} or not body:
        return body
    if name in {"gzip", "x-gzip"}:
        bits = _GZIP
    elif name == "deflate":
        # Some servers leave out the header of zlib.
        bits = zlib.MAX_WBITS if body[0] & 0xF == zlib.DEFLATED else -zlib.MAX_WBITS
    else:
        raise UnsupportedCodingError
    inflated = b""
    for _ in range(_MAX_MEMBERS if bits == _GZIP else 1):
        inflater = zlib.decompressobj(bits)
        try:
            inflated += inflater.decompress(body, limit + 1 - len(inflated))
        except zlib.error:
            raise IncompleteBodyError from None
        if len(inflated) > limit:
            raise OversizedBodyError
        if not inflater.eof:
            raise IncompleteBodyError
        body = inflater.unused_data
        if not body:
            return inflated
    # What follows belongs to the body, which would be cut off without it.
    raise IncompleteBodyError
