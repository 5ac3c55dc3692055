"""A sealed token is opened completely, or rejected without a reason."""

from __future__ import annotations

import base64
import copy
import datetime as dt
import hashlib
import json
import pickle
import random
import struct
import sys
import zlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from tests.support.frames import library_locals
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import ConfigurationError, TokenVerificationError
from tripwire_async.sealed_tokens import TokenDecision, TokenManipulation, TokenRequest, VerifiedToken, verify_token
from tripwire_async.testing import seal_token

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
    return zlib.compress(json.dumps(payload).encode())


def refused(token: Any, key: Any = KEY, **options: Any) -> None:
    """Every invalid token raises the same error, without a cause."""
    with pytest.raises(TokenVerificationError) as caught:
        verify_token(token, key, **options)
    assert caught.value.args == (MESSAGE,)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "token", [sealed(packed(PAYLOAD)), sealed_2(packed(PAYLOAD), "sk_live_other", KEY)], ids=["1", "2"]
)
def test_a_token_of_either_version_is_opened(token: str) -> None:
    """Each was put together here by hand, apart from the library's own sealing."""
    verified = verify_token(token, KEY)
    assert verified.session_id == "sid_0123456789abcdefghjkmnpqrs"
    assert (
        TokenDecision(
            verdict="human",
            event_id="evt_0123456789abcdefghjkmnpqrs",
            risk_score=7,
            phase="behavioral",
            is_provisional=False,
            manipulation=TokenManipulation(score=3, verdict="low"),
            evaluation_duration_ms=41,
            evaluated_at=dt.datetime(2026, 3, 24, 20, tzinfo=dt.UTC),
        )
        == verified.decision
    )
    assert TokenRequest(**PAYLOAD["request"]) == verified.request
    assert verified.visitor_fingerprint is not None
    assert verified.visitor_fingerprint.id == "vid_0123456789abcdefghjkmnpqrs"
    assert verified.signals == ({"id": "webdriver"},)
    assert verified.score_breakdown == {"categories": {"network": 4}}
    assert verified.attribution == {"bot": None}
    assert verified.embed == {"anything": [1, 2]}
    assert verified.raw == PAYLOAD


def test_a_fixed_token_is_opened() -> None:
    """These bytes are constants, so that a change of the sealing and the opening code together is detected."""
    token = (
        "AQcHBwcHBwcHBwcHB+GjOPukEWyYcrPrCSrHxTpJW6nrTuBj4maTWrLYYQFMxqDuOyGn0qMlWcL7faDV7db8GmqwNl"
        "8/XBkmFz4PXioySIuSXdETYX+Rh4+EsQWVjjVtxGd94VMnQSo="
    )
    assert token == sealed(zlib.compress(json.dumps(SMALLEST, separators=(",", ":")).encode(), 0), "sk_test_fixed")
    assert verify_token(token, "sk_test_fixed").raw == SMALLEST


def test_only_the_session_the_decision_and_the_request_are_relied_on() -> None:
    """Other missing fields are None, and so are null fields."""
    expected = VerifiedToken(
        session_id="sid_1", decision=TokenDecision(verdict="bot"), request=TokenRequest(), raw=SMALLEST
    )
    assert expected == verify_token(seal_token(SMALLEST, KEY), KEY)
    nulls = dict.fromkeys(["visitor_fingerprint", "signals", "score_breakdown", "attribution", "embed"])
    verified = verify_token(seal_token(SMALLEST | nulls, KEY), KEY)
    assert [getattr(verified, name) for name in nulls] == [None] * 5


def test_a_number_may_have_a_fraction() -> None:
    """Scores and times are integers today; a genuine token with a fraction must not be rejected."""
    decision = {"verdict": "human", "risk_score": 7.5, "manipulation": {"score": 0.5}, "evaluation_duration_ms": 41.25}
    payload = {**SMALLEST, "decision": decision, "visitor_fingerprint": {"id": "vid_1", "confidence": 0.97}}
    verified = verify_token(sealed(packed(payload)), KEY)
    assert (7.5, 41.25) == (verified.decision.risk_score, verified.decision.evaluation_duration_ms)
    assert TokenManipulation(score=0.5) == verified.decision.manipulation
    assert verified.visitor_fingerprint is not None
    assert 0.97 == verified.visitor_fingerprint.confidence


def test_unknown_fields_are_kept() -> None:
    """Even one that is named as the attribute that keeps them, and a verdict that is new."""
    payload = SMALLEST | {"later": {"a": [1]}, "raw": "text", "decision": {"verdict": "agent", "why": "new"}}
    verified = verify_token(seal_token(payload, KEY), KEY)
    assert verified.decision.verdict == "agent"
    assert verified.raw == payload


