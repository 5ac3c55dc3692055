"""Envelopes: credentials encrypted for the holder of one private key."""
# Without `from __future__ import annotations`: msgspec reads the types of the class at run time.

import os
from collections.abc import Mapping
from typing import Literal

import attrs

from tripwire_async._codec.converter import DecodeError, decode, encode
from tripwire_async._secrets.crypto import KEY_SIZE, NONCE_SIZE, TAG_SIZE, agree, decrypt, encrypt, require_cryptography
from tripwire_async._secrets.keys import hide, require_secret
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import GateDeliveryError
from tripwire_async.models import GateDeliveryEnvelope, GateDeliveryEnvelopeAlgorithm, GateDeliveryRequest
from tripwire_async.profiles import PROFILES, TRIPWIRE, Profile

from ._parsing import decode_base64url, encode_base64url, parse_model
from .environment import check_environment
from .keys import (
    ALGORITHM,
    VERSION,
    DeliveryKeyPair,
    check_delivery_request,
    check_version,
    load_private_key,
    public_bytes,
)


@attrs.frozen(kw_only=True)
class DeliveredCredentials:
    """Content of an envelope.

    Attributes:
        outputs: The credentials, by the name of the environment variable for each.
        ack_token: The token that acknowledges the delivery; None if there is nothing to acknowledge.
    """

    outputs: Mapping[str, Secret]
    ack_token: Secret | None = None


@attrs.frozen(kw_only=True)
class _Plaintext:
    version: Literal[1]
    outputs: dict[str, Secret]
    ack_token: Secret | None = None


def check_envelope(envelope: GateDeliveryEnvelope | Mapping[str, object]) -> GateDeliveryEnvelope:
    """Return *envelope* if its version, its algorithm and the format of all its fields are valid.

    Raises `GateDeliveryError` otherwise. Only `decrypt_delivery` can tell whether it can be decrypted.
    """
    checked = parse_model(envelope, GateDeliveryEnvelope, "envelope")
    check_version(checked.version, checked.algorithm, "envelope")
    for name, size in (("key_id", 32), ("ephemeral_public_key", KEY_SIZE), ("salt", 32)):
        decode_base64url(getattr(checked, name), f"{name} of the envelope", size=size)
    decode_base64url(checked.iv, "iv of the envelope", size=NONCE_SIZE)
    decode_base64url(checked.ciphertext, "ciphertext of the envelope")
    decode_base64url(checked.tag, "tag of the envelope", size=TAG_SIZE)
    return checked


def encrypt_delivery(
    request: GateDeliveryRequest | Mapping[str, object],
    outputs: Mapping[str, str | Secret],
    *,
    ack_token: str | Secret | None = None,
    managed: bool = False,
    profile: Profile = TRIPWIRE,
) -> GateDeliveryEnvelope:
    """Encrypt credentials for the sender of *request*, and return the envelope for the response.

    Args:
        request: The delivery request.
        outputs: The credentials, by the name of the environment variable for each.
        ack_token: The token that acknowledges the delivery.
        managed: Whether *outputs* may set variables that Gate manages; only Gate itself may.
        profile: The name of the service that made the request, see `GateSessionApprovedEvent.profile`.

    Raises:
        GateDeliveryError: The request is not valid (see `check_delivery_request`), or *outputs* sets a variable that a
            delivery must not set (see `check_environment`).
        ConfigurationError: The extra ``crypto`` is not installed.
    """
    outputs = secrets = {name: hide(value) for name, value in outputs.items()}
    if ack_token is not None:
        ack_token = hide(ack_token)
        require_secret(ack_token, name="ack_token")
    for name, secret in secrets.items():
        require_secret(secret, name=f"the credential {name}")
    require_cryptography()
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415 - an extra

    checked = check_delivery_request(request)
    check_environment(outputs, managed=managed)
    ephemeral, salt, nonce = X25519PrivateKey.generate(), os.urandom(32), os.urandom(NONCE_SIZE)
    try:
        key = agree(ephemeral, decode_base64url(checked.public_key, "public_key"), salt=salt, info=profile.gate_info)
    except ValueError:
        msg = "the public key of the delivery request is a point of low order, which gives no shared secret"
        raise GateDeliveryError(msg) from None
    sealed = encrypt(key, nonce, encode(_Plaintext(version=VERSION, outputs=secrets, ack_token=ack_token)))
    return GateDeliveryEnvelope(
        version=VERSION,
        algorithm=GateDeliveryEnvelopeAlgorithm(ALGORITHM),
        key_id=checked.key_id,
        ephemeral_public_key=encode_base64url(public_bytes(ephemeral)),
        salt=encode_base64url(salt),
        iv=encode_base64url(nonce),
        ciphertext=encode_base64url(sealed[:-TAG_SIZE]),
        tag=encode_base64url(sealed[-TAG_SIZE:]),
    )


def decrypt_delivery(
    envelope: GateDeliveryEnvelope | Mapping[str, object], key_pair: DeliveryKeyPair
) -> DeliveredCredentials:
    """Decrypt *envelope* with the *key_pair* of the delivery request.

    Either name of the service is accepted. Raises `GateDeliveryError` for an envelope that is malformed, is for another
    key, was modified in transit, or sets a variable that no delivery may set.
    """
    require_cryptography()
    checked = check_envelope(envelope)
    if checked.key_id != key_pair.key_id:
        msg = "the envelope is for another key: its key_id is not that of this key pair"
        raise GateDeliveryError(msg)
    content = _content(_open(checked, key_pair))
    check_environment(content.outputs, managed=True)
    return DeliveredCredentials(outputs=content.outputs, ack_token=content.ack_token)


def _open(envelope: GateDeliveryEnvelope, key_pair: DeliveryKeyPair) -> bytes:
    private_key = load_private_key(key_pair.private_key)
    ephemeral, salt, nonce, ciphertext, tag = (
        decode_base64url(text, "envelope")
        for text in (
            envelope.ephemeral_public_key,
            envelope.salt,
            envelope.iv,
            envelope.ciphertext,
            envelope.tag,
        )
    )
    for info in (profile.gate_info for profile in PROFILES.values()):
        try:
            return decrypt(agree(private_key, ephemeral, salt=salt, info=info), nonce, ciphertext + tag)
        except ValueError:
            continue
    msg = "the envelope cannot be decrypted: it was changed, or is not for this key"
    raise GateDeliveryError(msg)


def _content(plaintext: bytes) -> _Plaintext:
    try:
        return decode(plaintext, _Plaintext)
    except DecodeError as problem:
        msg = f"the content of the envelope is not a delivery: {problem}"
    # Error reporters print the locals of every frame.
    del plaintext
    raise GateDeliveryError(msg)
