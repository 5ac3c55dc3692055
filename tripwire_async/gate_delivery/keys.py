"""Key pairs, and the delivery requests with their public keys."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import attrs

from tripwire_async._secrets.crypto import KEY_SIZE, require_cryptography
from tripwire_async._secrets.keys import hide, require_secret
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import GateDeliveryError
from tripwire_async.models import GateDeliveryRequest, GateDeliveryRequestAlgorithm

from ._parsing import decode_base64url, encode_base64url, parse_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

ALGORITHM: Final = "x25519-hkdf-sha256/aes-256-gcm"
"""The only supported encryption of deliveries."""

VERSION: Final = 1
"""Version of requests, envelopes and their content."""


@attrs.frozen(kw_only=True)
class DeliveryKeyPair:
    """Keys of the receiver of a delivery; made by `generate_key_pair` and `import_key_pair`.

    Attributes:
        private_key: The private key: PKCS#8 DER in base64url without padding.
        public_key: The 32 bytes of the public key in base64url without padding.
        key_id: The SHA-256 of the public key in base64url without padding.
    """

    private_key: Secret
    public_key: str
    key_id: str

    @property
    def request(self) -> GateDeliveryRequest:
        """The delivery request to send; the pair can decrypt the envelope of its response."""
        return GateDeliveryRequest(
            version=VERSION,
            algorithm=GateDeliveryRequestAlgorithm(ALGORITHM),
            key_id=self.key_id,
            public_key=self.public_key,
        )


def generate_key_pair() -> DeliveryKeyPair:
    """Generate a new key pair; use each for a single delivery."""
    require_cryptography()
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415 - an extra

    return _pair(X25519PrivateKey.generate())


def import_key_pair(private_key: str | Secret) -> DeliveryKeyPair:
    """Return the pair of a stored *private_key*: PKCS#8 DER in base64url without padding."""
    private_key = hide(private_key)
    require_secret(private_key, name="private_key")
    require_cryptography()
    return _pair(load_private_key(private_key))


def check_delivery_request(request: GateDeliveryRequest | Mapping[str, object]) -> GateDeliveryRequest:
    """Return *request* if credentials may be encrypted for it, else raise `GateDeliveryError`.

    Its version and algorithm must be supported, its key must be 32 bytes, and its key id must match its key.
    """
    checked = parse_model(request, GateDeliveryRequest, "delivery request")
    check_version(checked.version, checked.algorithm, "delivery request")
    public_key = decode_base64url(checked.public_key, "public_key of the delivery request", size=KEY_SIZE)
    if checked.key_id != key_id(public_key):
        msg = "the key_id of the delivery request does not match its public key"
        raise GateDeliveryError(msg)
    return checked


def check_version(version: int, algorithm: str, what: str) -> None:
    """Raise `GateDeliveryError` unless the version and the algorithm are supported."""
    if version != VERSION:
        msg = f"the {what} has an unsupported version: it must be {VERSION}"
        raise GateDeliveryError(msg)
    if algorithm != ALGORITHM:
        msg = f"the {what} has an unsupported algorithm: it must be {ALGORITHM}"
        raise GateDeliveryError(msg)


def key_id(public_key: bytes) -> str:
    """Return the id of the raw *public_key*."""
    return encode_base64url(hashlib.sha256(public_key).digest())


def load_private_key(private_key: str | Secret) -> X25519PrivateKey:
    """Return the parsed key; no error shows any part of it."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.serialization import load_der_private_key  # noqa: PLC0415 - an extra

    der = decode_base64url(private_key.reveal() if isinstance(private_key, Secret) else private_key, "private key")
    try:
        key = load_der_private_key(der, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, X25519PrivateKey):
        return key
    # Error reporters print the locals of every frame.
    del der
    msg = "the private key is not an unencrypted X25519 key in PKCS#8 DER"
    raise GateDeliveryError(msg)


def public_bytes(private_key: X25519PrivateKey) -> bytes:
    """Return the 32 bytes of the public key of *private_key*."""
    return private_key.public_key().public_bytes_raw()


def _pair(private_key: X25519PrivateKey) -> DeliveryKeyPair:
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - an extra
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    der = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    public_key = public_bytes(private_key)
    return DeliveryKeyPair(
        private_key=Secret(encode_base64url(der)), public_key=encode_base64url(public_key), key_id=key_id(public_key)
    )
