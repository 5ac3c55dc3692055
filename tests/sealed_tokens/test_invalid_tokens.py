"""Tests of tokens that are corrupted, hostile or made for another key."""

from __future__ import annotations

import base64
import json
import random
import zlib
from typing import Any

import pytest

from tests.support.frames import library_locals
from tests.support.sealed_tokens import KEY, MESSAGE, OTHERS, SMALLEST, packed, refused, sealed, sealed_2
from tripwire_async._secrets.crypto import KEY_SIZE, NONCE_SIZE, TAG_SIZE
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import TokenVerificationError
from tripwire_async.sealed_tokens import verify_token
from tripwire_async.sealed_tokens.format import RECIPIENT_ID_SIZE
from tripwire_async.testing import seal_token


def corrupted(token: str, rng: random.Random) -> str:
    """The token with one thing wrong, in its text or in its bytes."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_ \n\0é"
    data = bytearray(base64.b64decode(token))
    at, place = rng.randrange(len(data)), rng.randrange(len(token))
    match rng.randrange(8):
        case 0:
            data[at] ^= 1 << rng.randrange(8)
        case 1:
            data[at] = (data[at] + rng.randrange(1, 256)) % 256
        case 2:
            del data[at : at + rng.randrange(1, 40)]
        case 3:
            data[at:at] = rng.randbytes(rng.randrange(1, 40))
        case 4:
            return token[:place]
        case 5:
            return token[:place] + token[place + 1 :]
        case 6:
            return token[:place] + rng.choice([digit for digit in digits if digit != token[place]]) + token[place + 1 :]
        case _:
            return token[:place] + rng.choice(digits) + token[place:]
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(("version", "keys"), [(1, [KEY]), (2, [KEY]), (2, [KEY, *OTHERS])])
def test_ten_thousand_corruptions_are_refused_alike(version: Any, keys: list[str]) -> None:
    """Whatever is changed, in the bytes or in the text that carries them, it is the one error."""
    rng = random.Random(20260324)  # noqa: S311 - a seed, so that a failure comes back
    token = seal_token(SMALLEST, keys, version=version)
    # An inserted digit can equal the next one: then the token is unchanged, not corrupt.
    for bad in (bad for _ in range(10_000) if (bad := corrupted(token, rng)) != token):
        with pytest.raises(TokenVerificationError) as caught:
            verify_token(bad, keys)
        assert str(caught.value) == MESSAGE
    assert verify_token(token, keys).raw == SMALLEST


def test_a_key_protects_its_own_entry_only() -> None:
    """The format does not detect a corrupt entry for another key, which this holder cannot open."""
    token = bytearray(base64.b64decode(seal_token(SMALLEST, [KEY, OTHERS[0]], version=2)))
    token[-1] ^= 1
    corrupt = base64.b64encode(token).decode()
    assert verify_token(corrupt, KEY).raw == SMALLEST
    refused(corrupt, OTHERS[0])
    refused(corrupt, [KEY, OTHERS[0]])


@pytest.mark.parametrize("token", ["", "AQ==", "Ag==", "A", "not base64!", "é", "\ud800", None, 5, b"AQ==", ["AQ=="]])
def test_what_is_no_token_is_a_bad_token(token: Any) -> None:
    """A browser can send anything, not only text."""
    refused(token)


@pytest.mark.parametrize("version", [0, 3, 255])
def test_another_version_is_refused(version: int) -> None:
    """Even where the rest is as in version 1."""
    refused(sealed(packed(SMALLEST), version=version))


def test_base64_is_taken_literally() -> None:
    """Not the URL alphabet, no line ends, no missing padding, no spare bits: one token has one text."""
    tokens = (sealed(packed(SMALLEST | {"n": number})) for number in range(1000))
    token = next(token for token in tokens if token.endswith("=") and ("+" in token or "/" in token))
    assert verify_token(token, KEY).session_id == "sid_1"
    spare = chr(ord(token.rstrip("=")[-1]) + 1)
    for other in (
        token.rstrip("="),
        token + "=",
        token + "====",
        token + "\n",
        " " + token,
        token[:76] + "\r\n" + token[76:],
        token.replace("+", "-").replace("/", "_"),
        token.rstrip("=")[:-1] + spare + "=" * token.count("="),
    ):
        assert other != token
        refused(other)


NOT_ONE_DEFLATED_OBJECT = {
    "empty": b"",
    "bare JSON": b"{}",
    "JSON that is not deflated": json.dumps(SMALLEST).encode(),
    "cut off": packed(SMALLEST)[:-1],
    "bad checksum": packed(SMALLEST)[:-4] + b"0000",
    "a byte more": packed(SMALLEST) + b"\0",
    "two streams": packed(SMALLEST) + packed(SMALLEST),
    "raw deflate": zlib.compress(json.dumps(SMALLEST).encode(), wbits=-15),
    "gzip": zlib.compress(json.dumps(SMALLEST).encode(), wbits=31),
    "nothing": zlib.compress(b""),
    "not UTF-8": zlib.compress(b"\xff"),
    "UTF-16": zlib.compress(json.dumps(SMALLEST).encode("utf-16")),
    "more after the JSON": zlib.compress(json.dumps(SMALLEST).encode() + b"x"),
    "NaN": zlib.compress(json.dumps(SMALLEST)[:-1].encode() + b', "score": NaN}'),
    "deep list": zlib.compress(b"[" * 100_000),
    "deep object": zlib.compress(b'{"a":' * 100_000),
    "a list": packed([SMALLEST]),
    "null": packed(None),
    "no fields": packed({}),
}


@pytest.mark.parametrize("plaintext", NOT_ONE_DEFLATED_OBJECT.values(), ids=NOT_ONE_DEFLATED_OBJECT)
def test_a_payload_that_is_not_one_deflated_object_is_refused(plaintext: bytes) -> None:
    """Sealed with the right key, and yet no different from a token that was not."""
    refused(sealed(plaintext))
    refused(sealed_2(plaintext, KEY))


@pytest.mark.parametrize(
    "change",
    [
        {"session_id": None},
        {"session_id": ""},
        {"session_id": 5},
        {"decision": None},
        {"decision": {}},
        {"decision": {"verdict": None}},
        {"decision": {"verdict": "human", "risk_score": "7"}},
        {"decision": {"verdict": "human", "evaluated_at": "yesterday"}},
        {"decision": {"verdict": "human", "evaluated_at": "2026-03-24T20:00:00"}},
        {"request": None},
        {"request": []},
        {"request": {"url": 1}},
        {"visitor_fingerprint": {}},
        {"signals": {}},
        {"score_breakdown": []},
    ],
)
def test_a_field_of_another_type_is_refused(change: dict[str, Any]) -> None:
    """A decision without a verdict must not read as anything but a failure."""
    refused(seal_token(SMALLEST | change, KEY))


@pytest.mark.parametrize("field", ["session_id", "decision", "request"])
def test_a_field_that_is_relied_on_must_be_there(field: str) -> None:
    """The three that the service promises."""
    refused(seal_token({name: value for name, value in SMALLEST.items() if name != field}, KEY))


@pytest.mark.parametrize("version", [1, 2])
def test_what_a_payload_inflates_to_is_bounded(version: Any) -> None:
    """A payload at the limit is opened, and one byte more is rejected; the default is 1 MiB."""
    size = len(json.dumps(SMALLEST, separators=(",", ":"))) + len(',"x":""')
    for limit, options in ((5000, {"max_inflated": 5000}), (1024 * 1024, {})):
        fits = seal_token(SMALLEST | {"x": "a" * (limit - size)}, KEY, version=version)
        assert verify_token(fits, KEY, **options).session_id == "sid_1"
        refused(seal_token(SMALLEST | {"x": "a" * (limit - size + 1)}, KEY, version=version), **options)


def test_a_bomb_is_not_inflated() -> None:
    """A gigabyte of zeros is rejected after its first bytes."""
    deflater = zlib.compressobj(9)
    bomb = b"".join(deflater.compress(b"0" * 2**20) for _ in range(100)) + deflater.flush()
    refused(sealed(bomb))


def test_a_token_too_long_for_its_bound_is_not_even_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deflating never makes data that much longer; what cannot be compressed still fits."""
    noise = random.Random(1).randbytes(3000).hex()  # noqa: S311 - any bytes that do not repeat
    payload = SMALLEST | {"x": noise}
    keys = [f"sk_live_{number}" for number in range(256)]
    token = seal_token(payload, keys, version=2)
    size = len(json.dumps(payload, separators=(",", ":")))
    assert verify_token(token, keys[0], max_inflated=size).raw == payload

    decoded: list[str] = []

    def decode(text: str, **_: object) -> bytes:
        decoded.append(text)
        return b""

    monkeypatch.setattr(base64, "b64decode", decode)
    longest = 2 + 1024 + 256 * (RECIPIENT_ID_SIZE + NONCE_SIZE + KEY_SIZE + TAG_SIZE)
    fitting = base64.b64encode(b"\1" * longest).decode()
    refused(fitting, max_inflated=2)
    assert decoded == [fitting]
    refused(fitting + "AAAA", max_inflated=2)
    assert decoded == [fitting]


