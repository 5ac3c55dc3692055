"""Opens sealed tokens with a secret key, without a request to the service."""
# Without `from __future__ import annotations`: msgspec reads the types of the classes at run time.

import base64
import contextlib
import datetime as dt
import hmac
import os
import zlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, TypeAlias

import attrs
import msgspec

from tripwire_async._secrets.crypto import KEY_SIZE, NONCE_SIZE, TAG_SIZE, decrypt, require_cryptography
from tripwire_async._secrets.keys import Secrets, reveal_all
from tripwire_async.errors import ConfigurationError, TokenVerificationError

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

__all__ = [
    "DEFAULT_MAX_INFLATED",
    "TokenDecision",
    "TokenManipulation",
    "TokenRequest",
    "TokenVisitorFingerprint",
    "VerifiedToken",
    "verify_token",
]

DEFAULT_MAX_INFLATED: Final = 1024 * 1024
"""Bytes that a token's payload may inflate to."""

_ENTRY_SIZE: Final = RECIPIENT_ID_SIZE + NONCE_SIZE + KEY_SIZE + TAG_SIZE
_Number: TypeAlias = int | float
"""Whole today; a fraction is no reason to refuse a genuine token."""

_AwareDatetime = Annotated[dt.datetime, msgspec.Meta(tz=True)]


@attrs.frozen(kw_only=True)
class TokenManipulation:
    """Signs that the visitor meddled with what was measured.

    Attributes:
        score: From 0 to 100; None when it was not determined.
        verdict: ``none``, ``low``, ``medium``, ``high``, or a word that the service has added since.
    """

    score: _Number | None = None
    verdict: str | None = None


@attrs.frozen(kw_only=True)
class TokenDecision:
    """What the service thinks of the visitor.

    Attributes:
        verdict: ``bot``, ``human``, ``inconclusive``, or a word that the service has added since.
        event_id: The id of the decision.
        risk_score: From 0 to 100; the higher, the more likely a bot.
        phase: ``snapshot`` or ``behavioral``: how much had been seen by then.
        is_provisional: Whether a later decision may replace this one.
        manipulation: Signs of meddling; None when they were not looked for.
        evaluation_duration_ms: Milliseconds that the decision took.
        evaluated_at: When it was made, in UTC.
    """

    verdict: str
    event_id: str | None = None
    risk_score: _Number | None = None
    phase: str | None = None
    is_provisional: bool | None = None
    manipulation: TokenManipulation | None = None
    evaluation_duration_ms: _Number | None = None
    evaluated_at: _AwareDatetime | None = None


@attrs.frozen(kw_only=True)
class TokenRequest:
    """The visit that was judged, as the service saw it; compare it with the request that brought the token.

    Attributes:
        url: The page.
        user_agent: The browser's name for itself.
        ip_address: The visitor's address.
        screen_size: As ``1920x1080``; None when it is not known.
        is_touch_capable: Whether the screen takes touches; None when it is not known.
    """

    url: str | None = None
    user_agent: str | None = None
    ip_address: str | None = None
    screen_size: str | None = None
    is_touch_capable: bool | None = None


@attrs.frozen(kw_only=True)
class TokenVisitorFingerprint:
    """The visitor, recognized over sessions.

    Attributes:
        id: The visitor's id, ``vid_…``.
        confidence: From 0 to 100; None when it was not determined.
        identified_at: When the visitor was recognized, in UTC.
    """

    id: str
    confidence: _Number | None = None
    identified_at: _AwareDatetime | None = None


