"""Numbers as arguments of the receiver: a wrong type is named at once, in one line."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tripwire_async import AsyncTripwire
from tripwire_async.receiver import (
    RecentEvents,
    Router,
    WebhookReceiver,
    receive_event,
    sign_webhook,
    verify_signature,
)
from tripwire_async.receiver.aiohttp_web import aiohttp_handler

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "whsec_1"
BODY = b"{}"
NO_NUMBERS = ["300", b"300", datetime(2026, 1, 1, tzinfo=UTC), [300], True]

TOLERANCES: dict[str, Callable[[Any], object]] = {
    "verify_signature": lambda value: verify_signature(BODY, sign_webhook(BODY, SECRET), SECRET, tolerance=value),
    "receive_event": lambda value: receive_event(BODY, sign_webhook(BODY, SECRET), SECRET, tolerance=value),
    "WebhookReceiver": lambda value: WebhookReceiver(Router(), SECRET, tolerance=value),
    "aiohttp_handler": lambda value: aiohttp_handler(Router(), SECRET, tolerance=value),
    "loopback_endpoint": lambda value: AsyncTripwire("sk_test_1").webhooks.loopback_endpoint(tolerance=value),
}


@pytest.mark.parametrize("value", [None, *NO_NUMBERS])
@pytest.mark.parametrize("use", TOLERANCES)
def test_a_tolerance_is_a_number(use: str, value: object) -> None:
    """A receiver raises it when it is made, and does not respond with 500 to each webhook."""
    with pytest.raises(TypeError) as caught:
        TOLERANCES[use](value)
    assert f"tolerance must be a number of seconds, not {type(value).__name__}" == str(caught.value)


@pytest.mark.parametrize("value", [-1, math.nan, math.inf])
@pytest.mark.parametrize("use", TOLERANCES)
def test_a_tolerance_that_disables_the_check_is_refused_everywhere(use: str, value: float) -> None:
    """Also by a receiver when it is made."""
    with pytest.raises(ValueError, match="tolerance must be a finite number of seconds of 0 or more"):
        TOLERANCES[use](value)


@pytest.mark.parametrize("value", [*NO_NUMBERS, Decimal(300)])
def test_a_time_is_a_number(value: Any) -> None:
    """In Unix seconds; a datetime could be meant in any time zone."""
    with pytest.raises(TypeError) as caught:
        verify_signature(BODY, sign_webhook(BODY, SECRET), SECRET, now=value)
    assert f"now must be a number of Unix seconds, not {type(value).__name__}" == str(caught.value)
    with pytest.raises(TypeError) as caught:
        sign_webhook(BODY, SECRET, value)
    assert f"timestamp must be a number of Unix seconds, not {type(value).__name__}" == str(caught.value)


@pytest.mark.parametrize("value", [-1, 10**12, math.inf, -math.inf])
def test_no_webhook_is_signed_with_an_impossible_time(value: float) -> None:
    """Verification would reject it as malformed."""
    with pytest.raises(ValueError, match="timestamp must be a time in Unix seconds"):
        sign_webhook(BODY, SECRET, value)


def test_only_bytes_are_signed() -> None:
    """As only bytes are verified."""
    with pytest.raises(TypeError, match="the body must be bytes, not str"):
        sign_webhook("{}", SECRET)  # type: ignore[arg-type] - the point of the test


@pytest.mark.parametrize("value", [None, 1.5, *NO_NUMBERS])
def test_sizes_are_whole_numbers(value: Any) -> None:
    """Of bytes and of events."""
    name = type(value).__name__
    with pytest.raises(TypeError, match=f"^max_body must be a whole number of bytes, not {name}$"):
        WebhookReceiver(Router(), SECRET, max_body=value)
    with pytest.raises(TypeError, match=f"^max_events must be a whole number of events, not {name}$"):
        RecentEvents(max_events=value)


def test_an_age_is_a_number() -> None:
    """Of seconds."""
    with pytest.raises(TypeError, match=r"^max_age must be a number of seconds, not str$"):
        RecentEvents(max_age="1")  # type: ignore[arg-type] - the point of the test
    assert 0 == len(RecentEvents(max_age=math.inf))
    verify_signature(BODY, sign_webhook(BODY, SECRET, time.time()), SECRET, tolerance=10.5, now=time.time())
