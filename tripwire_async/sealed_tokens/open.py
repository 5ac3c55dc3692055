"""Verification of sealed tokens with a secret key, without a request to the service."""

from __future__ import annotations

import base64
import contextlib
import hmac
import os
import zlib
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec

from tripwire_async._secrets.crypto import KEY_SIZE, NONCE_SIZE, TAG_SIZE, decrypt, require_cryptography
from tripwire_async._secrets.keys import Secrets, hide_all, require_secrets
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import ConfigurationError, TokenVerificationError
from tripwire_async.profiles import PROFILES

from .format import (
    MAX_RECIPIENTS,
    RECIPIENT_ID_SIZE,
    VERSION_1,
    VERSION_2,
    derive_token_key,
    payload_aad,
    recipient_aad,
    recipient_id,
)
from .token import VerifiedToken

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DEFAULT_MAX_INFLATED", "verify_token"]

DEFAULT_MAX_INFLATED: Final = 1024 * 1024
"""Largest accepted payload of a token after decompression, in bytes."""

_ENTRY_SIZE: Final = RECIPIENT_ID_SIZE + NONCE_SIZE + KEY_SIZE + TAG_SIZE


def verify_token(
    token: str, secret_key: Secrets | None = None, *, max_inflated: int = DEFAULT_MAX_INFLATED
) -> VerifiedToken:
    """Verify and decrypt a sealed *token*, and return its payload.

    Args:
        token: The token as the browser sent it.
        secret_key: The secret key that the token was sealed for, its SHA-256 as 64 hexadecimal digits, or several of
            either during a rotation. None means the keys in the environment
            variables of both profiles, because a token does not state its profile.
        max_inflated: Largest accepted payload after decompression, in bytes.

    Raises:
        TokenVerificationError: The token is invalid. The message is always the same, so that it does not help to forge
            a token.
        ConfigurationError: No key was given, or the extra ``crypto`` is not installed.
        ValueError: *max_inflated* is below 1.
    """
    keys = hide_all(_environment_keys() if secret_key is None else secret_key)
    del secret_key
    if max_inflated < 1:
        msg = f"max_inflated must be 1 byte or more, not {max_inflated}"
        raise ValueError(msg)
    require_secrets(keys, name="secret key")
    require_cryptography()
    verified = None
    # The error is raised outside the handler, so that its context does not reveal the cause.
    with contextlib.suppress(ValueError, RecursionError, zlib.error, msgspec.MsgspecError):
        verified = _parse(_inflate(_decrypt(_decode(token, max_inflated), keys), max_inflated))
    if verified is None:
        msg = "the sealed token could not be verified"
        raise TokenVerificationError(msg)
    return verified


def _environment_keys() -> list[Secret]:
    variables = [profile.secret_key_variable for profile in PROFILES.values()]
    keys = [Secret(os.environ.get(variable, "")) for variable in variables]
    present = [key for key in keys if key]
    if not present:
        msg = f"no secret key: pass secret_key, or set the environment variable {' or '.join(variables)}"
        raise ConfigurationError(msg)
    return present


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError


def _decode(token: object, max_inflated: int) -> bytes:
    # A browser sent the token, so it can be anything of any length; a value that is not text is an invalid token.
    if not isinstance(token, str):
        raise ValueError  # noqa: TRY004 - an invalid token, not a mistake of the caller
    # Deflate makes incompressible data longer, by far less than a thousandth.
    longest = max_inflated + max_inflated // 1000 + 1024 + MAX_RECIPIENTS * _ENTRY_SIZE
    _require(len(token) <= 4 * (longest // 3 + 1))
    data = base64.b64decode(token, validate=True)
    # Several texts decode to the same bytes, because the last digit has spare bits. Only one of them is the token.
    _require(base64.b64encode(data).decode() == token)
    return data


def _decrypt(data: bytes, keys: Sequence[Secret]) -> bytes:
    version = data[0] if data else None
    if version == VERSION_1:
        return _decrypt_v1(data, keys)
    _require(version == VERSION_2)
    return _decrypt_v2(data, keys)


def _decrypt_v1(data: bytes, keys: Sequence[Secret]) -> bytes:
    nonce, sealed = data[1 : 1 + NONCE_SIZE], data[1 + NONCE_SIZE :]
    _require(len(sealed) >= TAG_SIZE)
    for key in keys[:-1]:
        try:
            return decrypt(derive_token_key(key), nonce, sealed)
        except ValueError:
            continue
    return decrypt(derive_token_key(keys[-1]), nonce, sealed)


def _decrypt_v2(data: bytes, keys: Sequence[Secret]) -> bytes:
    count_end = 1 + 2
    nonce_end = count_end + NONCE_SIZE
    header_end = nonce_end + 4
    count = int.from_bytes(data[1:count_end], "big")
    _require(1 <= count <= MAX_RECIPIENTS)
    payload_end = header_end + int.from_bytes(data[nonce_end:header_end], "big") + TAG_SIZE
    _require(len(data) == payload_end + count * _ENTRY_SIZE)
    entries = [data[start : start + _ENTRY_SIZE] for start in range(payload_end, len(data), _ENTRY_SIZE)]
    recipients = [entry[:RECIPIENT_ID_SIZE] for entry in entries]

    # Every entry for one of our keys must give the same content key, so that none of them can be tampered with.
    content_keys = {
        _unwrap(entry, derive_token_key(key))
        for key in keys
        for entry in entries
        if hmac.compare_digest(entry[:RECIPIENT_ID_SIZE], recipient_id(key))
    }
    _require(len(content_keys) == 1)
    return decrypt(
        content_keys.pop(),
        data[count_end:nonce_end],
        data[header_end:payload_end],
        payload_aad(data[:header_end], recipients),
    )


def _unwrap(entry: bytes, wrapping_key: bytes) -> bytes:
    recipient, rest = entry[:RECIPIENT_ID_SIZE], entry[RECIPIENT_ID_SIZE:]
    return decrypt(wrapping_key, rest[:NONCE_SIZE], rest[NONCE_SIZE:], recipient_aad(recipient))


def _inflate(deflated: bytes, limit: int) -> bytes:
    inflater = zlib.decompressobj()
    inflated = inflater.decompress(deflated, limit + 1)
    _require(len(inflated) <= limit and inflater.eof and not inflater.unused_data)
    return inflated


def _parse(payload: bytes) -> VerifiedToken:
    raw = msgspec.json.decode(payload, type=dict[str, Any])
    known = {name: value for name, value in raw.items() if name != "raw"}
    return attrs.evolve(msgspec.convert(known, VerifiedToken), raw=raw)
