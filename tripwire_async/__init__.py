"""The asyncio SDK for the Tripwire API.

::

    from tripwire_async import AsyncTripwire

    async with AsyncTripwire() as tripwire:
        pending = await tripwire.webhooks.send_test(organization_id, endpoint_id)
        delivery = await pending
"""

from __future__ import annotations

from . import errors
from ._fields import UNSET
from ._secret import Secret
from ._version import __version__
from .client import AsyncTripwire
from .deliveries import PendingDelivery, PollSchedule
from .errors import TripwireError

__all__ = [
    "UNSET",
    "AsyncTripwire",
    "PendingDelivery",
    "PollSchedule",
    "Secret",
    "TripwireError",
    "__version__",
    "errors",
]
