"""The few things that are done with cryptography, which is an extra and is imported when it is first used."""

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
    """Raise `ConfigurationError` where cryptography is not installed."""
    try:
        importlib.import_module("cryptography")
    except ImportError:
        msg = "this needs the package cryptography; install it with: pip install 'tripwire-async[crypto]'"
        raise ConfigurationError(msg) from None


def encrypt(key: bytes, nonce: bytes, plaintext: bytes, associated: bytes | None = None) -> bytes:
    """Return the ciphertext and its tag, AES-256-GCM."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - an extra

    return AESGCM(key).encrypt(nonce, plaintext, associated)


def decrypt(key: bytes, nonce: bytes, ciphertext_and_tag: bytes, associated: bytes | None = None) -> bytes:
    """Return the plaintext, AES-256-GCM; raise `ValueError` where the tag does not fit."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - an extra

    try:
        return AESGCM(key).decrypt(nonce, ciphertext_and_tag, associated)
    except InvalidTag:
        msg = "the tag does not fit"
        raise ValueError(msg) from None


def agree(private_key: X25519PrivateKey, public_key: bytes, *, salt: bytes, info: bytes) -> bytes:
    """Return the 32-byte key that both ends of an X25519 exchange derive with HKDF-SHA256.

    Raises `ValueError` for a *public_key* that is no 32 bytes or a point of low order, which would make the key
    known to everybody.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415 - an extra

    shared = private_key.exchange(X25519PublicKey.from_public_bytes(public_key))
    return HKDF(algorithm=SHA256(), length=KEY_SIZE, salt=salt, info=info).derive(shared)
