"""How sealed tokens are laid out and which keys they take: what opening one and sealing one share."""

from __future__ import annotations

import hashlib
import re
from typing import Final

VERSION_1: Final = 1
VERSION_2: Final = 2

RECIPIENT_ID_SIZE: Final = 32
MAX_RECIPIENTS: Final = 256
_LABEL_2: Final = b"foil-sealed-results-v2"
_SHA256_HEX: Final = re.compile(r"[0-9a-fA-F]{64}")


def normalize_key(secret: str) -> bytes:
    """Return the SHA-256 of a *secret* key in lower-case hex; 64 hex digits are taken to be one already."""
    if _SHA256_HEX.fullmatch(secret):
        return secret.lower().encode()
    # A lone surrogate, as an environment variable can hold, must not end in an exception that carries the key.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest().encode()


def derive_token_key(secret: str) -> bytes:
    """Return the key that encrypts a token of version 1, and wraps the content key of one of version 2."""
    return hashlib.sha256(normalize_key(secret) + b"\0sealed-results").digest()


def recipient_id(secret: str) -> bytes:
    """Return what a token of version 2 calls the holder of *secret*."""
    return hashlib.sha256(normalize_key(secret) + b"\0sealed-results-recipient-id").digest()


def recipient_aad(recipient: bytes) -> bytes:
    """Return the data that is authenticated along with a wrapped content key."""
    return b"\0".join((_LABEL_2, b"recipient", recipient))


def payload_aad(header: bytes, recipients: list[bytes]) -> bytes:
    """Return the data that is authenticated along with the payload: its *header* and every recipient id, in order."""
    return b"\0".join((_LABEL_2, b"payload", header + b"".join(recipients)))
