"""The API in a process of your own: what tests run against, ours and yours.

`TripwireServer` is the API on loopback; `Fault` what may go wrong on the way; `ManualClock` a time that a test moves;
`Posting` and `Outcome` how webhooks are sent, or how their deliveries end without; `seal_token` makes the
tokens that a browser hands over. With pytest, the fixtures
``tripwire_server`` and ``tripwire`` come by themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tripwire_async._lazy import lazy_exports

if TYPE_CHECKING:
    from tripwire_async.sealed_tokens.seal import seal_token
    from tripwire_async.testing._service.deliveries import Outcome, Posting
    from tripwire_async.testing._service.service import RecordedRequest
    from tripwire_async.testing.clock import ManualClock
    from tripwire_async.testing.faults import Fault, Rule
    from tripwire_async.testing.server import TripwireServer

__all__ = [
    "Fault",
    "ManualClock",
    "Outcome",
    "Posting",
    "RecordedRequest",
    "Rule",
    "TripwireServer",
    "seal_token",
]

# pytest imports this package at its start, through the plugin: nothing heavy before it is asked for.
_EXPORTS: Final = {
    "Fault": ".faults",
    "ManualClock": ".clock",
    "Outcome": "._service.deliveries",
    "Posting": "._service.deliveries",
    "RecordedRequest": "._service.service",
    "Rule": ".faults",
    "TripwireServer": ".server",
    "seal_token": "..sealed_tokens.seal",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
