"""A secret hides itself, and what looks like one in a text of others is hidden."""

from __future__ import annotations

import copy
import json
import logging
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripwire_async._secrets.redaction import redact
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
    """In every way of printing there is, alone and inside of something."""
    secret = Secret(text)
    logging.getLogger("test").warning("%s %r", secret, secret)
    ways = [str(secret), repr(secret), f"{secret}", f"{secret!s}", f"{secret!r}", "%s" % secret, "{}".format(secret)]  # noqa: UP031, UP032 - every way
    assert {shown} == set(ways)
    assert [shown] == eval(repr([shown]))  # noqa: S307 - plain text
    assert f"{shown} {shown}" == caplog.messages[0]
    assert f"{shown:>30}" == f"{secret:>30}"
    assert text == secret.reveal()


def test_a_secret_is_no_json() -> None:
    """Nothing writes it out by accident."""
    with pytest.raises(TypeError):
        json.dumps({"key": Secret(CANARY)})


def test_a_secret_cannot_be_changed() -> None:
    """Its text is set once."""
    secret = Secret(CANARY)
    with pytest.raises(AttributeError, match="a Secret is immutable"):
        secret._text = "other"
    with pytest.raises(AttributeError, match="a Secret is immutable"):
        del secret._text
    assert CANARY == secret.reveal()


def test_a_secret_is_made_of_text() -> None:
    """Bytes are a mistake, which the message does not repeat."""
    with pytest.raises(TypeError, match="not bytes") as caught:
        Secret(CANARY.encode())
    assert CANARY not in str(caught.value)


@given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)))
def test_secrets_compare_and_hash_as_their_texts(one: str, other: str) -> None:
    """Any text, that which no encoding holds included."""
    assert (one == other) is (Secret(one) == Secret(other))
    assert Secret(one) == Secret(one)
    assert hash(Secret(one)) == hash(Secret(one))
    assert bool(one) is bool(Secret(one))


def test_a_secret_equals_no_text() -> None:
    """A comparison with text would be one in variable time."""
    assert Secret(CANARY) != CANARY


def test_a_copy_of_a_secret_is_the_secret() -> None:
    """It cannot change, so one is enough."""
    secret = Secret(CANARY)
    assert copy.copy(secret) is copy.deepcopy(secret) is secret


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_is_not_pickled(protocol: int) -> None:
    """A pickle lies about in queues and caches, readable; whoever wants that says so with `reveal`."""
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
def test_what_looks_like_a_secret_is_hidden_in_a_text_of_others(text: str, shown: str) -> None:
    """By its prefix, by what stands before it, or by the name of its field; one word too many is no harm."""
    assert shown == redact(text)
