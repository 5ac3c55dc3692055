"""The migration page: it covers the synchronous SDK, and its new names exist."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "migrate.md").read_text(encoding="utf-8")
# The names that tripwire-server 0.2.2 exports and that no module of this package has.
WITHOUT_NAMESAKE = """
    GATE_AGENT_TOKEN_ENV_SUFFIX GATE_DELIVERY_ALGORITHM GATE_DELIVERY_VERSION GateApprovedWebhookTripwire
    GateDeliveryPayload GateEncryptedDeliveryResponse GateServiceBranding GateServiceConsent GateServiceEnvVar
    GateServiceSdkInstall GeneratedDeliveryKeyPair ListResult Tripwire TripwireApiError
    TripwireConfigurationError TripwireTokenVerificationError VerificationResult VerifiedTripwireToken
    create_delivery_key_pair create_encrypted_delivery_response create_gate_approved_webhook_response
    decrypt_gate_delivery_envelope derive_gate_agent_token_env_key encrypt_gate_delivery_payload
    export_delivery_private_key_pkcs8 import_delivery_private_key_pkcs8 is_blocked_gate_env_var_key
    is_gate_managed_env_var_key key_id_for_raw_x25519_public_key parse_webhook_event safe_verify_tripwire_token
    validate_encrypted_gate_delivery_envelope validate_gate_approved_webhook_payload
    validate_gate_delivery_request verify_and_parse_webhook_event verify_gate_webhook_signature
    verify_tripwire_token
"""


def test_every_old_name_has_a_row() -> None:
    """A reader searches the page for the name in the old program."""
    rows = re.findall(r"^\| (.*?) \|", PAGE, flags=re.MULTILINE)
    old = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert set(WITHOUT_NAMESAKE.split()) <= old


def test_every_new_name_exists() -> None:
    """A name that was renamed here would mislead."""
    names = re.findall(r"`(tripwire_async(?:\.\w+)+)`", PAGE)
    assert names
    for name in names:
        module, _, last = name.rpartition(".")
        assert name == "tripwire_async.models" or hasattr(import_module(module), last), name
