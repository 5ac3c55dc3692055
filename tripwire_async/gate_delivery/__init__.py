"""Gate delivery: end-to-end encrypted credentials for a developer's machine.

The machine generates a key pair and sends its delivery request. The approved service encrypts the credentials for that
key. All input is checked before use, and a failed check raises `GateDeliveryError`.

Keys and envelopes need the extra ``crypto``; the checks and the rules about variables do not.
"""

from __future__ import annotations

from .approved import check_approved_payload
from .envelopes import DeliveredCredentials, check_envelope, decrypt_delivery, encrypt_delivery
from .environment import agent_token_variable, check_environment, is_forbidden_variable, is_managed_variable
from .keys import ALGORITHM, VERSION, DeliveryKeyPair, check_delivery_request, generate_key_pair, import_key_pair

__all__ = [
    "ALGORITHM",
    "VERSION",
    "DeliveredCredentials",
    "DeliveryKeyPair",
    "agent_token_variable",
    "check_approved_payload",
    "check_delivery_request",
    "check_envelope",
    "check_environment",
    "decrypt_delivery",
    "encrypt_delivery",
    "generate_key_pair",
    "import_key_pair",
    "is_forbidden_variable",
    "is_managed_variable",
]
