"""Layout and key derivation of sealed tokens, shared by opening and sealing."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tripwire_async._secrets.secret import Secret

VERSION_1: Final = 1
VERSION_2: Final = 2

RECIPIENT_ID_SIZE: Final = 32
MAX_RECIPIENTS: Final = 256
_LABEL_2: Final = b"foil-sealed-results-v2"
_SHA256_HEX: Final = re.compile(r"[0-9a-fA-F]{64}")


def derive_token_key(secret: Secret) -> bytes:
    """Return the key that encrypts a token of version 1, and wraps the content key of version 2."""
    return hashlib.sha256(_normalize_key(secret) + b"\0sealed-results").digest()


def recipient_id(secret: Secret) -> bytes:
    """Return the id of the holder of *secret* in a token of version 2."""
    return hashlib.sha256(_normalize_key(secret) + b"\0sealed-results-recipient-id").digest()


def recipient_aad(recipient: bytes) -> bytes:
    """Return the additional authenticated data of a wrapped content key."""
    return b"\0".join((_LABEL_2, b"recipient", recipient))


def payload_aad(header: bytes, recipients: list[bytes]) -> bytes:
    """Return the additional authenticated data of the payload: its *header* and every recipient id, in order."""
    return b"\0".join((_LABEL_2, b"payload", header + b"".join(recipients)))


def _normalize_key(secret: Secret) -> bytes:
    """Return the SHA-256 of a *secret* key in lower-case hex; 64 hex digits are taken as one already."""
    text = secret.reveal()
    if _SHA256_HEX.fullmatch(text):
        return text.lower().encode()
    # A lone surrogate, as an environment variable can hold, must not end in an exception that carries the key.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest().encode()
