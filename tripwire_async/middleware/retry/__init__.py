"""Retry middleware: policy, backoff and budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async._lazy import lazy_exports

from ._budget import RetryQuota
from .retry import Retry

if TYPE_CHECKING:
    from ._details import OnRetry, RetryDetails

__all__ = ["OnRetry", "Retry", "RetryDetails", "RetryQuota"]

_EXPORTS: Final = {"OnRetry": "._details", "RetryDetails": "._details"}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
