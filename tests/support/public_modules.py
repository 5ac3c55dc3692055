"""The public modules that export the names in their ``__all__``, without the package itself and its models."""

from __future__ import annotations

MODULES = [
    "deliveries",
    "errors",
    "gate_delivery",
    "journal",
    "middleware",
    "receiver",
    "reports",
    "sealed_tokens",
    "testing",
]