@pytest.mark.parametrize("limit", [0, -1])
def test_a_bound_below_one_byte_is_a_mistake(limit: int) -> None:
    """To zlib, zero would mean no bound at all."""
    with pytest.raises(ValueError, match="max_inflated"):
        verify_token(seal_token(SMALLEST, KEY), KEY, max_inflated=limit)


def test_a_header_of_version_2_that_lies_is_refused() -> None:
    """A count of zero, one that is too high or too low, and bytes after the last entry."""
    deflated = packed(SMALLEST)
    assert verify_token(sealed_2(deflated, KEY), KEY).raw == SMALLEST
    refused(sealed_2(deflated))
    refused(sealed_2(deflated, KEY, count=0))
    refused(sealed_2(deflated, KEY, count=2))
    refused(sealed_2(deflated, KEY, *OTHERS, count=2))
    refused(sealed_2(deflated, KEY, more=b"\0"))
    data = bytearray(base64.b64decode(sealed_2(deflated, KEY)))
    data[15:19] = b"\xff\xff\xff\xff"
    refused(base64.b64encode(data).decode())


def test_two_entries_for_one_key_must_agree() -> None:
    """The same key twice is harmless as long as both say the same."""
    deflated = packed(SMALLEST)
    twice = sealed_2(deflated, KEY, KEY)
    assert verify_token(twice, KEY).raw == SMALLEST
    data = bytearray(base64.b64decode(twice))
    data[-1] ^= 1
    refused(base64.b64encode(data).decode())


