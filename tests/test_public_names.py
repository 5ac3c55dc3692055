"""The names that users type. Adding one is a decision that this file records; losing one breaks their programs."""

from __future__ import annotations

import importlib

import pytest

PUBLIC = {
    "tripwire_async.errors": """
        APIError AuthenticationError BadRequestError ConfigurationError ConflictError DeliveryError
        DeliveryTimeoutError FieldError GoneError NotFoundError PermissionDeniedError RateLimitedError
        RequestTimeoutError ResponseDecodeError ServerError SignatureError TokenVerificationError TransportError
        TripwireError ValidationFailedError error_class
    """,
    "tripwire_async.receiver": """
        DEFAULT_TOLERANCE sign_webhook verify_signature
    """,
}


@pytest.mark.parametrize("module", PUBLIC)
def test_a_module_exports_these_names_and_no_others(module: str) -> None:
    """What `__all__` lists is what is listed here."""
    assert sorted(PUBLIC[module].split()) == sorted(importlib.import_module(module).__all__)


@pytest.mark.parametrize("module", PUBLIC)
def test_an_exported_name_is_there(module: str) -> None:
    """Each name leads to something, also where a module makes it only when it is asked for."""
    imported = importlib.import_module(module)
    assert [] == [name for name in imported.__all__ if not hasattr(imported, name)]
