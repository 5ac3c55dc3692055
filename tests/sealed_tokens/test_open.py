"""A sealed token is opened completely, or rejected without a reason."""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import json
import pickle
import sys
import zlib
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.sealed_tokens import KEY, OTHERS, PAYLOAD, SMALLEST, packed, refused, sealed, sealed_2
from tripwire_async._secrets.secret import Secret
from tripwire_async.errors import ConfigurationError
from tripwire_async.sealed_tokens import TokenDecision, TokenManipulation, TokenRequest, VerifiedToken, verify_token
from tripwire_async.testing import seal_token


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


def test_the_parts_of_a_token_are_created_by_keyword() -> None:
    """So a new field can be added anywhere."""
    for part in (TokenManipulation, TokenDecision, TokenRequest):
        with pytest.raises(TypeError, match="positional"):
            part("bot")  # type: ignore[misc, call-arg] - not allowed by the types either
    with pytest.raises(TypeError, match="positional"):
        VerifiedToken("sid_1", TokenDecision(verdict="bot"), TokenRequest(), None, None, None, None, None, SMALLEST)  # type: ignore[misc, call-arg] - not allowed by the types either


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("keys", ["", [], [""]])
def test_nothing_is_sealed_without_a_key(keys: str | list[str], version: Literal[1, 2]) -> None:
    """The error is that of `verify_token`."""
    with pytest.raises(ConfigurationError, match="secret key was given"):
        seal_token(SMALLEST, keys, version=version)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the token."""
    monkeypatch.setitem(sys.modules, "cryptography", None)
    for call in (lambda: verify_token("rubbish", KEY), lambda: seal_token(SMALLEST, KEY)):
        with pytest.raises(ConfigurationError, match=r"tripwire-async\[crypto\]"):
            call()
