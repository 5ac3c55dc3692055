"""The names that users type. Adding one is a decision that this file records; losing one breaks their programs."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

PUBLIC = {
    "tripwire_async": """
        ApprovedGateSession AsyncTripwire Listing Page PendingDelivery PendingGateSession PollSchedule RawResponse
        Secret TripwireError UNSET __version__ errors
    """,
    "tripwire_async.deliveries": """
        LoopbackEndpoint PendingDelivery Plan PollSchedule Progress ReceivedTest TestOutcome TestRun TestState
        TestTimings
    """,
    "tripwire_async.errors": """
        APIError AuthenticationError BadRequestError ConfigurationError ConflictError DeliveryError
        DeliveryTimeoutError EventDecodeError FieldError GateDeliveryError
        GateSessionError GateSessionRejectedError GateSessionTimeoutError GoneError NotFoundError
        PermissionDeniedError RateLimitedError RequestTimeoutError ResponseDecodeError ServerError
        SignatureError TokenVerificationError TransportError TripwireError ValidationFailedError error_class
    """,
    "tripwire_async.gate_delivery": """
        ALGORITHM DeliveredCredentials DeliveryKeyPair ServiceName VERSION agent_token_variable
        check_approved_payload check_delivery_request check_envelope check_environment decrypt_delivery
        encrypt_delivery generate_key_pair import_key_pair is_forbidden_variable is_managed_variable
    """,
    "tripwire_async.middleware": """
        BearerAuth Handler Middleware OnRetry RateLimit RateLimitState RateLimitStore RedisStore Request RequestLog
        Response Retry RetryQuota RetryDetails CallStats Tracing compose default_middleware
    """,
    "tripwire_async.receiver": """
        Claim DEFAULT_MAX_BODY DEFAULT_TOLERANCE EventStore GateSessionApprovedEvent RecentEvents Router
        SecretSource SessionFingerprintCalculatedEvent SessionResultPersistedEvent UnknownEvent WebhookEvent
        WebhookReceiver WebhookResponse WebhookTestEvent aiohttp_handler parse_event receive_event sign_webhook
        verify_signature
    """,
    "tripwire_async.reports": """
        HostSummary Report ReportedState ReportedTest html_report junit_report make_report report_document
    """,
    "tripwire_async.sealed_tokens": """
        DEFAULT_MAX_INFLATED TokenDecision TokenManipulation TokenRequest TokenVisitorFingerprint
        VerifiedToken verify_token
    """,
    "tripwire_async.testing": """
        DeliveryOutcome Fault ManualClock RecordedRequest Rule TripwireServer WebhookSettings seal_token
    """,
}


@pytest.mark.parametrize("module", PUBLIC)
def test_a_module_exports_these_names_and_no_others(module: str) -> None:
    """What `__all__` lists is what is listed here."""
    assert sorted(PUBLIC[module].split()) == sorted(importlib.import_module(module).__all__)


@pytest.mark.parametrize("module", [*PUBLIC, "tripwire_async.models"])
def test_an_exported_name_is_there(module: str) -> None:
    """Each name leads to something, also where a module makes it only when it is asked for."""
    imported = importlib.import_module(module)
    assert [] == [name for name in imported.__all__ if not hasattr(imported, name)]
    assert set(imported.__all__) <= set(dir(imported))


@pytest.mark.parametrize("module", [*PUBLIC, "tripwire_async.models"])
def test_an_exported_name_is_listed_before_it_is_used(module: str) -> None:
    """In a fresh interpreter, as completion there and the documentation go by what `dir` lists."""
    program = f"import {module} as it; print(*sorted(set(it.__all__) - set(dir(it))))"
    ended = subprocess.run(  # noqa: S603 - this Python, and a program written above
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "\n" == ended.stdout
    imported = importlib.import_module(module)
    assert set(imported.__all__) <= set(dir(imported))


@pytest.mark.parametrize(
    "module", ["tripwire_async", "tripwire_async.middleware", "tripwire_async.receiver", "tripwire_async.testing"]
)
def test_a_name_that_is_not_there_is_an_attribute_error(module: str) -> None:
    """Also where names are looked up when they are asked for."""
    with pytest.raises(AttributeError, match=f"module '{module}' has no attribute 'nonsense'"):
        _ = importlib.import_module(module).nonsense


def test_the_errors_are_there_before_anything_imported_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """``tripwire_async.errors`` needs no import of its own."""
    package = importlib.import_module("tripwire_async")
    errors = package.errors
    monkeypatch.delattr(package, "errors")
    assert errors is package.errors