@attrs.frozen(kw_only=True)
class VerifiedToken:
    """What a sealed token said; that it was sealed for your key is proven.

    A token is not used up by being read, and it stays readable: check that `session_id` was not seen before and that
    `decision` is recent where it matters. Beyond `session_id`, `decision` and `request`, the service promises nothing.

    Attributes:
        session_id: The session that it is about.
        decision: What the service thinks of the visitor.
        request: The visit that was judged.
        visitor_fingerprint: The visitor; None when not recognized.
        signals: What was noticed, as the service puts it.
        score_breakdown: Where the score comes from, by category, as the service puts it.
        attribution: Which bot it seems to be, as the service puts it.
        embed: As the service puts it.
        raw: The whole payload, with the fields that this version of the library does not know.
    """

    session_id: Annotated[str, msgspec.Meta(min_length=1)]
    decision: TokenDecision
    request: TokenRequest
    visitor_fingerprint: TokenVisitorFingerprint | None = None
    signals: tuple[Any, ...] | None = attrs.field(default=None, hash=False)
    score_breakdown: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    attribution: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    embed: Any = attrs.field(default=None, hash=False)
    raw: Mapping[str, Any] = attrs.field(factory=dict[str, Any], hash=False, repr=False)


def verify_token(
    token: str, secret_key: Secrets | None = None, *, max_inflated: int = DEFAULT_MAX_INFLATED
) -> VerifiedToken:
    """Open a sealed *token* and return what it says.

    *secret_key* is the secret key that it was sealed for, or the key's SHA-256 as 64 hexadecimal digits, or several of
    either while a key is being rotated; by default the environment's ``TRIPWIRE_SECRET_KEY``. *max_inflated* bounds
    the payload, in bytes, once it is decompressed.

    Raises `TokenVerificationError` for whatever is wrong with the token, always the same, so that nobody learns from
    it how to make a better one. Raises `ConfigurationError` without a key or without the extra ``crypto``, and
    `ValueError` for a *max_inflated* below 1.
    """
    if max_inflated < 1:
        msg = f"max_inflated must be 1 byte or more, not {max_inflated}"
        raise ValueError(msg)
    keys = reveal_all(_environment_key() if secret_key is None else secret_key, name="secret key")
    require_cryptography()
    verified = None
    # The error is raised where no exception is being handled, so that its context does not tell what happened.
    with contextlib.suppress(ValueError, RecursionError, zlib.error, msgspec.MsgspecError):
        verified = _parse(_inflate(_open(_decode(token, max_inflated), keys), max_inflated))
    if verified is None:
        msg = "the sealed token could not be verified"
        raise TokenVerificationError(msg)
    return verified


def _environment_key() -> str:
    key = os.environ.get("TRIPWIRE_SECRET_KEY")
    if not key:
        msg = "no secret key: pass secret_key, or set the environment variable TRIPWIRE_SECRET_KEY"
        raise ConfigurationError(msg)
    return key


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError


def _decode(token: object, max_inflated: int) -> bytes:
    # A token is what a browser sent: it may be anything, of any length, and what is no text is merely a bad token.
    if not isinstance(token, str):
        raise ValueError  # noqa: TRY004 - a bad token and no mistake of the caller's
    # Deflating makes data longer by far less than a thousandth.
    longest = max_inflated + max_inflated // 1000 + 1024 + MAX_RECIPIENTS * _ENTRY_SIZE
    _require(len(token) <= longest // 3 * 4 + 4)
    data = base64.b64decode(token, validate=True)
    # Several texts decode to the same bytes (the last digit's spare bits); only one of them is the token.
    _require(base64.b64encode(data).decode() == token)
    return data


def _open(data: bytes, keys: Sequence[str]) -> bytes:
    version = data[0] if data else None
    if version == VERSION_1:
        return _open_v1(data, keys)
    _require(version == VERSION_2)
    return _open_v2(data, keys)


def _open_v1(data: bytes, keys: Sequence[str]) -> bytes:
    nonce, sealed = data[1 : 1 + NONCE_SIZE], data[1 + NONCE_SIZE :]
    _require(len(sealed) >= TAG_SIZE)
    for key in keys[:-1]:
        try:
            return decrypt(derive_token_key(key), nonce, sealed)
        except ValueError:
            continue
    return decrypt(derive_token_key(keys[-1]), nonce, sealed)


def _open_v2(data: bytes, keys: Sequence[str]) -> bytes:
    count_end = 1 + 2
    nonce_end = count_end + NONCE_SIZE
    header_end = nonce_end + 4
    _require(len(data) >= header_end)
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
