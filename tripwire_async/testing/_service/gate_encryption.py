"""Encryption of Gate deliveries on the service's side.

X25519, HKDF-SHA256 and AES-256-GCM, version 1; binary fields are base64url without padding. Unlike
`tripwire_async.gate_delivery`, it encrypts any outputs, so that a test can send what a client must reject.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from tripwire_async.profiles import TRIPWIRE

from .messages import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHM: Final = "x25519-hkdf-sha256/aes-256-gcm"


def encode_base64url(data: bytes) -> str:
    """Return *data* as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_base64url(text: str) -> bytes:
    """Decode base64url *text* without padding; raise ValueError if it is malformed."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def is_delivery_request(value: Any) -> bool:
    """Return whether *value* is a delivery request whose key id matches its public key."""
    if not _is_object(value):
        return False
    request = value
    if request.get("version") != 1 or request.get("algorithm") != ALGORITHM:
        return False
    try:
        public = decode_base64url(request["public_key"])
    except (KeyError, TypeError, ValueError):
        return False
    return len(public) == 32 and request.get("key_id") == encode_base64url(hashlib.sha256(public).digest())


def encrypt(request: Mapping[str, Any], outputs: Mapping[str, str], ack_token: str | None = None) -> dict[str, Any]:
    """Encrypt *outputs* and *ack_token* for the key of the delivery *request*."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import (  # noqa: PLC0415 - slow to import, needed only here
        X25519PrivateKey,
        X25519PublicKey,
    )
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - slow to import, needed only here
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - slow to import, needed only here
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415 - slow to import, needed only here

    plain: dict[str, Any] = {"version": 1, "outputs": dict(outputs)}
    if ack_token is not None:
        plain["ack_token"] = ack_token
    ephemeral = X25519PrivateKey.generate()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(decode_base64url(request["public_key"])))
    salt, iv = secrets.token_bytes(32), secrets.token_bytes(12)
    key = HKDF(algorithm=SHA256(), length=32, salt=salt, info=TRIPWIRE.gate_info).derive(shared)
    encrypted = AESGCM(key).encrypt(iv, encode(plain), None)
    return {
        "version": 1,
        "algorithm": ALGORITHM,
        "key_id": request["key_id"],
        "ephemeral_public_key": encode_base64url(ephemeral.public_key().public_bytes_raw()),
        "salt": encode_base64url(salt),
        "iv": encode_base64url(iv),
        "ciphertext": encode_base64url(encrypted[:-16]),
        "tag": encode_base64url(encrypted[-16:]),
    }
