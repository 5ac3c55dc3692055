"""Sealed tokens of both versions, made with primitives only."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import zlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tripwire_async.errors import TokenVerificationError
from tripwire_async.sealed_tokens import verify_token

KEY = "sk_live_9aZ"
OTHERS = ("sk_live_other", "sk_test_third")
MESSAGE = "the sealed token could not be verified"
PAYLOAD: dict[str, Any] = {
    "object": "session_verification",
    "session_id": "sid_0123456789abcdefghjkmnpqrs",
    "decision": {
        "event_id": "evt_0123456789abcdefghjkmnpqrs",
        "verdict": "human",
        "risk_score": 7,
        "phase": "behavioral",
        "is_provisional": False,
        "manipulation": {"score": 3, "verdict": "low"},
        "evaluation_duration_ms": 41,
        "evaluated_at": "2026-03-24T20:00:00.000Z",
    },
    "request": {
        "url": "https://shop.example/cart",
        "user_agent": "Mozilla/5.0",
        "ip_address": "203.0.113.7",
        "screen_size": "1920x1080",
        "is_touch_capable": False,
    },
    "visitor_fingerprint": {
        "object": "visitor_fingerprint",
        "id": "vid_0123456789abcdefghjkmnpqrs",
        "confidence": 97,
        "identified_at": "2026-03-24T20:00:00.000Z",
    },
    "signals": [{"id": "webdriver"}],
    "score_breakdown": {"categories": {"network": 4}},
    "attribution": {"bot": None},
    "embed": {"anything": [1, 2]},
}
SMALLEST: dict[str, Any] = {"session_id": "sid_1", "decision": {"verdict": "bot"}, "request": {}}


def sealed(plaintext: bytes, key: str = KEY, version: int = 1) -> str:
    """Seal any bytes in a token of version 1, with primitives only."""
    hex_digest = hashlib.sha256(key.encode()).hexdigest()
    aes_key = hashlib.sha256(hex_digest.encode() + b"\0" + b"sealed-results").digest()
    nonce = b"\x07" * 12
    return base64.b64encode(bytes([version]) + nonce + AESGCM(aes_key).encrypt(nonce, plaintext, None)).decode()


def sealed_2(plaintext: bytes, *keys: str, count: int | None = None, more: bytes = b"") -> str:
    """Seal any bytes in a token of version 2, with primitives only."""
    content_key, nonce = bytes(range(32)), b"\x01" * 12
    header = struct.pack(">BH12sI", 2, len(keys) if count is None else count, nonce, len(plaintext))
    digests = [hashlib.sha256(key.encode()).hexdigest().encode() for key in keys]
    ids = [hashlib.sha256(digest + b"\0sealed-results-recipient-id").digest() for digest in digests]
    data = b"foil-sealed-results-v2\0payload\0" + header + b"".join(ids)
    body = header + AESGCM(content_key).encrypt(nonce, plaintext, data)
    for digest, recipient in zip(digests, ids, strict=True):
        wrapping = hashlib.sha256(digest + b"\0sealed-results").digest()
        wrapped = AESGCM(wrapping).encrypt(
            b"\x02" * 12, content_key, b"foil-sealed-results-v2\0recipient\0" + recipient
        )
        body += recipient + b"\x02" * 12 + wrapped
    return base64.b64encode(body + more).decode()


def packed(payload: object) -> bytes:
    """Return *payload* as compressed JSON."""
    return zlib.compress(json.dumps(payload).encode())


def refused(token: Any, key: Any = KEY, **options: Any) -> None:
    """Every invalid token raises the same error, without a cause."""
    with pytest.raises(TokenVerificationError) as caught:
        verify_token(token, key, **options)
    assert caught.value.args == (MESSAGE,)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
