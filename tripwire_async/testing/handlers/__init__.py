"""What answers each operation, one module a resource, and the table of them all."""

from __future__ import annotations

from typing import Final

from tripwire_async.testing.handlers import events, webhooks
from tripwire_async.testing.routes import Routes

ROUTES: Final = Routes([*webhooks.ROUTES, *events.ROUTES])
