"""Reading what comes from outside: models, and binary fields in base64url."""

from __future__ import annotations

import base64
import re
from typing import Final, TypeVar

from tripwire_async._codec.converter import DecodeError, structure
from tripwire_async.errors import GateDeliveryError

T = TypeVar("T")

_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")


def parse_model(value: object, model: type[T], what: str) -> T:
    """Return *value* as *model*, from a dict as it came or from a model that somebody made."""
    if isinstance(value, model):
        return value
    try:
        return structure(value, model)
    except DecodeError as problem:
        msg = f"the {what} is not one: {problem}"
        raise GateDeliveryError(msg) from None


def decode_base64url(text: object, what: str, *, size: int | None = None) -> bytes:
    """Return the bytes of *text*, which is base64url without padding and, where *size* is given, that many bytes."""
    data = None
    # Python's own decoder passes over strange characters; and the last one may have spare bits, which must be zero.
    if isinstance(text, str) and _BASE64URL.fullmatch(text) and len(text) % 4 != 1:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if data is None or encode_base64url(data) != text:
        msg = f"the {what} is not base64url without padding"
    elif size is not None and len(data) != size:
        msg = f"the {what} has {len(data)} bytes and must have {size}"
    else:
        return data
    # It may be a private key, and reports of errors print what the frames hold.
    del text, data
    raise GateDeliveryError(msg)


def encode_base64url(data: bytes) -> str:
    """Return *data* in base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
