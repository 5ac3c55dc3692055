"""Cryptographic primitives on the optional package cryptography, which is imported on first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

from tripwire_async.errors import ConfigurationError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

TAG_SIZE: Final = 16
NONCE_SIZE: Final = 12
KEY_SIZE: Final = 32


def require_cryptography() -> None:
    """Raise `ConfigurationError` if cryptography is not installed."""
    try:
        importlib.import_module("cryptography")
    except ImportError:
        msg = "the package cryptography is not installed: run pip install 'tripwire-async[crypto]'"
        raise ConfigurationError(msg) from None


def encrypt(key: bytes, nonce: bytes, plaintext: bytes, associated: bytes | None = None) -> bytes:
    """Return the AES-256-GCM ciphertext, followed by its tag."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - an optional dependency

    return AESGCM(key).encrypt(nonce, plaintext, associated)


def decrypt(key: bytes, nonce: bytes, ciphertext_and_tag: bytes, associated: bytes | None = None) -> bytes:
    """Return the plaintext of an AES-256-GCM ciphertext; raise `ValueError` if the tag does not match."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an optional dependency
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - an optional dependency

    try:
        return AESGCM(key).decrypt(nonce, ciphertext_and_tag, associated)
    except InvalidTag:
        msg = "the authentication tag does not match"
        raise ValueError(msg) from None


def agree(private_key: X25519PrivateKey, public_key: bytes, *, salt: bytes, info: bytes) -> bytes:
    """Return the 32-byte key of an X25519 exchange, derived with HKDF-SHA256.

    Raises `ValueError` if *public_key* is not 32 bytes, or is a point of low order, whose shared key is predictable.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey  # noqa: PLC0415 - an optional dependency
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - an optional dependency
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415 - an optional dependency

    shared = private_key.exchange(X25519PublicKey.from_public_bytes(public_key))
    return HKDF(algorithm=SHA256(), length=KEY_SIZE, salt=salt, info=info).derive(shared)
