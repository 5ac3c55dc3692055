"""The asyncio SDK for the Tripwire API.

::

    from tripwire_async import AsyncTripwire

    async with AsyncTripwire() as tripwire:
        pending = await tripwire.webhooks.send_test(organization_id, endpoint_id)
        delivery = await pending
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ._lazy import from_homes
from ._version import __version__

if TYPE_CHECKING:
    from . import errors
    from ._fields import UNSET
    from ._secret import Secret
    from .client import AsyncTripwire
    from .deliveries import PendingDelivery, PollSchedule
    from .errors import TripwireError
    from .resources.gate.pending import ApprovedGateSession, PendingGateSession
    from .resources.pagination import Listing, Page
    from .resources.raw import RawResponse

__all__ = [
    "UNSET",
    "ApprovedGateSession",
    "AsyncTripwire",
    "Listing",
    "Page",
    "PendingDelivery",
    "PendingGateSession",
    "PollSchedule",
    "RawResponse",
    "Secret",
    "TripwireError",
    "__version__",
    "errors",
]

# The client brings aiohttp and asyncio, which ``tripwire-async --help`` need not wait for: every name comes from its
# home when it is first asked for.
_HOMES: Final = {
    "UNSET": "_fields",
    "ApprovedGateSession": "resources.gate.pending",
    "AsyncTripwire": "client",
    "Listing": "resources.pagination",
    "Page": "resources.pagination",
    "PendingDelivery": "deliveries",
    "PendingGateSession": "resources.gate.pending",
    "PollSchedule": "deliveries",
    "RawResponse": "resources.raw",
    "Secret": "_secret",
    "TripwireError": "errors",
    "errors": None,
}

__getattr__, __dir__ = from_homes(__name__, _HOMES)
