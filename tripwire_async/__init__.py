"""The asyncio SDK for the Tripwire API, also called Foil.

::

    from tripwire_async import AsyncTripwire

    async with AsyncTripwire() as tripwire:
        pending = await tripwire.webhooks.send_test(organization_id, endpoint_id)
        delivery = await pending
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ._lazy import lazy_exports
from ._version import __version__

if TYPE_CHECKING:
    from tripwire_async._codec.fields import UNSET
    from tripwire_async._secrets.secret import Secret

    from . import (
        cli as cli,
    )
    from . import (
        deliveries as deliveries,
    )
    from . import (
        errors,
    )
    from . import (
        gate_delivery as gate_delivery,
    )
    from . import (
        journal as journal,
    )
    from . import (
        middleware as middleware,
    )
    from . import (
        models as models,
    )
    from . import (
        profiles as profiles,
    )
    from . import (
        receiver as receiver,
    )
    from . import (
        reports as reports,
    )
    from . import (
        resources as resources,
    )
    from . import (
        sealed_tokens as sealed_tokens,
    )
    from . import (
        testing as testing,
    )
    from .client import AsyncTripwire
    from .deliveries import PendingDelivery, PollSchedule
    from .errors import TripwireError
    from .profiles import FOIL, TRIPWIRE, Profile
    from .resources.gate.pending import ApprovedGateSession, PendingGateSession
    from .resources.pagination import Listing, Page
    from .resources.raw import RawResponse

__all__ = [
    "FOIL",
    "TRIPWIRE",
    "UNSET",
    "ApprovedGateSession",
    "AsyncTripwire",
    "Listing",
    "Page",
    "PendingDelivery",
    "PendingGateSession",
    "PollSchedule",
    "Profile",
    "RawResponse",
    "Secret",
    "TripwireError",
    "__version__",
    "errors",
]

# Names are imported on first use, because ``tripwire-async --help`` does not need the client, aiohttp or asyncio.
_EXPORTS: Final = {
    "FOIL": ".profiles",
    "TRIPWIRE": ".profiles",
    "UNSET": "._codec.fields",
    "ApprovedGateSession": ".resources.gate.pending",
    "AsyncTripwire": ".client",
    "Listing": ".resources.pagination",
    "Page": ".resources.pagination",
    "PendingDelivery": ".deliveries",
    "PendingGateSession": ".resources.gate.pending",
    "PollSchedule": ".deliveries",
    "Profile": ".profiles",
    "RawResponse": ".resources.raw",
    "Secret": "._secrets.secret",
    "TripwireError": ".errors",
    "cli": None,
    "deliveries": None,
    "errors": None,
    "gate_delivery": None,
    "journal": None,
    "middleware": None,
    "models": None,
    "profiles": None,
    "receiver": None,
    "reports": None,
    "resources": None,
    "sealed_tokens": None,
    "testing": None,
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
