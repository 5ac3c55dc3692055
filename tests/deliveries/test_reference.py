"""Ids of a delivery, and the token that carries them to another process."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.scripted_delivery import REFERENCE, pending
from tripwire_async.deliveries.reference import DeliveryReference


def test_a_token_brings_the_ids_to_another_process() -> None:
    """With the time of the send in milliseconds. Tokens are safe in URLs."""
    handle = pending("succeeded")
    token = handle.to_token()
    assert token is handle.to_token()
    assert DeliveryReference.from_token(token) == REFERENCE
    sent = replace(REFERENCE, sent_at=1_774_382_400.123456)
    assert 1_774_382_400.123 == DeliveryReference.from_token(sent.to_token()).sent_at
    assert token.replace(".", "").replace("-", "").replace("_", "").isalnum()


def test_a_token_of_an_earlier_version_is_read() -> None:
    """It holds ids only, and the time of the send is not known."""
    assert DeliveryReference.from_token("twd1.WyJhIiwiYiIsImMiLCJkIl0") == DeliveryReference("a", "b", "c", ("d",))


@pytest.mark.parametrize("token", [None, 5, b"twd1.", ["twd1."]])
def test_what_is_no_text_is_no_token_either(token: Any) -> None:
    """The same error, instead of one about an attribute."""
    with pytest.raises(ValueError, match="not a token of PendingDelivery"):
        DeliveryReference.from_token(token)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "twd1.",
        "twd1.e30",
        "twd1.WzFd",
        "twd1.!!!",
        "twd2.WyJhIiwiYiIsImMiXQ",
        "twd1.WyJhIiwiYiJd",
        "twd1.é",
        "twd1.W",
        "twd1.WyJhIiwiYiIsImMiLCJkIl0!!!!",
    ],
)
def test_any_other_text_is_no_token(token: str) -> None:
    """Cut off, of another version, of another shape: one clear ValueError."""
    with pytest.raises(ValueError, match="not a token of PendingDelivery"):
        DeliveryReference.from_token(token)
