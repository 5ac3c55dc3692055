"""Public names. A new name is recorded here on purpose; a removed name breaks user programs."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

PUBLIC = {
    "tripwire_async": """
        ApprovedGateSession AsyncTripwire FOIL Listing Page PendingDelivery PendingGateSession PollSchedule Profile
        RawResponse Secret TRIPWIRE TripwireError UNSET __version__ errors
    """,
    "tripwire_async.deliveries": """
        LoopbackEndpoint PendingDelivery Plan PollSchedule Progress ReceivedTest TestOutcome TestRun TestState
        TestTimings
    """,
    "tripwire_async.errors": """
        APIError AuthenticationError BadRequestError ConfigurationError ConflictError DeliveryError
        DeliveryTimeoutError EventDecodeError FieldError GateDeliveryError
        GateSessionError GateSessionRejectedError GateSessionTimeoutError GoneError JournalError NotFoundError
        PermissionDeniedError RateLimitedError RequestTimeoutError ResponseDecodeError ServerError
        SignatureError TokenVerificationError TransportError TripwireError ValidationFailedError error_class
    """,
    "tripwire_async.gate_delivery": """
        ALGORITHM DeliveredCredentials DeliveryKeyPair VERSION agent_token_variable
        check_approved_payload check_delivery_request check_envelope check_environment decrypt_delivery
        encrypt_delivery generate_key_pair import_key_pair is_forbidden_variable is_managed_variable
    """,
    "tripwire_async.journal": """
        Append Claim Journal JournalAsk JournalReply NewRun RedisJournal Run RunSummary Segment SqliteJournal
    """,
    "tripwire_async.middleware": """
        BearerAuth Handler Metrics Middleware OnRetry RateLimit RateLimitState RateLimitStore RateLimitTotals RedisStore
        Request RequestLog Response Retry RetryQuota RetryDetails CallStats Tracing compose default_middleware
    """,
    "tripwire_async.receiver": """
        Claim DEFAULT_MAX_BODY DEFAULT_TOLERANCE EventStore GateSessionApprovedEvent RecentEvents Router
        SecretSource SessionFingerprintCalculatedEvent SessionResultPersistedEvent UnknownEvent WebhookEvent
        WebhookReceiver WebhookResponse WebhookTestEvent aiohttp_handler parse_event receive_event sign_webhook
        verify_signature
    """,
    "tripwire_async.reports": """
        HostSummary ReasonSummary Report ReportedState ReportedTest csv_report html_report junit_report make_report
        report_document
    """,
    "tripwire_async.sealed_tokens": """
        DEFAULT_MAX_INFLATED TokenDecision TokenManipulation TokenRequest TokenVisitorFingerprint
        VerifiedToken verify_token
    """,
    "tripwire_async.testing": """
        DeliveryOutcome Fault ManualClock RecordedRequest RecordingProxy Rule Scenario TripwireServer WebhookSettings
        check_journal seal_token
    """,
}


@pytest.mark.parametrize("module", PUBLIC)
def test_a_module_exports_these_names_and_no_others(module: str) -> None:
    """`__all__` equals the list in this file."""
    assert sorted(PUBLIC[module].split()) == sorted(importlib.import_module(module).__all__)


@pytest.mark.parametrize("module", [*PUBLIC, "tripwire_async.models"])
def test_an_exported_name_exists(module: str) -> None:
    """Also where a module creates it on first access."""
    imported = importlib.import_module(module)
    assert [] == [name for name in imported.__all__ if not hasattr(imported, name)]
    assert set(imported.__all__) <= set(dir(imported))


@pytest.mark.parametrize("module", [*PUBLIC, "tripwire_async.models"])
def test_dir_lists_an_exported_name_before_its_first_use(module: str) -> None:
    """Checked in a new process: completion and the documentation use `dir`."""
    program = f"import {module} as module; print(*sorted(set(module.__all__) - set(dir(module))))"
    finished = subprocess.run(  # noqa: S603 - runs this Python on the program above
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "\n" == finished.stdout
    imported = importlib.import_module(module)
    assert set(imported.__all__) <= set(dir(imported))


@pytest.mark.parametrize(
    "module", ["tripwire_async", "tripwire_async.middleware", "tripwire_async.receiver", "tripwire_async.testing"]
)
def test_an_unknown_name_raises_attribute_error(module: str) -> None:
    """Also where names are imported on first access."""
    with pytest.raises(AttributeError, match=f"module '{module}' has no attribute 'missing'"):
        _ = importlib.import_module(module).missing


def test_the_errors_module_needs_no_import(monkeypatch: pytest.MonkeyPatch) -> None:
    """``tripwire_async.errors`` is an attribute of the package."""
    package = importlib.import_module("tripwire_async")
    errors = package.errors
    monkeypatch.delattr(package, "errors")
    assert errors is package.errors
