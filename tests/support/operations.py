"""All generated operations, and the profiles of the service."""

from __future__ import annotations

import importlib
from typing import Any

from tripwire_async import FOIL, TRIPWIRE
from tripwire_async._operation import Operation

PROFILES = (TRIPWIRE, FOIL)
OPERATIONS: dict[str, Operation[Any]] = {
    operation.id: operation
    for tag in ("sessions", "fingerprints", "organizations", "api_keys", "webhooks", "gate")
    for operation in vars(importlib.import_module(f"tripwire_async._generated.operations.{tag}")).values()
    if isinstance(operation, Operation)
}
