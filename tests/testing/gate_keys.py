"""The developer's side of a Gate delivery, written apart from the server's."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from collections.abc import Mapping


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


def delivery_request(private: X25519PrivateKey) -> dict[str, Any]:
    """Ask for a delivery to the public half of *private*."""
    public = private.public_key().public_bytes_raw()
    return {
        "version": 1,
        "algorithm": "x25519-hkdf-sha256/aes-256-gcm",
        "key_id": _text(hashlib.sha256(public).digest()),
        "public_key": _text(public),
    }


def opened(private: X25519PrivateKey, envelope: Mapping[str, Any]) -> Any:
    """Open *envelope* with *private*."""
    shared = private.exchange(X25519PublicKey.from_public_bytes(_bytes(envelope["ephemeral_public_key"])))
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=_bytes(envelope["salt"]), info=b"tripwire-gate-delivery:v1")
    sealed = _bytes(envelope["ciphertext"]) + _bytes(envelope["tag"])
    return json.loads(AESGCM(hkdf.derive(shared)).decrypt(_bytes(envelope["iv"]), sealed, None))
