"""Names of ``tripwire-server`` and their replacements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_ERRORS: Final = "tripwire_async.errors"
_GATE: Final = "tripwire_async.gate_delivery"
_MODELS: Final = "tripwire_async.models"
_RECEIVER: Final = "tripwire_async.receiver"
_TOKENS: Final = "tripwire_async.sealed_tokens"

_SAME_MODELS: Final = """
    AgentTokenVerification ApiKey Event EventSubject GateApprovedWebhookPayload GateDashboardLogin GateDeliveryEnvelope
    GateDeliveryRequest GateLoginSession GateManagedService GateRegistryEntry GateSessionCreate
    GateSessionDeliveryAcknowledgement GateSessionPollData IssuedApiKey Organization SessionDetail SessionSummary
    VisitorFingerprintDetail VisitorFingerprintSummary WebhookDelivery WebhookEndpoint WebhookEventEnvelope WebhookTest
"""

NAMES: Final[Mapping[str, str]] = {
    "Tripwire": "tripwire_async.AsyncTripwire",
    "TripwireApiError": f"{_ERRORS}.APIError",
    "TripwireConfigurationError": f"{_ERRORS}.ConfigurationError",
    "TripwireTokenVerificationError": f"{_ERRORS}.TokenVerificationError",
    "ListResult": "tripwire_async.Page",
    "verify_tripwire_token": f"{_TOKENS}.verify_token",
    "safe_verify_tripwire_token": f"{_TOKENS}.verify_token, which raises {_ERRORS}.TokenVerificationError",
    "VerifiedTripwireToken": f"{_TOKENS}.VerifiedToken",
    "VerificationResult": f"{_ERRORS}.TokenVerificationError, which {_TOKENS}.verify_token raises",
    "verify_gate_webhook_signature": f"{_RECEIVER}.verify_signature, which takes bytes and headers",
    "parse_webhook_event": f"{_RECEIVER}.parse_event",
    "verify_and_parse_webhook_event": f"{_RECEIVER}.receive_event",
    "create_delivery_key_pair": f"{_GATE}.generate_key_pair",
    "GeneratedDeliveryKeyPair": f"{_GATE}.DeliveryKeyPair",
    "export_delivery_private_key_pkcs8": f"{_GATE}.DeliveryKeyPair.private_key",
    "import_delivery_private_key_pkcs8": f"{_GATE}.import_key_pair",
    "key_id_for_raw_x25519_public_key": f"{_GATE}.DeliveryKeyPair.key_id",
    "encrypt_gate_delivery_payload": f"{_GATE}.encrypt_delivery",
    "decrypt_gate_delivery_envelope": f"{_GATE}.decrypt_delivery",
    "GateDeliveryPayload": f"{_GATE}.DeliveredCredentials",
    "create_gate_approved_webhook_response": f"{_RECEIVER}.Router: return the credentials from a handler",
    "create_encrypted_delivery_response": f"{_RECEIVER}.Router: return the credentials from a handler",
    "GateEncryptedDeliveryResponse": f"{_MODELS}.GateApprovedWebhookResponse",
    "validate_gate_delivery_request": f"{_GATE}.check_delivery_request",
    "validate_encrypted_gate_delivery_envelope": f"{_GATE}.check_envelope",
    "validate_gate_approved_webhook_payload": f"{_GATE}.check_approved_payload",
    "derive_gate_agent_token_env_key": f"{_GATE}.agent_token_variable",
    "is_gate_managed_env_var_key": f"{_GATE}.is_managed_variable",
    "is_blocked_gate_env_var_key": f"{_GATE}.is_forbidden_variable",
    "GATE_AGENT_TOKEN_ENV_SUFFIX": f"{_GATE}.agent_token_variable, which adds it",
    "GATE_DELIVERY_ALGORITHM": f"{_GATE}.ALGORITHM",
    "GATE_DELIVERY_VERSION": f"{_GATE}.VERSION",
    "GateApprovedWebhookTripwire": f"{_MODELS}.GateApprovedWebhookPayloadTripwire",
    "GateServiceBranding": f"{_MODELS}.GateBranding",
    "GateServiceConsent": f"{_MODELS}.GateConsentConfig",
    "GateServiceEnvVar": f"{_MODELS}.GateEnvVar",
    "GateServiceSdkInstall": f"{_MODELS}.GateSdkInstall",
    **{name: f"{_MODELS}.{name}" for name in _SAME_MODELS.split()},
}
"""Each exported name, and its replacement with a note if it is used in another way."""

ARGUMENTS: Final[Mapping[str, str]] = {
    "transport": "session=, an aiohttp.ClientSession, or a middleware",
    "user_agent": 'with_options(headers={"User-Agent": ...})',
}
"""Arguments of the client that have other names."""

METHODS: Final[Mapping[str, frozenset[str]]] = {
    "sessions": frozenset({"list", "get"}),
    "fingerprints": frozenset({"list", "get"}),
    "api_keys": frozenset({"create", "list", "update", "revoke", "rotate"}),
    "organizations": frozenset({"create", "get", "update"}),
    "registry": frozenset({"list", "get"}),
    "services": frozenset({"list", "get", "create", "update", "disable"}),
    "login_sessions": frozenset({"create", "consume"}),
    "agent_tokens": frozenset({"verify", "revoke"}),
    "webhooks": frozenset(
        {
            "list_endpoints",
            "create_endpoint",
            "update_endpoint",
            "disable_endpoint",
            "rotate_secret",
            "send_test",
            "list_events",
            "retrieve_event",
        }
    ),
}
"""Methods of each resource that are now awaited, under the same name."""
