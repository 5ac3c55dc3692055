"""The asyncio SDK for the Tripwire API.

::

    from tripwire_async import AsyncTripwire

    async with AsyncTripwire() as tripwire:
        pending = await tripwire.webhooks.send_test(organization_id, endpoint_id)
        delivery = await pending
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

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
}


def __getattr__(name: str) -> object:
    if name == "errors":
        return import_module(f"{__name__}.errors")
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
