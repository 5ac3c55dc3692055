"""Sealed tokens: what the service tells a browser in a form that only the holder of a secret key can read.

The browser hands the token to your server, and `verify_token` opens it there, without a request to the service. Both
versions of the format are read: version 1 is sealed for one key, version 2 for up to 256.

Needs the extra ``crypto``.
"""

from .open import (
    DEFAULT_MAX_INFLATED,
    TokenDecision,
    TokenManipulation,
    TokenRequest,
    TokenVisitorFingerprint,
    VerifiedToken,
    verify_token,
)

__all__ = [
    "DEFAULT_MAX_INFLATED",
    "TokenDecision",
    "TokenManipulation",
    "TokenRequest",
    "TokenVisitorFingerprint",
    "VerifiedToken",
    "verify_token",
]
