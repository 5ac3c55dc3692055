"""Secrets are hidden when they are printed, and redacted in text of other parties."""

from __future__ import annotations

import copy
import json
import logging
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripwire_async._secrets.redaction import HiddenBytes, redact
from tripwire_async._secrets.secret import Secret

CANARY = "canary7351"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"sk_live_{CANARY}", "Secret('sk_live_…')"),
        (f"whsec_{CANARY}", "Secret('whsec_…')"),
        (f"gtpoll_{CANARY}", "Secret('gtpoll_…')"),
        (CANARY, "Secret('…')"),
        ("", "Secret('…')"),
    ],
)
def test_a_secret_prints_its_kind_and_nothing_else(text: str, shown: str, caplog: pytest.LogCaptureFixture) -> None:
    """With every way of formatting, alone and in a container."""
    secret = Secret(text)
    logging.getLogger("test").warning("%s %r", secret, secret)
    ways = [str(secret), repr(secret), f"{secret}", f"{secret!s}", f"{secret!r}", "%s" % secret, "{}".format(secret)]  # noqa: UP031, UP032 - every way
    assert {shown} == set(ways)
    assert [shown] == eval(repr([shown]))  # noqa: S307 - plain text
    assert f"{shown} {shown}" == caplog.messages[0]
    assert f"{shown:>30}" == f"{secret:>30}"
    assert text == secret.reveal()


def test_a_secret_cannot_be_encoded_as_json() -> None:
    """It is not written by accident."""
    with pytest.raises(TypeError):
        json.dumps({"key": Secret(CANARY)})


def test_a_secret_is_immutable() -> None:
    """Its text cannot be set or deleted."""
    secret = Secret(CANARY)
    with pytest.raises(AttributeError, match="a Secret is immutable"):
        secret._text = "other"  # noqa: SLF001 - the attribute under test
    with pytest.raises(AttributeError, match="a Secret is immutable"):
        del secret._text  # noqa: SLF001 - the attribute under test
    assert CANARY == secret.reveal()


def test_a_secret_must_be_a_string() -> None:
    """Bytes are an error whose message does not show them."""
    with pytest.raises(TypeError, match="not bytes") as caught:
        Secret(CANARY.encode())
    assert CANARY not in str(caught.value)


@given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)))
def test_secrets_compare_and_hash_as_their_texts(one: str, other: str) -> None:
    """Any text, also text that cannot be encoded."""
    assert (one == other) is (Secret(one) == Secret(other))
    assert Secret(one) == Secret(one)
    assert hash(Secret(one)) == hash(Secret(one))
    assert bool(one) is bool(Secret(one))


def test_a_secret_does_not_equal_its_text() -> None:
    """Comparison with a string would not take constant time."""
    assert Secret(CANARY) != CANARY


def test_a_copy_of_a_secret_is_the_secret() -> None:
    """It is immutable, so one object is enough."""
    secret = Secret(CANARY)
    assert copy.copy(secret) is copy.deepcopy(secret) is secret


def test_hidden_bytes_print_as_their_length() -> None:
    """Alone and in a container."""
    hidden = HiddenBytes(CANARY.encode())
    assert "[<10 bytes>] <10 bytes>" == f"{[hidden]} {hidden}"
    assert CANARY.encode() == hidden.content


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_cannot_be_pickled(protocol: int) -> None:
    """Pickles are stored in queues and caches without protection."""
    with pytest.raises(TypeError, match="reveal"):
        pickle.dumps({"key": Secret(CANARY)}, protocol)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"key sk_live_{CANARY}, whsec_{CANARY}.", "key sk_live_…, whsec_…"),
        (f"Authorization: Bearer {CANARY}\nHost: x", "Authorization: Bearer …\nHost: x"),
        (f"proxy-authorization: basic  {CANARY}==", "proxy-authorization: basic  …"),
        (f'{{"signing_secret": "{CANARY}", "id": "we_1"}}', '{"signing_secret": "…", "id": "we_1"}'),
        (f'{{"ack_token":"{CANARY}\\"{CANARY}"}}', '{"ack_token":"…"}'),
        (f'{{"revealed_key":"{CANARY}', '{"revealed_key":"…'),
        ("a bearer of bad news", "a bearer … bad news"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_likely_secrets_are_redacted_in_text_of_other_parties(text: str, shown: str) -> None:
    """By the prefix, by the preceding word, or by the field name; a false match does no harm."""
    assert shown == redact(text)
