"""Outcome of one test: its state and the sentence that explains it."""

from __future__ import annotations

import attrs
import pytest

from tests.support.sample_report import delivery, outcome
from tripwire_async.deliveries import TestTimings
from tripwire_async.errors import TransportError


@pytest.mark.parametrize("state", ["succeeded", "sent", "failed", "skipped", "timed_out", "refused", "unknown"])
def test_every_state_has_a_reason_in_one_sentence(state: str) -> None:
    """Also without an error and without a delivery that explains it."""
    reason = outcome(1, state, None).reason
    assert reason[0].isupper()
    assert reason.endswith(".")
    assert "\n" not in reason


def test_durations_are_rounded_to_microseconds() -> None:
    """A clock is not more exact, and the digits would only make a journal longer."""
    seconds = 0.1234567
    timings = TestTimings(
        queued=seconds, rate_limit_wait=seconds, backoff_wait=seconds, network_time=seconds, settling=seconds
    )
    assert {0.123457} == set(timings.to_dict().values())


@pytest.mark.parametrize("seconds", [0.0, 1e305, -1e305, float("inf")])
def test_a_value_that_is_no_duration_stays_as_it_is(seconds: float) -> None:
    """It may come from a damaged file of outcomes."""
    timings = TestTimings(
        queued=seconds, rate_limit_wait=seconds, backoff_wait=seconds, network_time=seconds, settling=seconds
    )
    assert {seconds} == set(timings.to_dict().values())


def test_the_error_is_the_reason_on_one_line() -> None:
    """An error without a text is named by its class."""
    assert "no connection to the host." == outcome(1, "refused", None, ValueError("no connection\n to the host")).reason
    assert "ValueError." == outcome(1, "refused", None, ValueError()).reason


def test_the_delivery_explains_why_it_failed() -> None:
    """Its text is used as it is, if the service gives one."""
    failed = attrs.evolve(delivery(1, "failed"), error="The endpoint responded with 500.")
    assert "The endpoint responded with 500." == outcome(1, "failed", failed).reason
    assert "The endpoint did not accept the webhook." == outcome(1, "failed", attrs.evolve(failed, error=None)).reason
    assert "The endpoint accepted the webhook." == outcome(1, "succeeded", failed).reason


def test_a_reason_contains_no_secret() -> None:
    """A proxy may repeat the credentials in its response."""
    error = TransportError("the proxy responded: Bearer sk_live_0123456789", maybe_sent=False)
    assert "0123456789" not in outcome(1, "refused", None, error).reason