def test_a_verified_token_is_a_value() -> None:
    """It hashes, compares, copies and pickles, and its repr does not repeat the payload."""
    token = seal_token(PAYLOAD, KEY)
    one, other = verify_token(token, KEY), verify_token(token, KEY)
    assert one == other
    assert hash(one) == hash(other)
    assert one == copy.deepcopy(one) == pickle.loads(pickle.dumps(one))  # noqa: S301 - our own bytes
    assert "session_verification" not in repr(one)


@given(
    version=st.sampled_from([1, 2]),
    key=st.text(min_size=1),
    extra=st.dictionaries(
        st.text(min_size=1).filter(lambda name: name not in PAYLOAD), st.integers() | st.text(), max_size=3
    ),
)
def test_what_was_sealed_is_opened(version: Any, key: str, extra: dict[str, Any]) -> None:
    """For any key and any further fields, in both versions."""
    payload = PAYLOAD | extra
    assert payload == verify_token(seal_token(payload, key, version=version), key).raw


def test_a_token_for_several_keys_is_opened_by_each_of_them() -> None:
    """Other keys cannot open it."""
    token = seal_token(SMALLEST, (KEY, *OTHERS), version=2)
    for key in (KEY, *OTHERS):
        assert verify_token(token, key).raw == SMALLEST
    refused(token, "sk_live_stranger")


def test_as_many_keys_as_the_format_holds() -> None:
    """256; a token with one more cannot be sealed or opened."""
    keys = [f"sk_live_{number}" for number in range(257)]
    assert verify_token(seal_token(SMALLEST, keys[:256], version=2), keys[255]).raw == SMALLEST
    with pytest.raises(ValueError, match="256 keys at most, not 257"):
        seal_token(SMALLEST, keys, version=2)
    refused(sealed_2(packed(SMALLEST), *keys), keys[0])


@pytest.mark.parametrize("version", [1, 2])
def test_while_a_key_is_rotated_any_of_several_will_do(version: Any) -> None:
    """In any order, hidden or plain."""
    token = seal_token(SMALLEST, KEY, version=version)
    several: list[Any] = [[KEY, "new"], ["new", KEY], iter(["new", "newer", Secret(KEY)])]
    for keys in several:
        assert verify_token(token, keys).raw == SMALLEST
    refused(token, ["new", "newer"])


@pytest.mark.parametrize("version", [1, 2])
def test_the_hash_of_a_key_is_as_good_as_the_key(version: Any) -> None:
    """64 hexadecimal digits, in any case, are the key's SHA-256."""
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    token = seal_token(SMALLEST, KEY, version=version)
    for key in (digest, digest.upper(), Secret(digest)):
        assert verify_token(token, key).raw == SMALLEST
    refused(token, digest[:-1])


def test_the_key_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """If no key is passed."""
    monkeypatch.setenv("TRIPWIRE_SECRET_KEY", KEY)
    assert verify_token(seal_token(SMALLEST, KEY)).raw == SMALLEST


def test_without_a_key_the_variables_of_both_profiles_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token does not state under which name it was issued."""
    monkeypatch.setenv("TRIPWIRE_SECRET_KEY", "sk_test_other")
    monkeypatch.setenv("FOIL_SECRET_KEY", KEY)
    assert verify_token(seal_token(PAYLOAD, KEY)).raw == PAYLOAD
    monkeypatch.delenv("TRIPWIRE_SECRET_KEY")
    assert verify_token(seal_token(PAYLOAD, KEY)).raw == PAYLOAD
    monkeypatch.delenv("FOIL_SECRET_KEY")
    with pytest.raises(ConfigurationError, match="set the environment variable TRIPWIRE_SECRET_KEY or FOIL_SECRET_KEY"):
        verify_token(seal_token(PAYLOAD, KEY))


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_key_the_set_up_is_wrong(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """The message names the environment's variable."""
    monkeypatch.delenv("TRIPWIRE_SECRET_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("TRIPWIRE_SECRET_KEY", value)
    with pytest.raises(ConfigurationError, match="TRIPWIRE_SECRET_KEY"):
        verify_token(seal_token(SMALLEST, KEY))


def test_an_empty_key_opens_nothing() -> None:
    """Anyone can seal a token for it."""
    with pytest.raises(ConfigurationError, match="empty secret key"):
        verify_token(sealed(packed(SMALLEST), ""), "")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the token."""
    monkeypatch.setitem(sys.modules, "cryptography", None)
    for call in (lambda: verify_token("rubbish", KEY), lambda: seal_token(SMALLEST, KEY)):
        with pytest.raises(ConfigurationError, match=r"tripwire-async\[crypto\]"):
            call()


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

    def forbidden(*_: object, **__: object) -> bytes:
        raise AssertionError

    monkeypatch.setattr(base64, "b64decode", forbidden)
    refused("A" * 40_000, max_inflated=1)


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
