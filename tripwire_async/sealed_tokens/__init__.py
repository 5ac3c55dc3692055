"""Sealed tokens: results of the service that only the holder of a secret key can read.

The browser passes the token to your server, and `verify_token` opens it there, without a request to the service. Both
versions of the format are supported: version 1 is sealed for one key, version 2 for up to 256.

Needs the extra ``crypto``.
"""

from .open import DEFAULT_MAX_INFLATED, verify_token
from .token import TokenDecision, TokenManipulation, TokenRequest, TokenVisitorFingerprint, VerifiedToken

__all__ = [
    "DEFAULT_MAX_INFLATED",
    "TokenDecision",
    "TokenManipulation",
    "TokenRequest",
    "TokenVisitorFingerprint",
    "VerifiedToken",
    "verify_token",
]
