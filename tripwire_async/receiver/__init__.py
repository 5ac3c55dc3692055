"""The other end of a webhook: being the endpoint that the service posts to.

`verify_signature` works on bytes and headers alone, so that any framework can be put around it.
"""

from __future__ import annotations

from .signature import DEFAULT_TOLERANCE, sign_webhook, verify_signature

__all__ = ["DEFAULT_TOLERANCE", "sign_webhook", "verify_signature"]