def test_sealing_refuses_what_no_version_can_hold() -> None:
    """Version 1 takes one key, and there is no version 3."""
    with pytest.raises(ValueError, match="one key, not 2"):
        seal_token(SMALLEST, [KEY, OTHERS[0]])
    with pytest.raises(ValueError, match="versions 1 and 2, not 3"):
        seal_token(SMALLEST, KEY, version=3)  # type: ignore[arg-type] - the mistake under test


def test_two_sealings_differ() -> None:
    """No nonce is used twice."""
    versions: tuple[Any, ...] = (1, 2)
    for version in versions:
        assert seal_token(SMALLEST, KEY, version=version) != seal_token(SMALLEST, KEY, version=version)


@pytest.mark.parametrize(
    "key", ["sk_live_canary", Secret("sk_live_canary"), ["sk_live_canary", "sk_live_canary"], None]
)
def test_no_frame_of_the_library_holds_the_key_in_plain_text(key: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Error reporters print the locals of every frame of an exception."""
    monkeypatch.setenv("TRIPWIRE_SECRET_KEY", "sk_live_canary")
    with pytest.raises(TokenVerificationError) as forged:
        verify_token("bm90IGEgdG9rZW4=", key)
    with pytest.raises(ValueError, match="max_inflated") as mistaken:
        verify_token("bm90IGEgdG9rZW4=", key, max_inflated=0)
    for caught in (forged, mistaken):
        assert "keys = (Secret('sk_live_…')" in library_locals(caught.value)
        assert "canary" not in library_locals(caught.value)
    with pytest.raises(ValueError, match="versions 1 and 2") as unknown:
        seal_token({}, key or "sk_live_canary", version=3)  # type: ignore[arg-type] - a version that does not exist
    assert "canary" not in library_locals(unknown.value)
