"""Credentials under seal: what a Gate delivery carries, as the service would encrypt it.

X25519, HKDF-SHA256 and AES-256-GCM, version 1; every binary field is base64url without padding. The checks need nothing
but the standard library; sealing imports cryptography when it is used.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from .messages import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHM: Final = "x25519-hkdf-sha256/aes-256-gcm"
_INFO: Final = b"tripwire-gate-delivery:v1"


def to_text(data: bytes) -> str:
    """Return *data* as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def to_bytes(text: str) -> bytes:
    """Return what base64url *text* without padding stands for; raise ValueError if nothing."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def is_delivery_request(value: Any) -> bool:
    """Whether *value* asks for a delivery to a key that is whole and goes by its own name."""
    if not _is_object(value):
        return False
    request = value
    if request.get("version") != 1 or request.get("algorithm") != ALGORITHM:
        return False
    try:
        public = to_bytes(request["public_key"])
    except (KeyError, TypeError, ValueError):
        return False
    return len(public) == 32 and request.get("key_id") == to_text(hashlib.sha256(public).digest())


def seal(request: Mapping[str, Any], outputs: Mapping[str, str], ack_token: str | None = None) -> dict[str, Any]:
    """Encrypt *outputs* to the key of the delivery *request*, with the token that acknowledges them."""
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
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(to_bytes(request["public_key"])))
    salt, iv = secrets.token_bytes(32), secrets.token_bytes(12)
    key = HKDF(algorithm=SHA256(), length=32, salt=salt, info=_INFO).derive(shared)
    sealed = AESGCM(key).encrypt(iv, encode(plain), None)
    return {
        "version": 1,
        "algorithm": ALGORITHM,
        "key_id": request["key_id"],
        "ephemeral_public_key": to_text(ephemeral.public_key().public_bytes_raw()),
        "salt": to_text(salt),
        "iv": to_text(iv),
        "ciphertext": to_text(sealed[:-16]),
        "tag": to_text(sealed[-16:]),
    }
