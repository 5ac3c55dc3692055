"""Sealing of tokens as the service does it, for tests of code that calls `verify_token`."""

from __future__ import annotations

import base64
import os
import zlib
from typing import TYPE_CHECKING, Literal

import msgspec

from tripwire_async._secrets.crypto import KEY_SIZE, NONCE_SIZE, encrypt, require_cryptography
from tripwire_async._secrets.keys import Secrets, hide_all, require_secrets

from .format import MAX_RECIPIENTS, VERSION_1, VERSION_2, derive_token_key, payload_aad, recipient_aad, recipient_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tripwire_async._secrets.secret import Secret

__all__ = ["seal_token"]


def seal_token(payload: Mapping[str, object], secret_key: Secrets, *, version: Literal[1, 2] = 1) -> str:
    """Return a sealed token with *payload*.

    *secret_key* is the key to seal it for; with *version* 2 it may be several, up to 256. The payload is not checked,
    so that a test can also seal an invalid one.

    Raises `ValueError` for an unknown version and for more keys than the version can hold, and `ConfigurationError`
    without a key or without the extra ``crypto``.
    """
    keys = hide_all(secret_key)
    del secret_key
    require_secrets(keys, name="secret key")
    require_cryptography()
    deflated = zlib.compress(msgspec.json.encode(dict(payload)))
    if version == VERSION_1:
        sealed = _seal_v1(deflated, keys)
    elif version == VERSION_2:
        sealed = _seal_v2(deflated, keys)
    else:
        msg = f"sealed tokens have versions 1 and 2, not {version!r}"
        raise ValueError(msg)
    return base64.b64encode(sealed).decode()


def _seal_v1(deflated: bytes, keys: Sequence[Secret]) -> bytes:
    if len(keys) > 1:
        msg = f"a token of version 1 is sealed for one key, not {len(keys)}; version 2 can hold several"
        raise ValueError(msg)
    nonce = os.urandom(NONCE_SIZE)
    return bytes([VERSION_1]) + nonce + encrypt(derive_token_key(keys[0]), nonce, deflated)


def _seal_v2(deflated: bytes, keys: Sequence[Secret]) -> bytes:
    if len(keys) > MAX_RECIPIENTS:
        msg = f"a token of version 2 is sealed for {MAX_RECIPIENTS} keys at most, not {len(keys)}"
        raise ValueError(msg)
    content_key, nonce = os.urandom(KEY_SIZE), os.urandom(NONCE_SIZE)
    header = bytes([VERSION_2]) + len(keys).to_bytes(2, "big") + nonce + len(deflated).to_bytes(4, "big")
    recipients = [recipient_id(key) for key in keys]
    sealed = encrypt(content_key, nonce, deflated, payload_aad(header, recipients))
    return header + sealed + b"".join(_entry(key, content_key) for key in keys)


def _entry(key: Secret, content_key: bytes) -> bytes:
    recipient, nonce = recipient_id(key), os.urandom(NONCE_SIZE)
    return recipient + nonce + encrypt(derive_token_key(key), nonce, content_key, recipient_aad(recipient))
