"""Validation of external input: models, and binary fields in base64url."""

from __future__ import annotations

import base64
import re
from typing import Final, TypeVar

from tripwire_async._codec.converter import DecodeError, structure
from tripwire_async.errors import GateDeliveryError

T = TypeVar("T")

_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*")


def parse_model(value: object, model: type[T], what: str) -> T:
    """Return *value*, a mapping or a *model*, as *model*; raise `GateDeliveryError` if it does not fit."""
    if isinstance(value, model):
        return value
    try:
        return structure(value, model)
    except DecodeError as problem:
        msg = f"the {what} is not valid: {problem}"
        raise GateDeliveryError(msg) from None


def decode_base64url(text: object, what: str, *, size: int | None = None) -> bytes:
    """Decode *text*, base64url without padding; if *size* is given, it must be that number of bytes."""
    data = None
    # Python's decoder skips invalid characters, and accepts spare bits in the last one that are not zero.
    if isinstance(text, str) and _BASE64URL.fullmatch(text) and len(text) % 4 != 1:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if data is None or encode_base64url(data) != text:
        msg = f"the {what} is not base64url without padding"
    elif size is not None and len(data) != size:
        msg = f"the {what} has {len(data)} bytes and must have {size}"
    else:
        return data
    # It can be a private key, and error reporters print the locals of every frame.
    del text, data
    raise GateDeliveryError(msg)


def encode_base64url(data: bytes) -> str:
    """Return *data* in base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
